"""What the tests of `runner` share."""
