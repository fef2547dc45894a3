"""The page for ethics boards tells of every column of every table, as the code makes them."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from pyspark.sql import types as T

from psychescale.model.spec import ModelSpec
from psychescale.spark.anonymize.crosswalk import CROSSWALK_SCHEMA
from psychescale.spark.anonymize.outputs import quarantine_schema, redacted_schema
from psychescale.spark.labelled.evaluation import MEASURES_SCHEMA
from psychescale.spark.pipeline.runs import RUNS_SCHEMA
from psychescale.spark.score.table import scores_schema

PAGE = Path(__file__).parents[3] / "docs" / "ethics.md"
WRITE = "PSYCHESCALE_WRITE_DOCS"
BEGIN, END = "<!-- tables: made by tests/unit/project/test_ethics.py -->\n", "<!-- end -->"


class Role(NamedTuple):
    """What a column is to a person who is in the table."""

    who: str
    publish: str


ID = Role("whoever has the corpus: its own id", "no")
PSEUDONYM = Role("whoever has the key or the crosswalk; nobody else can try names out", "no")
QUASI = Role(
    "whoever knows this of a person; counted before a run", "coarse, in cells of 8 persons or more"
)
TEXT = Role("whoever searches for its words; missed identifiers", "no")
SCORE = Role(
    "whoever has model and text: almost every text has a value of its own",
    "means and shares over 8 texts or more",
)
SIZE = Role(
    "whoever has the text, with what else is known", "sums and quantiles over 8 texts or more"
)
REASON = Role("nobody by itself", "counts, those from 1 to 7 withheld")
RUN = Role("nobody", "yes")
WHEN = Role("nobody: the time of the run, not of the text", "yes")
WAY_BACK = Role("everybody in it: it is the way back", "never")
SETTINGS = Role("nobody; names of folders and columns may tell of a place", "after reading it")
COUNTS = Role("members of small groups: counts are exact", "rounded, those from 1 to 7 withheld")
MASKED = Role("nobody: made of counts that may be shown", "yes")

KEPT = [T.StructField("author", T.StringType()), T.StructField("time", T.TimestampType()),
        T.StructField("‹kept›", T.StringType())]  # fmt: skip
SPEC = cast("ModelSpec", SimpleNamespace(columns=("‹label›",), labels=("‹label›",)))
OF_RUN = {"run_id": RUN, "anonymized_at": WHEN, "scored_at": WHEN}
SIZES = {"n_chars": SIZE, "n_words": SIZE}
KEYED = {"id": PSEUDONYM, "author": PSEUDONYM, "time": QUASI}

TABLES: dict[str, tuple[T.StructType, Mapping[str, Role]]] = {
    "Redacted texts (`anonymize --output`)": (
        redacted_schema(KEPT, second_text=True),
        {**KEYED, "‹kept›": QUASI, "text": TEXT, "second_text": TEXT, "findings": SIZE}
        | SIZES | OF_RUN,
    ),
    "Quarantine (`anonymize --quarantine`)": (
        quarantine_schema(KEPT),
        {**KEYED, "error": REASON} | SIZES | OF_RUN,
    ),
    "Crosswalk (`anonymize --crosswalk`, only where it is named)": (
        CROSSWALK_SCHEMA,
        dict.fromkeys(("id", "original_id", "author", "original_author"), WAY_BACK),
    ),
    "Scores (`score --output`)": (
        scores_schema(SPEC, [KEPT[2]], logits=True),
        {"id": ID, "‹kept›": QUASI, "p_‹label›": SCORE, "logit_‹label›": SCORE, "n_tokens": SIZE,
         "n_windows": SIZE, "truncated": SIZE, "error": REASON, "scoring_id": RUN} | OF_RUN,
    ),
    "Runs (`STATE/runs`)": (
        RUNS_SCHEMA,
        {"config": SETTINGS}
        | dict.fromkeys(("rows_in", "rows_known", "rows_scored", "rows_failed", "failed_by_reason",
                         "tokens"), COUNTS)
        | dict.fromkeys(("run_id", "job", "status", "exit_code", "scoring_id", "digests",
                         "activation", "accept_raw", "padding_ratio", "docs_per_s", "tokens_per_s",
                         "started_at", "ended_at", "versions", "long_text", "calibrated"), RUN),
    ),
    "Measures (`evaluate`, OUTPUT/measures)": (
        MEASURES_SCHEMA, dict.fromkeys(MEASURES_SCHEMA.names, MASKED),
    ),
}  # fmt: skip


def rows_of(schema: T.StructType, roles: Mapping[str, Role]) -> list[str]:
    """Lines of a table; neighbours of one role and without a comment share one."""
    groups: list[tuple[list[str], str, Role]] = []
    for field in schema.fields:
        told: Any = field.metadata.get("comment", "")
        role = roles[field.name]
        if groups and groups[-1][1:] == (told, role):
            groups[-1][0].append(field.name)
        else:
            groups.append(([field.name], told, role))
    return [
        f"| {', '.join(f'`{name}`' for name in names)} | {told} | {role.who} | {role.publish} |"
        for names, told, role in groups
    ]


def tables() -> str:
    """All tables, as the page has them."""
    head = "| column | what it is | who can be found by it | publish |\n| --- | --- | --- | --- |"
    return "\n".join(
        "\n".join([f"### {title}\n", head, *rows_of(schema, roles), ""])
        for title, (schema, roles) in TABLES.items()
    )


def test_every_column_has_a_role() -> None:
    """A column that a table gains is told of here, and none that it has lost."""
    for title, (schema, roles) in TABLES.items():
        assert set(schema.names) <= set(roles), title
        assert set(roles) - set(OF_RUN) <= set(schema.names), title


def test_page() -> None:
    """Between its marks the page has what the schemas make."""
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(BEGIN)
    assert found, BEGIN
    wanted = f"{before}{BEGIN}\n{tables()}\n{rest[rest.index(END) :]}"
    if os.environ.get(WRITE):
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted, f"run this file with {WRITE}=1"
