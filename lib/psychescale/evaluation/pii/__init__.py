"""How well identifiers are found."""
