"""Token classifiers that find entities in texts."""
