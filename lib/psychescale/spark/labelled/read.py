"""Labelled texts of any form, collected on the driver."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, RowError, UsageError
from psychescale.settings.shared import AnnotatedConfig
from psychescale.settings.train import TrainConfig
from psychescale.spark.corpus.columns import ERROR, ID, OWN_NAMES, SECOND, TEXT, Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.header import called
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus, open_corpus, require_mark
from psychescale.spark.tables.delta import quoted
from psychescale.training.split.strategies import PARTS, Part
from psychescale.training.targets import from_columns, read_label_sets
from psychescale.workflows.rows import LabelledRows


def open_labelled(
    spark: SparkSession,
    place: str | tuple[str, ...],
    config: AnnotatedConfig,
    *,
    option: str,
    further: Sequence[str | None] = (),
) -> Corpus:
    """Find a labelled input, with all columns that are asked for.

    Args:
        spark: The session.
        place: Path or catalog name, or several paths.
        config: Which columns mean what.
        option: What named the input, for messages.
        further: Columns to collect beside text and labels; None stands for none.

    Raises:
        InputError: There is nothing there, or a column is missing or of another type.
        PrivacyError: The input is raw, and that was not accepted.
        UsageError: A column cannot be both.
    """
    labels = config.label_columns or (config.labels_column,)
    asked = (config.author_column, *further)
    kept = tuple(dict.fromkeys([*labels, *(name for name in asked if name is not None)]))
    columns = Columns(config.id_column, config.text_column, config.second_text_column, kept)
    for name in kept:
        if name.lower() in OWN_NAMES or name in columns.texts:
            raise UsageError(
                f"Column {name} is the text, or has a name that psychescale gives a column itself.",
                remedy="Rename the column, or name another.",
            )
    with called(option):
        corpus = open_corpus(spark, place, columns, dialect=config.choices(Dialect))
        require_mark(corpus, accept_raw=config.accept_raw)
    return corpus


def read_rows(
    spark: SparkSession, corpus: Corpus, config: AnnotatedConfig, *, option: str
) -> LabelledRows:
    """All annotated rows with a text, in the order of their ids.

    Raises:
        InputError: There is no such row, the texts are in another encoding, or a row's labels are of
            another form, or empty.
    """
    kept = corpus.columns.keep
    named = [F.col(quoted(n)).alias(f"_{i}") for i, n in enumerate(kept)]
    seconds = [SECOND] if config.second_text_column else []
    with called(option), reading(spark, corpus) as rows, explained(corpus.files):
        every = rows.orderBy(ID).select(ID, TEXT, *seconds, ERROR, *named).collect()
    if corpus.form == "csv":
        _require_encoding(every, config.encoding, option=option)
    usable = [row for row in every if row[ERROR] is None and (row[TEXT] or "").strip()]
    if not usable:
        raise InputError(f"‹{option}› has no row with a text.", remedy="Check ‹text_column›.")
    values = {name: [row[f"_{i}"] for row in usable] for i, name in enumerate(kept)}
    sets = _label_sets(values, config, f"‹{option}›")
    chosen = [number for number, labels in enumerate(sets) if labels is not None]
    rest = [number for number, labels in enumerate(sets) if labels is None]
    if not chosen:
        raise InputError(
            f"No row of ‹{option}› is annotated.",
            remedy="Check ‹labels_column› or ‹label_columns›: their values are missing.",
        )
    return LabelledRows(
        [usable[number][ID] for number in chosen],
        [usable[number][TEXT] for number in chosen],
        [labels for labels in sets if labels is not None],
        [usable[number][SECOND] for number in chosen] if seconds else None,
        _picked(values, chosen),
        len(every) - len(usable),
        config.label_columns,
        _picked(values, rest),
        corpus.mark,
    )


def _require_encoding(rows: Sequence[Row], encoding: str, *, option: str) -> None:
    """Refuse another encoding: to leave such rows out would leave out every marked letter."""
    faults = any(row[ERROR] == RowError.INVALID_UNICODE for row in rows)
    if faults and all((row[TEXT] or "").isascii() for row in rows):
        raise InputError(
            f"‹{option}› is not in {encoding}: no text with a letter beyond ASCII can be read.",
            remedy="Name its encoding, as in ‹encoding› cp1252 (Windows, in the west of Europe).",
        )


def _picked(columns: Mapping[str, list[Any]], rows: Sequence[int]) -> dict[str, list[Any]]:
    return {name: [values[row] for row in rows] for name, values in columns.items()}


def read_given(
    spark: SparkSession, config: TrainConfig
) -> tuple[dict[Part, LabelledRows], tuple[str, str] | None]:
    """The rows of every input of a training run, and the mark of them all: None where they are raw.

    Raises:
        InputError: An input cannot be read, or went through another normalizer or redactor.
    """
    places = {part: getattr(config, part) for part in PARTS}
    further = (config.time_column, config.source_column)
    corpora: Mapping[Part, Corpus] = {
        part: open_labelled(spark, place, config, option=part, further=further)
        for part, place in places.items()
        if place is not None
    }
    for part, corpus in corpora.items():
        if corpus.mark != corpora["train"].mark:
            raise InputError(
                f"‹{part}› went through another normalizer or redactor than ‹train›.",
                remedy="Anonymize both with the same version.",
            )
    rows = {part: read_rows(spark, corpus, config, option=part) for part, corpus in corpora.items()}
    return rows, corpora["train"].mark


def _label_sets(
    columns: Mapping[str, list[Any]], config: AnnotatedConfig, place: str
) -> list[tuple[str, ...] | None]:
    """Labels of each row; None where one of its label columns, or its list, is missing."""
    if not config.label_columns:
        values = columns[config.labels_column]
        return read_label_sets(values, place=place, empty=config.empty_labels)
    names = config.label_columns
    held = from_columns({name: columns[name] for name in names}, place=place)
    return [
        None
        if np.isnan(row).any()
        else tuple(name for name, one in zip(names, row, strict=True) if one)
        for row in held
    ]
