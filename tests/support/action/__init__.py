"""What the tests of `action` share."""
