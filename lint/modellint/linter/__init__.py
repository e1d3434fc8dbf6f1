"""Find rules, run them over a project, and record what they find."""
