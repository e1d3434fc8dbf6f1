"""Checks for what Docker Compose rejects although the schema accepts it."""
