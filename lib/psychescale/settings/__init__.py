"""The keys of every job: each is a flag, an environment variable, a key of the file and a keyword."""
