"""What the program does with its own process: workers, signals, standard streams, internal errors."""
