"""Without a JVM, in seconds."""
