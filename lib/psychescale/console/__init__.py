"""The command line: arguments, configuration, errors as messages and exit codes, progress."""
