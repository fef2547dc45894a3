"""Texts → probabilities: windows, aggregation, calibration, activation, one row out per text."""
