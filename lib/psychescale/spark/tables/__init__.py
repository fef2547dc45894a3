"""Delta tables, made with their properties before the first row."""
