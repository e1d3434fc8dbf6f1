"""Text, places in it, edits of it, and what rules report about it."""
