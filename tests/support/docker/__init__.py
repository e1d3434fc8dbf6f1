"""What the tests of `docker` share."""
