"""An anonymizing configuration → what it means: columns, operators, handles, model, tables."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.errors import InputError, UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.keying import TIME, KeyedColumns, KeySource, read_key
from psychescale.spark.corpus.columns import AUTHOR, Columns
from psychescale.spark.corpus.source import Corpus, kept_fields
from psychescale.text.findings import PiiType
from psychescale.text.normalize import NORMALIZER_VERSION
from psychescale.text.redact import REDACTOR_VERSION
from psychescale.text.replacement.operators import Operator, Operators
from psychescale.workflows.redactors import excluded_types, find_tagger, read_type, redactor_facts

_KEYING_VERSION = 2
"""Changes with every change of how ids, authors and times are replaced."""


@dataclass(frozen=True)
class RedactionPlan:
    """What a configuration comes to, once the corpus is known.

    Attributes:
        key: Of the pseudonyms.
        operators: Type → operator, where it is not the placeholder.
        excluded: Types left in the texts.
        tagger: Files of the model for names, or the name of a spaCy pipeline.
        columns: The columns that do not pass as they are.
        kept: Columns of the output that are passed through, author and time among them.
        compared: Columns whose groups the report compares; the years of a time that is not shifted
            always.
        redaction: What the texts are redacted with (a digest).
    """

    key: KeySource
    operators: dict[PiiType, Operator]
    excluded: frozenset[PiiType]
    tagger: Checkpoint | str | None
    columns: KeyedColumns
    kept: list[T.StructField]
    compared: tuple[str, ...]
    redaction: str


def columns_of(config: AnonymizeConfig) -> Columns:
    """Which columns of the corpus are read; those passed through as they are come last."""
    extra = [name for name in (config.author_column, config.time_column) if name is not None]
    for name in (*config.id_column, *extra):
        if name in config.keep:
            raise UsageError(
                f"‹keep› {name} would pass the column through as it is.",
                remedy="It comes out anyway, as a pseudonym or made coarse; leave it out of ‹keep›.",
            )
    for option, names in (("compare", config.compare), ("accept_kept", config.accept_kept)):
        unknown = [name for name in names if name not in config.keep]
        if unknown:
            raise UsageError(
                f"‹{option}› {unknown[0]} is no column that is passed through.",
                remedy="Name columns of ‹keep›, of few and harmless values.",
            )
    return Columns(
        config.id_column,
        config.text_column,
        config.second_text_column,
        (*extra, *config.keep),
        config.grains(),
        config.time_format,
    )


def make_plan(spark: SparkSession, config: AnonymizeConfig, corpus: Corpus) -> RedactionPlan:
    """Everything that can be refused is refused here, before anything is written.

    Raises:
        UsageError: Operators or types do not fit, or the key file cannot be read.
        InputError: The column with the author is of a type that names nobody.
        PrivacyError: The key is too short, or would be shipped in the open.
        ModelError: The tagger cannot be used.
    """
    key = read_key(spark, config.key_file, source=config.source, ship=config.ship_key)
    operators, excluded = _operators(config), excluded_types(config.leave)
    Operators(operators, key.pseudonymizer())  # refuses what does not fit here, not on a worker
    tagger = find_tagger(config.tagger)
    passed = {field.name: field for field in kept_fields(spark, corpus)}
    kept = [passed[name] for name in config.keep]
    if config.time_column is not None:
        kept.insert(0, T.StructField(TIME, T.TimestampType()))
    if config.author_column is not None:
        _require_name(passed[config.author_column])
        kept.insert(0, T.StructField(AUTHOR, T.StringType()))
    columns = KeyedColumns(
        author=config.author_column,
        by_handle=operators.get(PiiType.USER) is Operator.PSEUDONYM,
        time=config.time_column,
        time_format=config.time_format,
        grain=config.time_grain,
        shift=config.dates == "shift",
    )
    facts = {
        "keying": _KEYING_VERSION,
        "operators": {kind.value: operator.value for kind, operator in operators.items()},
        **redactor_facts(config),
        "dates": config.dates,
        "date_order": config.date_order,
        "time_grain": None if config.time_column is None else config.time_grain,
        "authors": config.author_column is not None,
    }
    if config.coarsen:
        facts["coarsen"] = config.grains()
    years = config.time_column is not None and config.dates != "shift"
    compared = (*config.compare, TIME) if years else config.compare
    return RedactionPlan(
        key, operators, excluded, tagger, columns, kept, compared, redaction_id(facts)
    )


def _require_name(field: T.StructField) -> None:
    if isinstance(field.dataType, (T.StructType, T.ArrayType, T.MapType)):
        raise InputError(
            f"‹author_column› {field.name} is of type {field.dataType.simpleString()}.",
            remedy="An author is a string, a number or another single value.",
        )


def redaction_id(facts: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over all that determines what is found and how it is replaced."""
    versions = {"normalizer": NORMALIZER_VERSION, "redactor": REDACTOR_VERSION}
    canonical = json.dumps({**facts, **versions}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _operators(config: AnonymizeConfig) -> dict[PiiType, Operator]:
    operators: dict[PiiType, Operator] = {}
    if config.dates != "placeholder":
        operators[PiiType.DATE] = Operator(config.dates)
    if config.ages != "placeholder":
        operators[PiiType.AGE] = Operator(config.ages)
    if config.zips != "placeholder":
        operators[PiiType.ZIP] = Operator(config.zips)
    if config.names != "placeholder":
        operators[PiiType.NAME] = Operator(config.names)
    for pair in config.operators:
        name, _, operator = pair.partition("=")
        if operator not in set(Operator):
            raise UsageError(
                f"‹operators› {pair}: there is no such operator.",
                remedy=f"Write TYPE=OPERATOR; there are {', '.join(Operator)}.",
            )
        operators[read_type(name, option="operators")] = Operator(operator)
    if config.linkable_mentions:
        operators[PiiType.USER] = Operator.PSEUDONYM
    shifted = operators.get(PiiType.DATE) is Operator.SHIFT
    if shifted != (config.dates == "shift"):
        raise UsageError(
            "Dates in texts and the time column are shifted together or not at all.",
            remedy="Say ‹dates› shift.",
        )
    if config.dates == "shift" and config.author_column is None:
        raise UsageError(
            "‹dates› shift shifts by author, and there is no column with authors.",
            remedy="Name it with ‹author_column›.",
        )
    return operators
