"""Single values as Docker Compose reads them: ports, volumes, commands, units."""
