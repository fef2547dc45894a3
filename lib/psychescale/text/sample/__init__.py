"""What a sample of texts shows before a run: languages, and what is no text."""
