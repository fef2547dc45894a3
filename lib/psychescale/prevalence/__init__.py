"""Scores and an annotated sample → how common a label is, with intervals: numbers only, no Spark."""
