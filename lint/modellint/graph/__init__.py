"""The picture of a project: what is in it, where it stands on a page, and the formats that it is written in."""
