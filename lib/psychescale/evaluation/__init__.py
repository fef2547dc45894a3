"""Probabilities and truth → measures with intervals, baselines, slices, a challenge, a comparison.

Pure functions over arrays: no Spark, no torch, no files.
"""
