"""A project as rules see it: services, models, and the grants between them."""
