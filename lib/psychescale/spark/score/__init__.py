"""Scoring a corpus into a table, and looking at the table again."""
