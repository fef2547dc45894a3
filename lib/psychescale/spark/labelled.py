"""Labelled texts of any form, collected on the driver."""

import hashlib
import json
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError
from psychescale.settings import TrainConfig
from psychescale.spark.corpus import ERROR, ID, TEXT, Columns, Corpus
from psychescale.spark.faults import explained
from psychescale.spark.reading import reading


@dataclass(frozen=True)
class LabelledTexts:
    """Training rows in the order of their ids.

    Attributes:
        texts: The texts.
        label_sets: The labels of each.
        n_left_out: Rows that had no text, or could not be parsed.
        digest: SHA-256 (hex) over ids, texts and labels.
    """

    texts: list[str]
    label_sets: list[tuple[str, ...]]
    n_left_out: int
    digest: str


def labelled_columns(config: TrainConfig) -> Columns:
    """Which columns of the training input mean what."""
    return Columns(config.id_column, config.text_column, keep=(config.labels_column,))


def read_labelled(spark: SparkSession, corpus: Corpus, labels_column: str) -> LabelledTexts:
    """All rows with a text.

    A row's labels are a list of names; in JSON lines and CSV also a JSON list or names with commas
    between them.

    Raises:
        InputError: There is no row with a text, or a row's labels are of another form.
    """
    with reading(spark, corpus) as rows, explained(corpus.files):
        named = F.col(f"`{labels_column}`").alias("labels")
        every = rows.orderBy(ID).select(ID, TEXT, ERROR, named).collect()
    usable = [row for row in every if row[ERROR] is None and (row[TEXT] or "").strip()]
    if not usable:
        raise InputError("--train has no row with a text.", remedy="Check --text-column.")
    label_sets = [_parse_labels(row["labels"]) for row in usable]
    digest = hashlib.sha256()
    for row, labels in zip(usable, label_sets, strict=True):
        digest.update(json.dumps([row[ID], row[TEXT], labels]).encode())
    return LabelledTexts(
        [row[TEXT] for row in usable],
        label_sets,
        len(every) - len(usable),
        digest.hexdigest(),
    )


def _parse_labels(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise InputError(
        "--train: a row's labels are no list of names.",
        remedy='Write ["name", "name"], or name,name; --labels-column says where.',
    )
