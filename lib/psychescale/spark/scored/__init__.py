"""Finished score tables as later jobs read them: one way of scoring, its labels, periods of time."""
