"""Static analyzer and policy linter for the models of Docker Compose files."""

__version__ = "0.1.0"
