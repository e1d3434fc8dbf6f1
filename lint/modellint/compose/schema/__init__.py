"""The Compose schema, and what its violations mean to a person."""
