"""Which files make a project, laid over one another as Docker Compose does."""
