"""Test the grants of a service in a separate network namespace."""
