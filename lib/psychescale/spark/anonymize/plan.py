"""An anonymizing configuration → what it means: columns, operators, handles, model, tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from rich.console import Console
from rich.markup import escape

from psychescale.errors import UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.notice import NOTICE
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.config import public_values
from psychescale.spark.anonymize.crosswalk import extend_crosswalk
from psychescale.spark.anonymize.keying import AUTHOR, TIME, KeySource, pseudonymized, read_key
from psychescale.spark.anonymize.outputs import (
    open_quarantine,
    open_redacted_table,
    redacted_schema,
    redaction_id,
)
from psychescale.spark.anonymize.udf import RedactionTask
from psychescale.spark.corpus.faults import explained
from psychescale.spark.corpus.read import reading
from psychescale.spark.corpus.source import Columns, Corpus, kept_fields, without_known
from psychescale.spark.pipeline.runs import Run
from psychescale.spark.session.storage import concealed, join
from psychescale.spark.tables.delta import DeltaTable
from psychescale.spark.workers.transport import send_model
from psychescale.text.findings import PiiType
from psychescale.text.handles import Handles
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
        redaction: What the texts are redacted with (a digest).
    """

    key: KeySource
    operators: dict[PiiType, Operator]
    excluded: frozenset[PiiType]
    tagger: Checkpoint | str | None
    kept: list[T.StructField]
    redaction: str


def columns_of(config: AnonymizeConfig) -> Columns:
    """Which columns of the corpus are read; those passed through as they are come last."""
    extra = [name for name in (config.author_column, config.time_column) if name is not None]
    for name in extra:
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


def compared_columns(config: AnonymizeConfig) -> tuple[str, ...]:
    """Columns whose groups the report compares; the years of a time that is not shifted always."""
    years = config.time_column is not None and config.dates != "shift"
    return (*config.compare, TIME) if years else config.compare


def make_plan(spark: SparkSession, config: AnonymizeConfig, corpus: Corpus) -> RedactionPlan:
    """Everything that can be refused is refused here, before anything is written.

    Raises:
        UsageError: Operators or types do not fit, or the key file cannot be read.
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
        kept.insert(0, T.StructField(AUTHOR, T.StringType()))
    facts = {
        "operators": {kind.value: operator.value for kind, operator in operators.items()},
        **redactor_facts(config),
        "dates": config.dates,
        "authors": config.author_column is not None,
    }
    return RedactionPlan(key, operators, excluded, tagger, kept, redaction_id(facts))


def print_plan(
    console: Console, config: AnonymizeConfig, corpus: Corpus, plan: RedactionPlan
) -> None:
    """Say what is about to happen."""
    console.print(f"[bold]psychescale anonymize[/]  {NOTICE}")
    console.print(f"  corpus      {escape(corpus.place)} ({corpus.form})")
    console.print(f"  key         {plan.key.key_id}, source {config.source or '(none)'!r}")
    if plan.key.exposed:
        console.print("[yellow]  key         others may read its file: chmod 600.[/]")
    tagger = config.tagger or "none: rules alone, which miss names without a context"
    console.print(f"  tagger      {escape(tagger)}")
    console.print(f"  output      {escape(config.output)}")
    if plan.excluded:
        left = ", ".join(sorted(plan.excluded))
        console.print(f"[yellow]  left in     {left}: these stay in the texts.[/]")
    linkable = [kind for kind, op in plan.operators.items() if op is Operator.PSEUDONYM]
    if linkable:
        told = ", ".join(sorted(linkable))
        console.print(f"[yellow]  linkable    {told}: who names whom can be followed.[/]")


def new_run(config: AnonymizeConfig, plan: RedactionPlan, handles: Handles) -> Run:
    """The run row, as far as it is known before the first row."""
    digests = {"redaction": plan.redaction, "handles": handles.digest, "key_id": plan.key.key_id}
    if isinstance(plan.tagger, Checkpoint):
        digests["tagger"] = plan.tagger.content_digest
    return Run(
        job="anonymize",
        config=json.dumps(public_values(config) | {"input": concealed(config.input)}),
        scoring_id=None,
        digests=digests,
        activation=None,
        accept_raw=False,
    )


def open_tables(
    spark: SparkSession, config: AnonymizeConfig, plan: RedactionPlan, state: str
) -> tuple[DeltaTable, DeltaTable, str]:
    """The table of redacted texts, the quarantine, and where that is."""
    table = open_redacted_table(
        spark,
        config.output,
        redacted_schema(plan.kept, second_text=config.second_text_column is not None),
        redaction=plan.redaction,
        key_id=plan.key.key_id,
        source=config.source,
        state=config.state,
    )
    place = config.quarantine or join(state, "quarantine")
    return table, open_quarantine(spark, place, plan.kept), place


def collect_handles(spark: SparkSession, config: AnonymizeConfig, corpus: Corpus) -> Handles:
    """The corpus's own authors, as they are now; none without a column for them."""
    if config.author_column is None:
        return Handles()
    with reading(spark, corpus) as rows, explained(corpus.files):
        authors = rows.select(F.col(f"`{config.author_column}`").cast("string")).distinct()
        return Handles.of(row[0] for row in authors.collect() if row[0])


def prepared(
    config: AnonymizeConfig, plan: RedactionPlan, known: DataFrame | None
) -> Callable[[DataFrame], DataFrame]:
    """A function: rows of the corpus → rows to land, pseudonymous, without those that are known.

    Args:
        config: Names of the columns.
        plan: The key.
        known: Pseudonymous ids of the output; None where everything is redacted anew.
    """

    def prepare(rows: DataFrame) -> DataFrame:
        if config.crosswalk is not None:
            extend_crosswalk(rows, plan.key, place=config.crosswalk, author=config.author_column)
        named = pseudonymized(
            rows,
            plan.key,
            author=config.author_column,
            time=config.time_column,
            shift=config.dates == "shift",
        )
        return named if known is None else without_known(named, known)

    return prepare


def task_of(
    spark: SparkSession, config: AnonymizeConfig, plan: RedactionPlan, handles: Handles
) -> RedactionTask:
    """What the workers need; sends the model out."""
    tagger = plan.tagger
    return RedactionTask(
        key=plan.key,
        operators=plan.operators,
        excluded=plan.excluded,
        handles=handles,
        timeout_s=config.timeout_s,
        tagger=send_model(spark, tagger) if isinstance(tagger, Checkpoint) else tagger,
        tagger_threshold=config.tagger_threshold,
        tagger_precision=config.tagger_precision,
        stall_timeout_s=config.stall_timeout_s,
    )


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
