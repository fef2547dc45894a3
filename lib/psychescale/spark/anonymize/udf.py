"""The redaction UDF: a text, and one read with it, → both redacted, with counts of what was found."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.errors import RowError
from psychescale.model.spec import Precision
from psychescale.spark.anonymize.authors import SentAuthors
from psychescale.spark.anonymize.keying import KeySource, shift_name
from psychescale.spark.corpus.columns import AUTHOR, ERROR, ID, SECOND, TEXT
from psychescale.spark.pipeline.runs import Run
from psychescale.spark.pipeline.stream import observed
from psychescale.spark.session.protocol import ModelOnExecutors
from psychescale.spark.tables.delta import quoted
from psychescale.spark.workers.process import Watchdog, contained
from psychescale.text.findings import PiiType
from psychescale.text.ner import NerModel
from psychescale.text.redact import RedactionError, RedactionOptions, Redactor
from psychescale.text.replacement.dating import DateOrder
from psychescale.text.replacement.operators import DocumentContext, Operator, Operators
from psychescale.workflows.redactors import load_tagger

# Texts between two signs of life.
_CHUNK_ROWS = 256

_RESULT = T.StructType(
    [
        T.StructField(TEXT, T.StringType()),
        T.StructField(SECOND, T.StringType()),
        T.StructField("findings", T.MapType(T.StringType(), T.IntegerType())),
        T.StructField("n_chars", T.IntegerType()),
        T.StructField("n_words", T.IntegerType()),
        T.StructField(ERROR, T.StringType()),
    ]
)


@dataclass(frozen=True)
class RedactionTask:
    """Everything a worker needs to redact.

    Attributes:
        key: Of pseudonyms inside texts.
        operators: Type → operator, where it is not the placeholder.
        excluded: Types left in the texts.
        authors: The corpus's own authors; None where there are none.
        date_order: Of day and month in the texts, where it is known.
        timeout_s: Longest time for one text.
        tagger: A model for names: its files, or the name of a spaCy pipeline; None for rules alone.
        tagger_threshold: Probability from which a word belongs to a name.
        tagger_precision: Of the model's arithmetic.
        stall_timeout_s: How long a worker may stand still.
    """

    key: KeySource
    operators: Mapping[PiiType, Operator]
    excluded: frozenset[PiiType]
    authors: SentAuthors | None
    date_order: DateOrder | None
    timeout_s: float
    tagger: ModelOnExecutors | str | None
    tagger_threshold: float
    tagger_precision: Precision
    stall_timeout_s: float


def redacted_rows(
    rows: DataFrame, task: RedactionTask, run: Run, *, keep: Sequence[str]
) -> DataFrame:
    """The columns of the table of redacted texts and `error`, counted by the stream.

    Args:
        rows: Landed rows, ids and authors pseudonymous already.
        task: How to redact.
        run: Its id is written into every row.
        keep: Columns passed through, author and time among them.
    """
    nothing = F.lit(None).cast("string")
    second = F.col(SECOND) if SECOND in rows.columns else nothing
    author = shift_name(F.col(AUTHOR), F.col(ID)) if AUTHOR in rows.columns else nothing
    found = rows.withColumn("_found", _build_udf(task)(F.col(TEXT), second, F.col(ID), author))
    texts = [TEXT, SECOND] if SECOND in rows.columns else [TEXT]
    flat = found.select(
        F.col(ID),
        *[F.col(quoted(name)) for name in keep],
        *[F.col(f"_found.{name}") for name in [*texts, "findings", "n_chars", "n_words"]],
        F.coalesce(F.col(ERROR), F.col(f"_found.{ERROR}")).alias(ERROR),
        F.lit(run.run_id).alias("run_id"),
        F.current_timestamp().alias("anonymized_at"),
    )
    counted = observed(flat, F.coalesce(F.sum("n_words"), F.lit(0)).alias("words"))
    # Beside the redacted text and its one finding, exact sizes would give the length of a name.
    tens = {name: (F.round(F.col(name) / 10) * 10).cast("int") for name in ("n_chars", "n_words")}
    return counted.withColumns(tens)


def _build_udf(task: RedactionTask) -> Callable[..., Any]:
    make_udf: Any = pandas_udf  # its overloads do not know iterators of frames

    def redact(
        batches: Iterator[tuple[pd.Series, pd.Series, pd.Series, pd.Series]],
    ) -> Iterator[pd.DataFrame]:
        yield from contained(_frames(task, batches), doing="redacting")

    nondeterministic: Callable[..., Any] = make_udf(redact, returnType=_RESULT).asNondeterministic()
    return nondeterministic


def _frames(
    task: RedactionTask,
    batches: Iterator[tuple[pd.Series, pd.Series, pd.Series, pd.Series]],
) -> Iterator[pd.DataFrame]:
    watchdog = Watchdog(task.stall_timeout_s)
    watchdog.renew()
    try:
        redactor = _redactor(task)
        for columns in batches:
            parts = [_empty()]
            for start in range(0, len(columns[0]), _CHUNK_ROWS):
                watchdog.renew()
                part = [list(column.iloc[start : start + _CHUNK_ROWS]) for column in columns]
                parts.append(_redact(redactor, *part))
            yield pd.concat(parts[1:], ignore_index=True) if len(parts) > 1 else parts[0]
    finally:
        watchdog.stop()


def _redact(
    redactor: Redactor,
    texts: Sequence[str | None],
    seconds: Sequence[str | None],
    ids: Sequence[str],
    authors: Sequence[str | None],
) -> pd.DataFrame:
    """One row a text, in the order of `_RESULT`."""
    wanted = [
        (row, text)
        for column in (texts, seconds)
        for row, text in enumerate(column)
        if isinstance(text, str)
    ]
    documents = [DocumentContext(ids[row], authors[row] or "") for row, _ in wanted]
    results = iter(redactor.redact_batch([text for _, text in wanted], documents))
    rows: list[dict[str, Any]] = [
        {TEXT: None, SECOND: None, "findings": Counter(), "n_chars": 0, "n_words": 0, ERROR: None}
        for _ in texts
    ]
    for name, column in ((TEXT, texts), (SECOND, seconds)):
        for row, text in zip(rows, column, strict=True):
            if not isinstance(text, str):
                continue
            result = next(results)
            row["n_chars"] += len(text)
            row["n_words"] += len(text.split())
            if isinstance(result, RedactionError):
                row[ERROR] = RowError(f"redaction_{result.reason}").value
            else:
                row[name] = result.text
                row["findings"].update({kind.value: n for kind, n in result.counts.items()})
    for row in rows:
        if row[ERROR] is not None:  # half of a pair is not passed on either
            row[TEXT] = row[SECOND] = None
        row["findings"] = dict(row["findings"])
    return pd.DataFrame(rows, columns=_RESULT.names)


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in _RESULT.names})


# One model a worker process, kept while Spark reuses the process.
_loaded: dict[tuple[str, float, Precision], NerModel] = {}


def _ner(task: RedactionTask, tagger: ModelOnExecutors | str) -> NerModel:
    name = tagger if isinstance(tagger, str) else tagger.name
    wanted = (name, task.tagger_threshold, task.tagger_precision)
    if wanted not in _loaded:
        _loaded.clear()
        _loaded[wanted] = load_tagger(
            tagger if isinstance(tagger, str) else tagger.open(),
            threshold=task.tagger_threshold,
            precision=task.tagger_precision,
        )
    if not isinstance(tagger, str):
        tagger.release()
    return _loaded[wanted]


def _redactor(task: RedactionTask) -> Redactor:
    operators = Operators(task.operators, task.key.pseudonymizer(), task.date_order)
    options = RedactionOptions(operators, task.excluded, task.timeout_s)
    tagger = None if task.tagger is None else _ner(task, task.tagger)
    authors = None if task.authors is None else task.authors.open()
    return Redactor(options, handles=authors, tagger=tagger)
