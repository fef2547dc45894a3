"""What runs in Python workers whatever the job: models, GPUs, errors, training processes."""
