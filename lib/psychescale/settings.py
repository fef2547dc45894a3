"""The keys of every job: each is a flag, an environment variable and a key of the file."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.config import JobConfig, Names
from psychescale.model.spec import Activation, LongText, Precision

_Share = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[int, Field(ge=1)]


Dates = Literal["placeholder", "year", "shift"]


class AnonymizeConfig(JobConfig):
    """Redact the texts of a corpus, replace ids and authors by keyed pseudonyms, mark the result."""

    input: str = Field(
        description="corpus: a Delta table, .parquet, .csv or .jsonl (.gz too), a folder of these, or "
        "a catalog name"
    )
    output: str = Field(description="Delta table of redacted texts: a path or a catalog name")
    key_file: str = Field(description="file with the key of the pseudonyms, at least 32 bytes")
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
    linkable_mentions: bool = Field(
        False, description="keep who mentions whom followable, by keyed pseudonyms of mentions"
    )
    leave: Names = Field((), description="types of identifiers to leave in the texts, as in AGE")
    tagger: str | None = Field(
        None, description="token classifier for names: a model folder, or spacy:PIPELINE"
    )
    tagger_threshold: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.4, description="probability from which a word belongs to a name"
    )
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        60.0, description="longest time for one text before it goes to quarantine, in seconds"
    )

    max_failed_share: _Share = Field(
        0.1, description="share of rows that may go to quarantine before the run fails"
    )
    rows_per_task: _Positive = Field(2500, description="most rows in a task")
    tasks_per_slot: _Positive = Field(
        24, description="most tasks of a micro-batch for each slot; a crash loses the micro-batch"
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="seconds that a worker may stand still before its task is tried again"
    )


class ScoreConfig(JobConfig):
    """Score every text of a corpus and append label probabilities to a Delta table."""

    model: str = Field(description="model folder, bundle, or hub id with --revision")
    input: str = Field(
        description="corpus: a Delta table, .parquet, .csv or .jsonl (.gz too), a folder of these, or "
        "a catalog name"
    )
    output: str = Field(description="score table: a path or a catalog name")
    state: str | None = Field(
        None, description="folder for checkpoints and run table (default: OUTPUT/_psychescale)"
    )
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    keep: Names = Field((), description="columns to pass through to the score table")
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
    accept_raw: bool = Field(False, description="score a corpus that is not marked as anonymized")

    labels: Names = Field((), description="names of the labels, in the model's order")
    allow_generic_labels: bool = Field(False, description="accept names such as LABEL_0")
    activation: Activation | None = Field(
        None, description="how logits become probabilities, where the model does not say"
    )
    precision: Precision = Field("fp32", description="fp32 is exact; bf16 is faster on GPUs")
    max_length: _Positive | None = Field(
        None, description="longest window in tokens (default: the model's own)"
    )
    long_text: LongText | None = Field(
        None,
        description="policy for texts longer than a window (default: the model's own, or mean)",
    )
    stride: Annotated[int, Field(ge=0)] | None = Field(
        None, description="tokens that neighbouring windows share (default: the model's own, or 64)"
    )
    max_windows: _Positive = Field(64, description="most windows read of one text")
    logits: bool = Field(False, description="write the raw logits too, as logit_<label>")

    max_failed_share: _Share = Field(
        0.1, description="share of rows that may stay without a score before the run fails"
    )
    rows_per_task: _Positive = Field(2500, description="most rows in a task")
    tasks_per_slot: _Positive = Field(
        24, description="most tasks of a micro-batch for each slot; a crash loses the micro-batch"
    )
    max_batch_tokens: _Positive | None = Field(
        None, description="tokens in a batch, padding included (default: by device)"
    )
    stall_timeout_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="seconds that a worker may stand still before its task is tried again"
    )


class VerifyConfig(JobConfig):
    """Score a random sample of a finished score table again, and say whether it holds."""

    run: str = Field(
        description="score table whose last finished run is verified; or a run id, with --scores"
    )
    scores: str | None = Field(None, description="score table of the run id")
    model: str | None = Field(None, description="where the model is now, if it has moved")
    input: str | None = Field(None, description="where the corpus is now, if it has moved")
    sample: _Positive = Field(200, description="rows to score again")
    seed: int = Field(0, description="of the sample")
    tolerance: Annotated[float, Field(gt=0)] | None = Field(
        None, description="largest difference of a probability that holds (default: 1e-5 for fp32)"
    )


class DoctorConfig(JobConfig):
    """Say what of this machine, its Spark and its executors fits, and what to do about the rest."""

    model: str | None = Field(None, description="model that executors should be able to read")
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    output: str | None = Field(None, description="place that a job should be able to write to")
    state: str | None = Field(None, description="the same for its state folder")
    timeout_s: Annotated[float, Field(gt=0)] = Field(
        120.0, description="seconds to wait for a slot on an executor"
    )


class TrainConfig(JobConfig):
    """Fine-tune a backbone on labelled texts and write a bundle that `score` takes."""

    backbone: str = Field(description="model folder, or hub id with --revision")
    train: str = Field(description="labelled texts, in any form that `score` takes")
    output: str = Field(description="folder of the bundle; must not exist")
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    labels_column: str = Field("labels", description="column with a list of label names")
    accept_raw: bool = Field(
        False, description="train on a corpus that is not marked as anonymized"
    )

    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="passes over the training rows")
    learning_rate: Annotated[float, Field(gt=0)] = Field(1e-4, description="peak, decays to zero")
    head_learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-3, description="the same for classifier and pooler"
    )
    batch_size: _Positive = Field(32, description="texts in a training step")
    max_length: _Positive = Field(128, description="tokens of a text that training reads")
    seed: int = Field(0, description="of initial weights, order and dropout")


class DemoConfig(JobConfig):
    """Generate a synthetic corpus, fine-tune a small model on synthetic labels, and score with it."""

    folder: str = Field("demo", description="where everything is written")
    documents: _Positive = Field(3000, description="documents in the corpus")
    labelled: _Positive = Field(2000, description="labelled texts to train on")
    seed: int = Field(0, description="of corpus, labelled texts and training")
