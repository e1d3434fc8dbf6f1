"""The program's own process: workers, signals, standard streams and internal errors."""
