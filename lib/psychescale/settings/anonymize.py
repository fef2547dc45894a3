"""The keys of `anonymize`."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.settings.config import Names
from psychescale.settings.shared import Dates, Positive, RedactorConfig, Share


class AnonymizeConfig(RedactorConfig):
    """Redact the texts of a corpus, replace ids and authors by keyed pseudonyms, mark the result."""

    input: str = Field(
        description="corpus: a Delta table, .parquet, .csv or .jsonl (.gz too), a folder of these, or "
        "a catalog name"
    )
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
    state: str | None = Field(
        None, description="folder for checkpoints and run table (default: OUTPUT/_psychescale)"
    )

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    author_column: str | None = Field(
        None, description="column with the author, whose handle is also redacted in others' texts"
    )
    time_column: str | None = Field(None, description="column with the time of the text")
    keep: Names = Field((), description="columns to pass through as they are")
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
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
    tasks_per_slot: Positive = Field(
        24, description="most tasks of a micro-batch for each slot; a crash loses the micro-batch"
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="seconds that a worker may stand still before its task is tried again"
    )
