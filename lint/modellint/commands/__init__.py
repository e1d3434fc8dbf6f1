"""Commands that are more than a few lines; each is imported when it is run."""
