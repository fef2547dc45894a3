"""The keys of `anonymize`."""

from typing import Literal

from pydantic import Field

from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Key, Written
from psychescale.settings.shared import (
    CorpusConfig,
    Dates,
    KeptConfig,
    PaceConfig,
    Positive,
    RedactorConfig,
    Share,
    TimeConfig,
)
from psychescale.text.replacement.dating import DateOrder


class ReplacementConfig(JobConfig):
    """What takes the place of an identifier."""

    dates: Dates = Field(
        "placeholder",
        description="of dates in texts; shift: by whole weeks, a constant of the author, the time "
        "column too",
    )
    date_order: DateOrder | None = Field(
        None,
        description="how texts write 03/04/2021; without it shift moves such a date only where another "
        "one of the text tells the order, and leaves a placeholder else",
    )
    ages: Literal["placeholder", "age-cap"] = Field(
        "placeholder", description="of ages over 89; age-cap: 90+"
    )
    zips: Literal["placeholder", "zip3"] = Field(
        "placeholder", description="of postcodes; zip3: by the population rule"
    )
    names: Literal["placeholder", "surrogate"] = Field(
        "placeholder",
        description="of names; surrogates are consistent inside a document only, of the same form and "
        "sex, titles kept",
    )
    operators: Names = Field(
        (),
        description="operators of other types, as in LOCATION=surrogate,RECORD=pseudonym: placeholder, "
        "pseudonym, surrogate",
    )
    linkable_mentions: bool = Field(
        False,
        description="keyed pseudonyms for mentions, so that who mentions whom can be followed: they "
        "begin like the author's; authors whose handles differ by case only are one then",
    )


class AnonymizeConfig(
    CorpusConfig, KeptConfig, TimeConfig, ReplacementConfig, RedactorConfig, PaceConfig
):
    """Redact the texts of a corpus, replace ids and authors by keyed pseudonyms, mark the result."""

    examples = (
        "psychescale anonymize --input posts.csv --output redacted --key-file key",
        "psychescale anonymize --input posts.csv --output redacted --key-file key "
        "--author-column author --time-column created --keep source --tagger tagger",
    )
    pages = ("docs/anonymize.md", "docs/ethics.md", "docs/files.md")

    output: Written = Field(description="Delta table of redacted texts: a path or a catalog name")
    key_file: Key = Field(
        description="key of the pseudonyms, at least 32 bytes, taken as they are: a file, executors "
        "read the same path; env:NAME, a variable that the cluster fills from its secret scope; or "
        "secret:SCOPE/KEY of Databricks, with ‹ship_key›"
    )
    author_column: str | None = Field(
        None,
        description="column with the author; comes out as author, a pseudonym; the corpus's authors "
        "are redacted in the texts of others",
    )
    time_column: str | None = Field(
        None,
        description="column with the time; comes out as time: the beginning of its year, month or "
        "week, or shifted with ‹dates›",
    )
    time_grain: Literal["year", "month", "week"] = Field(
        "year",
        description="what is kept of time: the beginning of its year, month or week",
    )
    keep: Names = Field(
        (),
        description="columns to pass through as they are; 1,000 rows at random are looked at, and a "
        "column with identifiers is refused; who could be singled out by them is told first",
    )
    accept_kept: Names = Field(
        (),
        description="columns of ‹keep› that pass though they seem to hold identifiers; recorded",
    )
    compare: Names = Field(
        (),
        description="columns of ‹keep› whose groups the report compares in kept and quarantined; the "
        "years of time are always compared unless it is shifted",
    )
    source: str = Field(
        "", description="name of the corpus: pseudonyms of two sources cannot be linked"
    )
    ship_key: bool = Field(
        False,
        description="send the key with the job to executors that cannot read the file; needs "
        "spark.io.encryption.enabled",
    )
    quarantine: Written | None = Field(
        None,
        description="table of rows that failed: pseudonyms, sizes and reasons, no text (default: "
        "STATE/quarantine)",
    )
    crosswalk: Written | None = Field(
        None,
        description="table that leads from pseudonyms back to ids and authors; written only where it "
        "is named, mode 0700",
    )
    max_failed_share: Share = Field(
        0.1,
        description="share of rows that may go to quarantine, and of times that cannot be read; above "
        "it nothing is passed on",
    )
    rows_per_task: Positive = Field(5000, description="most rows in a task, on average")
