"""Whether this machine, its Spark and its executors fit."""
