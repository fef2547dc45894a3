"""Four tasks on an executor with two GPUs: prints which GPU and which device each of them has."""

import json
import sys
import time
from typing import Any

from pyspark.sql import SparkSession

master, visible, secret = sys.argv[1:]
builder = SparkSession.builder.master(master)
settings = {
    "spark.authenticate": "true",
    "spark.authenticate.secret": secret,
    "spark.cores.max": "2",
    "spark.driver.host": "127.0.0.1",
    "spark.executor.cores": "2",
    "spark.executor.memory": "1g",
    "spark.executor.resource.gpu.amount": "2",
    "spark.task.resource.gpu.amount": "1",
    "spark.ui.enabled": "false",
}
if visible:
    settings["spark.executorEnv.CUDA_VISIBLE_DEVICES"] = visible
for key, value in settings.items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()


def placed(_: int) -> dict[str, Any]:
    """The device of a task, on a machine where torch would see two GPUs."""
    import os

    import torch

    from psychescale.model.device import choose_device
    from psychescale.spark.workers.process import given_gpus

    torch.cuda.is_available = lambda: True  # all that is made up here
    given = given_gpus(promised=True)
    time.sleep(1)  # so that both slots are in use
    return {"given": given, "device": str(choose_device(gpu_addresses=given)), "pid": os.getpid()}


print(json.dumps(spark.sparkContext.parallelize(range(4), 4).map(placed).collect()))
spark.stop()
