"""Rules about the demands of a policy; they run if a policy applies."""
