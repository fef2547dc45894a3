"""The peers of the throughput benchmark, set up as their own documents recommend.

Both read the model from its folder on the local disk, which costs them no transport, and load it once
a worker process. Both truncate to the model's 512 tokens. Spark's workers import this module by its
name, so what it caches lasts as long as a worker.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml.functions import predict_batch_udf
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

BATCH_ROWS = 32
"""Texts in a batch of either peer."""
_PROBABILITIES = T.ArrayType(T.FloatType())


def pipeline_udf(folder: str) -> Callable[..., Any]:
    """`transformers.pipeline` in an iterator pandas UDF: the recipe of Databricks' documentation."""

    def score(batches: Iterator[pd.Series]) -> Iterator[pd.Series]:
        classify, index_of = _pipeline(folder)
        for texts in batches:
            found = classify(texts.to_list(), truncation=True, batch_size=BATCH_ROWS)
            yield pd.Series([_in_label_order(scores, index_of) for scores in found])

    make_udf: Any = pandas_udf
    return make_udf(score, returnType=_PROBABILITIES)


def predict_udf(folder: str) -> Callable[..., Any]:
    """`predict_batch_udf`, with tokenizer and model as in Spark's and transformers' examples."""

    def make_predict() -> Callable[[np.ndarray], np.ndarray]:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(folder).eval()

        def predict(texts: np.ndarray) -> np.ndarray:
            encoded = tokenizer(
                list(texts), padding=True, truncation=True, max_length=512, return_tensors="pt"
            )
            with torch.inference_mode():
                return torch.sigmoid(model(**encoded).logits).numpy()

        return predict

    return predict_batch_udf(make_predict, return_type=_PROBABILITIES, batch_size=BATCH_ROWS)


@cache
def _pipeline(folder: str) -> tuple[Any, dict[str, int]]:
    """The pipeline, and where each label stands; it gives the labels sorted by score."""
    from transformers import pipeline

    classify: Any = pipeline(
        "text-classification", model=folder, top_k=None, function_to_apply="sigmoid"
    )
    return classify, dict(classify.model.config.label2id)


def _in_label_order(scores: list[dict[str, Any]], index_of: dict[str, int]) -> np.ndarray:
    row = np.empty(len(index_of), np.float32)
    for score in scores:
        row[index_of[score["label"]]] = score["score"]
    return row
