"""Samples to annotate and studies: what is written and read around Spark."""
