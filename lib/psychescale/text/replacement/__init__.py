"""What takes the place of an identifier: placeholders, pseudonyms, surrogates, coarse dates."""
