"""Measures under any number of weightings of the documents at once, with intervals."""
