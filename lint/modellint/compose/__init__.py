"""From Compose files to a typed project, as Docker Compose reads them."""
