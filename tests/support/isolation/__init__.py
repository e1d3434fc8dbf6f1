"""What the tests of `isolation` share."""
