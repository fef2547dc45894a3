"""Spark's part of `sample` and `study`: strata, a draw, sums by domain; a sheet read."""
