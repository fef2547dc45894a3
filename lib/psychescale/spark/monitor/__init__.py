"""Periods of a score table summed up on the cluster, and the table of what was found."""
