"""References and artifacts of OCI registries, taken apart without a network."""
