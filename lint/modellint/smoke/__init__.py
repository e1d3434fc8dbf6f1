"""`modellint smoke`: pull what a project declares, boot it, and prove that each service gets exactly its grants."""
