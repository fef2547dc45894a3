"""Bytes of files → rows, by form; knows no Spark."""
