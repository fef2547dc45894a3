"""The way that every corpus goes: lease, land, stream, account, run row."""
