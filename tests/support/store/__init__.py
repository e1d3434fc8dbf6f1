"""What the tests of `store` share."""
