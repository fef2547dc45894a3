"""An anonymizing configuration → what it means: columns, operators, handles, model, tables."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from psychescale.errors import UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.spark.anonymize.keying import AUTHOR, TIME, KeySource, read_key
from psychescale.spark.anonymize.times import require_times
from psychescale.spark.corpus.columns import Columns
from psychescale.spark.corpus.source import Corpus, kept_fields
from psychescale.text.findings import PiiType
from psychescale.text.normalize import NORMALIZER_VERSION
from psychescale.text.redact import REDACTOR_VERSION
from psychescale.text.replacement.operators import Operator, Operators
from psychescale.workflows.redactors import excluded_types, find_tagger, read_type, redactor_facts


@dataclass(frozen=True)
class RedactionPlan:
    """What a configuration comes to, once the corpus is known.

    Attributes:
        key: Of the pseudonyms.
        operators: Type → operator, where it is not the placeholder.
        excluded: Types left in the texts.
        tagger: Files of the model for names, or the name of a spaCy pipeline.
        kept: Columns of the output that are passed through, author and time among them.
        compared: Columns whose groups the report compares; the years of a time that is not shifted
            always.
        redaction: What the texts are redacted with (a digest).
    """

    key: KeySource
    operators: dict[PiiType, Operator]
    excluded: frozenset[PiiType]
    tagger: Checkpoint | str | None
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
    unknown = [name for name in config.compare if name not in config.keep]
    if unknown:
        raise UsageError(
            f"‹compare› {unknown[0]} is no column that is passed through.",
            remedy="Name columns of ‹keep›, of few and harmless values.",
        )
    return Columns(
        config.id_column,
        config.text_column,
        config.second_text_column,
        (*extra, *config.keep),
    )


def make_plan(spark: SparkSession, config: AnonymizeConfig, corpus: Corpus) -> RedactionPlan:
    """Everything that can be refused is refused here, before anything is written.

    Raises:
        UsageError: Operators or types do not fit, or the key file cannot be read.
        InputError: A time cannot be read.
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
        kind = passed[config.time_column].dataType
        require_times(spark, corpus, config.time_column, kind, config.time_format)
        kept.insert(0, T.StructField(TIME, T.TimestampType()))
    if config.author_column is not None:
        kept.insert(0, T.StructField(AUTHOR, T.StringType()))
    facts = {
        "operators": {kind.value: operator.value for kind, operator in operators.items()},
        **redactor_facts(config),
        "dates": config.dates,
        "authors": config.author_column is not None,
    }
    years = config.time_column is not None and config.dates != "shift"
    compared = (*config.compare, TIME) if years else config.compare
    return RedactionPlan(key, operators, excluded, tagger, kept, compared, redaction_id(facts))


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
