"""Labelled texts → a bundle."""
