"""Evidence in the rest of the project: images, commands, code and env files."""
