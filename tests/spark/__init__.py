"""Real Spark, Delta, torch and tokenizers."""
