"""A text before any model: normalization, recognizers of identifiers, redaction, pseudonyms."""
