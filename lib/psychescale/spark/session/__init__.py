"""How a Spark session is found or started, and what driver and executors reach through it."""
