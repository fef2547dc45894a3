"""Tests, by tier: `unit` needs no JVM, `spark` is real Spark on this machine."""
