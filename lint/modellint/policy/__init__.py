"""Policies: what a team demands of its Compose files. Nothing here is imported where no policy is in force."""
