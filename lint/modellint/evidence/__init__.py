"""What the project says beside its models: images, commands, code, env files."""
