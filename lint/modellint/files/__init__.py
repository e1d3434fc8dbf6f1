"""Bounded reading and writing of files, and checks of who controls a path."""
