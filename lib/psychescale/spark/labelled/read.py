"""Labelled texts of any form, collected on the driver."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from psychescale.errors import InputError, PsychescaleError, RowError, UsageError
from psychescale.settings.shared import LabelledConfig
from psychescale.settings.train import TrainConfig
from psychescale.spark.corpus.columns import ERROR, ID, OWN_NAMES, SECOND, TEXT, Columns
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.failures import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Corpus, open_corpus, require_mark
from psychescale.spark.tables.delta import quoted
from psychescale.training.split.strategies import PARTS, Part
from psychescale.training.targets import from_columns, parse_label_set
from psychescale.workflows.rows import LabelledRows

_COLUMN_OPTIONS = (
    "Name the columns with ‹id_column›, ‹text_column›, ‹second_text_column›, ‹labels_column› or "
    "‹label_columns›."
)


def open_labelled(
    spark: SparkSession,
    place: str | tuple[str, ...],
    config: LabelledConfig,
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
    with _called(option):
        corpus = open_corpus(spark, place, columns, dialect=config.choices(Dialect))
        require_mark(corpus, accept_raw=config.accept_raw)
    return corpus


def read_rows(
    spark: SparkSession, corpus: Corpus, config: LabelledConfig, *, option: str
) -> LabelledRows:
    """All rows with a text, in the order of their ids.

    Raises:
        InputError: There is no row with a text, the texts are in another encoding, or a row's labels
            are of another form.
    """
    kept = corpus.columns.keep
    named = [F.col(quoted(n)).alias(f"_{i}") for i, n in enumerate(kept)]
    seconds = [SECOND] if config.second_text_column else []
    with _called(option), reading(spark, corpus) as rows, explained(corpus.files):
        every = rows.orderBy(ID).select(ID, TEXT, *seconds, ERROR, *named).collect()
    if corpus.form == "csv":
        _require_encoding(every, config.encoding, option=option)
    usable = [row for row in every if row[ERROR] is None and (row[TEXT] or "").strip()]
    if not usable:
        raise InputError(f"‹{option}› has no row with a text.", remedy="Check ‹text_column›.")
    columns = {name: [row[f"_{i}"] for row in usable] for i, name in enumerate(kept)}
    return LabelledRows(
        [row[ID] for row in usable],
        [row[TEXT] for row in usable],
        _label_sets(columns, config, f"‹{option}›"),
        [row[SECOND] for row in usable] if seconds else None,
        columns,
        len(every) - len(usable),
        config.label_columns,
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
    columns: Mapping[str, list[Any]], config: LabelledConfig, place: str
) -> list[tuple[str, ...]]:
    if not config.label_columns:
        return [parse_label_set(value, place=place) for value in columns[config.labels_column]]
    held = from_columns({name: columns[name] for name in config.label_columns}, place=place)
    return [
        tuple(name for name, one in zip(config.label_columns, row, strict=True) if one)
        for row in held
    ]


@contextlib.contextmanager
def _called(option: str) -> Iterator[None]:
    """Let messages name the option that gave the input."""
    try:
        yield
    except PsychescaleError as error:
        problem, remedy = error.renamed({"input": option}).template
        remedy = _COLUMN_OPTIONS if "keep" in error.options else remedy
        raise type(error)(problem, remedy=remedy) from None
