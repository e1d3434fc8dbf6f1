"""What tests share: the parts that they are put together from, real servers and engines, and shapes of input."""
