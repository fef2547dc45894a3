"""What psychescale is and is not, said wherever a person meets its output."""

NOTICE = "psychescale scores texts, not people: a research instrument, never a diagnosis."
