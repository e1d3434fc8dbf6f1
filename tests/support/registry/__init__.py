"""What the tests of `registry` share."""
