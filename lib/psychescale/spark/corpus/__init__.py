"""An input, found, described and read: every row once."""
