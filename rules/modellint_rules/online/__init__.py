"""Rules that need what registries answer; they run with `--online`."""
