"""Keys that several jobs have, each written once; a class is a group of help, files and pages."""

import math
from typing import Annotated, Literal

from pydantic import Field

from psychescale.errors import UsageError
from psychescale.model.spec import Activation, LongText, Precision
from psychescale.settings.config import JobConfig, Names
from psychescale.settings.places import Inputs, There, Written

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
FormName = Literal[
    "parquet", "csv", "jsonl", "json", "excel", "spss", "stata", "sas", "arrow", "text"
]
Dates = Literal["placeholder", "year", "shift"]
Period = Literal["day", "week", "month", "quarter", "year"]


GRAINS = ("day", "week", "month", "year")


def _positive(text: str) -> float | None:
    """A number above 0, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


class RedactorConfig(JobConfig):
    """How identifiers are found."""

    leave: Names = Field((), description="types of identifiers to leave in the texts, as in AGE")
    tagger: str | None = Field(
        None,
        description="token classifier for names: a model folder, or spacy:PIPELINE (default: rules "
        "alone look for names)",
    )
    tagger_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="probability from which a word belongs to a name"
    )
    tagger_precision: Precision = Field(
        "bf16",
        description="of the tagger; fp32 is faster where the processor has no bfloat16 (AMX, AVX-512 "
        "BF16)",
    )
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="longest time for one text before it goes to quarantine, in seconds"
    )


class ColumnsConfig(JobConfig):
    """Columns of the texts."""

    id_column: Annotated[Names, Field(min_length=1)] = Field(
        ("id",),
        description="column with the id, unique over the corpus; read as a string; or several: "
        "record,event,instance",
    )
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )


class FilesConfig(JobConfig):
    """How files are read."""

    format: FormName | None = Field(
        None,
        description="what the files are, whatever their names end in (default: by the names)",
    )
    encoding: str = Field(
        "utf-8",
        description="of CSV, JSON and .txt, as in cp1252; any Python codec in which ASCII characters "
        "are single bytes, or UTF-16 or UTF-32",
    )
    separator: str | None = Field(
        None,
        description="between the fields of CSV: one character, or tab (default: a comma; in .tsv a "
        "tab, and what a first line sep=; says)",
    )
    escape: Literal["none", "backslash"] | None = Field(
        None,
        description="what a backslash before a quote does in CSV: backslash (the quote belongs to the "
        "text) or none (the backslash does); a file that has one is refused until that is said",
    )
    skip_rows: Annotated[int, Field(ge=0)] = Field(
        0, description="records behind the header of CSV that are no rows (Qualtrics: 2)"
    )
    repeated_headers: bool = Field(
        False,
        description="leave out records of CSV that repeat the header; without it they are refused",
    )
    refuse_placeholders: bool = Field(
        False,
        description="give texts such as [deleted] or N/A the reason placeholder_text; they are counted "
        "in any case",
    )
    sheet: str | None = Field(
        None, description="sheet of a workbook (default: the only one that holds anything)"
    )


class TextColumnsConfig(ColumnsConfig, FilesConfig):
    """Which columns hold a text, and how lines are read."""


class PaceConfig(JobConfig):
    """Failures, speed and memory."""

    max_failed_share: Share = Field(
        0.1, description="share of rows that may stay without a score before the run fails"
    )
    rows_per_task: Positive = Field(2500, description="most rows in a task, on average")
    tasks_per_slot: Positive = Field(
        24,
        description="most tasks of a micro-batch for each slot: more wait less for the last one at "
        "its end, fewer lose less work in a crash",
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0,
        description="seconds that a worker may stand still, one batch of tokens, before it is ended "
        "and its task tried again",
    )


class TimeFormatConfig(JobConfig):
    """Times."""

    time_format: str | None = Field(
        None,
        description="how times are written, as in %d/%m/%Y, or epoch (seconds); default: ISO 8601",
    )


class TimeConfig(TimeFormatConfig):
    """Times."""

    time_column: str | None = Field(None, description="column with the time of the text")


class KeptConfig(TimeFormatConfig):
    """Kept columns."""

    coarsen: Names = Field(
        (),
        description="columns of ‹keep› made coarser, so that they single out fewer: "
        "created=month,age=10; day, week, month or year of times, bands of that width of numbers",
    )

    def grains(self) -> dict[str, str | float]:
        """Column → grain of a time, or width of a number's bands.

        Raises:
            UsageError: An entry is none, or its column is not kept.
        """
        found: dict[str, str | float] = {}
        for entry in self.coarsen:
            name, _, grain = entry.rpartition("=")
            width = _positive(grain)
            if not name or (grain not in GRAINS and width is None):
                raise UsageError(
                    f"‹coarsen› {entry}: neither a grain nor a width.",
                    remedy=f"Write COLUMN=GRAIN ({', '.join(GRAINS)}) or COLUMN=WIDTH, as in age=10.",
                )
            if name not in getattr(self, "keep", ()):
                raise UsageError(
                    f"‹coarsen› {name} is no column that is passed through.",
                    remedy="Name it in ‹keep› too.",
                )
            found[name] = grain if width is None else width
        return found


class ScoredConfig(TimeConfig):
    """Scores."""

    scores: There = Field(description="score table: a path or a catalog name")
    scoring_id: str | None = Field(
        None, description="which rows of it are read (default: the only scoring id that it has)"
    )
    period: Period = Field(
        "month",
        description="length of a period, where ‹time_column› is given; weeks are ISO 8601's",
    )


class CorpusConfig(TextColumnsConfig):
    """Corpus and state."""

    input: Inputs = Field(
        description="corpus: a Delta table, a catalog name, or files of any form of docs/files.md: "
        "one, a folder, a pattern such as posts/*.csv, or several of these, the flag once for each"
    )
    state: Written | None = Field(
        None,
        description="folder for checkpoints and run table; required where the output is a catalog "
        "name; an output keeps the one it began with (default: OUTPUT/_psychescale)",
    )
    discard: bool = Field(
        False,
        description="delete what an unfinished run left in the state folder (landed texts, rows on "
        "their way), then stop; what it committed stays, and the next run does the rest",
    )


class LongTextConfig(JobConfig):
    """Long texts."""

    long_text: LongText | None = Field(
        None,
        description="policy for texts longer than a window (default: the model's own, or mean)",
    )
    stride: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="tokens that neighbouring windows share; at most half of a window is used "
        "(default: the model's own, or 64)",
    )
    max_windows: Positive = Field(
        64, description="most windows read of one text; what lies behind sets truncated"
    )


class ModelConfig(LongTextConfig):
    """The model."""

    revision: str | None = Field(
        None, description="commit of a hub id, 40 hex digits (in quotes in a file)"
    )
    labels: Names = Field(
        (), description="names of the labels, in the model's order (default: the model's)"
    )
    allow_generic_labels: bool = Field(False, description="accept names such as LABEL_0")
    activation: Activation | None = Field(
        None,
        description="how logits become probabilities; required where the model does not say "
        "(default: the model's)",
    )
    precision: Precision = Field("fp32", description="fp32 is exact; bf16 is faster on GPUs")
    max_length: Positive | None = Field(
        None,
        description="longest window in tokens, special tokens included; at least 8 (default: the "
        "model's own)",
    )


class AnnotatedConfig(TextColumnsConfig):
    """Labels and authors."""

    labels_column: str = Field(
        "labels",
        description="column with a list of label names, a JSON list, or names with commas",
    )
    label_columns: Names = Field(
        (),
        description="columns of 0 and 1, one per label, in place of ‹labels_column›; a "
        "row with a missing or blank value is not annotated: left out and counted",
    )
    empty_labels: Literal["none", "unannotated"] | None = Field(
        None,
        description="what an empty text in ‹labels_column› or a rater's list means: no label, or a row "
        "to leave out; refused with its number where nobody says; null is always unannotated",
    )
    author_column: str | None = Field(
        None,
        description="column with the author: no author is in two parts, and intervals are over authors",
    )
    accept_raw: bool = Field(
        False, description="read a corpus that is not marked as anonymized; recorded"
    )


class LabelledConfig(AnnotatedConfig, TimeConfig):
    """Labelled texts that have times."""


class RestrictedConfig(JobConfig):
    """What is left for those who may see single rows."""

    restricted: Written | None = Field(
        None,
        description="folder, mode 0700, for what tells of single rows: digests, and of `train` "
        "membership.jsonl, id and part of every row (default: OUTPUT-restricted)",
    )
    membership_key_file: str | None = Field(
        None,
        description="file whose bytes key the digests of rows, and that (HMAC-SHA-256) of each part's "
        "ids in the bundle (default: a random key, kept as membership.key in ‹restricted›)",
    )


class AbstainConfig(JobConfig):
    """Abstention."""

    abstain: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="largest share of texts that may be decided wrongly, by label: the bundle keeps a "
        "band around each threshold, chosen on validation rows, in which `with_labels` says that it "
        "abstains (default: it never does)",
    )
