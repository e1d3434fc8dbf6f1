"""Rules that need answers from registries; they run with `--online`."""
