"""Real llama.cpp, started for a model file as Docker Model Runner would start it. No other part runs a model."""
