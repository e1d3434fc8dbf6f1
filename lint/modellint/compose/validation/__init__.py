"""What Docker Compose refuses although the schema accepts it."""
