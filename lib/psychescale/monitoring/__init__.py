"""A period of scores beside a reference: how far they differ, and when that is an alert."""
