"""The keys of `anonymize`."""

from typing import Literal

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.shared import (
    CorpusConfig,
    Dates,
    Positive,
    RedactorConfig,
    Share,
    TimeConfig,
)


class AnonymizeConfig(CorpusConfig, RedactorConfig, TimeConfig):
    """Redact the texts of a corpus, replace ids and authors by keyed pseudonyms, mark the result."""

    output: str = Field(description="Delta table of redacted texts: a path or a catalog name")
    key_file: str = Field(
        description="file with the key of the pseudonyms, at least 32 bytes; or env:NAME, or "
        "secret:SCOPE/KEY"
    )
    ship_key: bool = Field(
        False,
        description="send the key to executors that cannot read the file; needs "
        "spark.io.encryption.enabled",
    )
    quarantine: str | None = Field(
        None, description="table of rows that failed, without texts (default: STATE/quarantine)"
    )
    crosswalk: str | None = Field(
        None, description="table that leads from pseudonyms back to ids; none unless it is named"
    )

    author_column: str | None = Field(
        None, description="column with the author, whose handle is also redacted in others' texts"
    )
    keep: Names = Field((), description="columns to pass through as they are")
    compare: Names = Field(
        (), description="columns of --keep whose groups the report compares in kept and quarantined"
    )
    source: str = Field(
        "", description="name of the corpus; pseudonyms of two sources cannot be linked"
    )

    dates: Dates = Field(
        "placeholder",
        description="what becomes of dates in texts; the time column keeps its year, or is shifted too",
    )
    ages: Literal["placeholder", "age-cap"] = Field("placeholder", description="of ages over 89")
    zips: Literal["placeholder", "zip3"] = Field("placeholder", description="of postcodes")
    names: Literal["placeholder", "surrogate"] = Field(
        "placeholder", description="of names; surrogates are consistent inside a document only"
    )
    operators: Names = Field(
        (), description="operators of other types, as in LOCATION=surrogate,RECORD=pseudonym"
    )
    linkable_mentions: bool = Field(
        False, description="keep who mentions whom followable, by keyed pseudonyms of mentions"
    )
    max_failed_share: Share = Field(
        0.1, description="share of rows that may go to quarantine before the run fails"
    )
    rows_per_task: Positive = Field(5000, description="most rows in a task")
