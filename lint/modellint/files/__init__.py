"""What is read from and written to disk, in bounds, and whose word a path is."""
