"""The graph of a project: its content, its layout, and its output formats."""
