"""Redacting a corpus under pseudonyms."""
