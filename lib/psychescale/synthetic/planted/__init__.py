"""Short texts with planted identifiers and their spans, to train and test a tagger."""
