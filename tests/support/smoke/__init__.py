"""What the tests of `smoke` share."""
