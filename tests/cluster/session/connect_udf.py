"""A user's script on a Connect session: prints what it found as one line of JSON."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from psychescale.spark import score_udf
from psychescale.spark.session.session import open_session

server, model = sys.argv[1:]
spark = open_session({"spark.remote": server})
texts = ["I lay awake until four.", "Thank you all!", "The bus was late again."]
frame = spark.createDataFrame(list(enumerate(texts)), "id int, text string").repartition(2)
frame.createOrReplaceTempView("posts")
score = score_udf(model, spark=spark)
spark.udf.register("score", score)


def where(batches: Iterator[Any]) -> Iterator[Any]:
    """The worker's own Python and psychescale."""
    import sys

    import pyarrow as pa

    import psychescale

    for _ in batches:
        yield pa.RecordBatch.from_pylist(
            [{"interpreter": sys.executable, "package": psychescale.__file__}]
        )


found = frame.mapInArrow(where, "interpreter string, package string").distinct().collect()
scored = frame.withColumn("s", score("text")).select("id", "s.*")
sql = "SELECT id, s.* FROM (SELECT id, score(text) AS s FROM posts) ORDER BY id"
from pyspark import SparkContext  # noqa: E402 - to see that nobody made one

print(
    json.dumps(
        {
            "texts": texts,
            "frame": [row.asDict() for row in scored.orderBy("id").collect()],
            "sql": [row.asDict() for row in spark.sql(sql).collect()],
            "interpreters": sorted({row["interpreter"] for row in found}),
            "packages": sorted({row["package"] for row in found}),
            "context": SparkContext._active_spark_context,
        }
    )
)
