"""Labelled rows and measures, in and out of Spark."""
