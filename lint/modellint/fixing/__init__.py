"""How lists, grants and pins are edited, and whether an edited file may be kept."""
