"""The files of a project, merged as Docker Compose merges them."""
