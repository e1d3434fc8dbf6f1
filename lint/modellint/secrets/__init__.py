"""Which names and texts are secrets, so that no report prints them."""
