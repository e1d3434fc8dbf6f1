"""Models on this machine: pulled by digest, verified, and kept for the next run."""
