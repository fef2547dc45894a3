"""Predictions and truth → measures with intervals."""
