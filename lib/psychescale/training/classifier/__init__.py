"""Fine-tuning a backbone as a multi-label classifier."""
