"""Keys that several jobs have, each written once."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.model.spec import Precision
from psychescale.settings.config import JobConfig, Names

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Dates = Literal["placeholder", "year", "shift"]


class RedactorConfig(JobConfig):
    """What finds identifiers, for redaction and for its evaluation alike."""

    leave: Names = Field((), description="types of identifiers to leave in the texts, as in AGE")
    tagger: str | None = Field(
        None, description="token classifier for names: a model folder, or spacy:PIPELINE"
    )
    tagger_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="probability from which a word belongs to a name"
    )
    tagger_precision: Precision = Field(
        "bf16", description="of the tagger; fp32 is faster where the processor has no bfloat16"
    )
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="longest time for one text before it goes to quarantine, in seconds"
    )


class LabelledConfig(JobConfig):
    """How labelled texts are read, for training and for evaluation alike."""

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    labels_column: str = Field("labels", description="column with a list of label names")
    label_columns: Names = Field(
        (), description="columns of 0 and 1, one per label, in place of --labels-column"
    )
    author_column: str | None = Field(
        None, description="column with the author; the texts of one are never taken apart"
    )
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
    accept_raw: bool = Field(
        False, description="read a corpus that is not marked as anonymized; recorded"
    )
