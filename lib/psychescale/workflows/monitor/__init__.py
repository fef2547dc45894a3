"""A watch over periods without Spark: the reference, what is found, what of it is told."""
