"""Figures and tables for a person: self-contained HTML from a document of measures.

No network, no script, no text of any document. What it shows it takes from plain data.
"""
