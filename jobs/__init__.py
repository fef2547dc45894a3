"""Entry points: spark-submit runs these files, and `psychescale VERB` imports them."""
