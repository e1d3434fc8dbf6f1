"""The grants of a service, tried out in a network namespace of its own."""
