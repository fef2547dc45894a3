"""A checkpoint as a verified bundle, ragged encoding, token-budget batches, and the engine."""
