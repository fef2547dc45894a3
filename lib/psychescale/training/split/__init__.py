"""Training, validation and test rows, of which no author and no near-duplicate is in two."""
