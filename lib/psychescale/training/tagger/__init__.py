"""Fine-tuning a token classifier that finds names."""
