"""The keys of every job: each is a flag, an environment variable and a key of the file."""

from typing import Annotated, Literal

from pydantic import Field

from psychescale.config import JobConfig, Names
from psychescale.model.spec import Activation, LongText, Precision

_Share = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[int, Field(ge=1)]


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
    max_failed_share: _Share = Field(
        0.1, description="share of rows that may go to quarantine before the run fails"
    )
    rows_per_task: _Positive = Field(5000, description="most rows in a task")
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
    model_on_executors: str | None = Field(
        None, description="folder that executors have the same model in; it is not sent then"
    )

    id_column: str = Field("id", description="column with the id, unique over the corpus")
    text_column: str = Field("text", description="column with the text")
    second_text_column: str | None = Field(
        None, description="column with a second text, such as the question of a survey item"
    )
    keep: Names = Field((), description="columns to pass through to the score table")
    encoding: str = Field("utf-8", description="of CSV and JSON lines, as in cp1252")
    accept_raw: bool = Field(False, description="score a corpus that is not marked as anonymized")
    accept_other_redaction: bool = Field(
        False, description="score a corpus of another normalizer or redactor than the model's"
    )

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


class TrainConfig(LabelledConfig):
    """Fine-tune a backbone on labelled texts and write a bundle that `score` takes."""

    backbone: str | None = Field(None, description="model folder, or hub id with --revision")
    from_bundle: str | None = Field(
        None, alias="from", description="bundle to train on from, in place of --backbone"
    )
    former_labels: Names = Field(
        (), description="labels of --from, in its order, where it does not name them"
    )
    train: str = Field(description="labelled texts, in any form that `score` takes")
    validation: str | None = Field(
        None, description="validation rows (default: a share of --train)"
    )
    test: str | None = Field(None, description="test rows (default: a share of --train)")
    output: str = Field(description="folder of the bundle; must not exist")
    restricted: str | None = Field(
        None, description="folder for the ids of each part, mode 0700 (default: OUTPUT-restricted)"
    )
    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
    labels: Names = Field((), description="labels to train, in this order (default: all, by name)")

    split: Literal["random", "time", "source"] = Field(
        "random", description="how parts that are not given are made"
    )
    validation_share: _Share = Field(0.1, description="share of --train for validation")
    test_share: _Share = Field(0.1, description="share of --train for test")
    time_column: str | None = Field(None, description="column with the time, for --split time")
    source_column: str | None = Field(
        None, description="column with the source, for --split source"
    )
    held_out: str | None = Field(None, description="source to test on, for --split source")
    on_leak: Literal["refuse", "drop-from-train"] = Field(
        "refuse", description="what to do with rows that a later given part repeats"
    )
    membership_key_file: str | None = Field(
        None,
        description="file whose bytes key the digest of each part's ids (default: made beside them)",
    )

    head: Literal["standard", "label-attention"] | None = Field(
        None, description="classifier on the backbone (default: that of --from, or standard)"
    )
    loss: Literal["bce", "weighted-bce", "focal", "asymmetric", "class-balanced"] = Field(
        "weighted-bce", description="what is minimized; calibration undoes its weights"
    )
    copies: Annotated[int, Field(ge=0)] = Field(
        0, description="varied copies of every training row, beside the row itself"
    )
    rare_rows: Annotated[int, Field(ge=0)] = Field(
        0, description="rows that copies bring a rarer label to"
    )
    deletion: _Share = Field(0.0, description="probability that a word of a copy is deleted")
    swap: _Share = Field(0.0, description="probability that a word of a copy is moved by one")
    masking: _Share = Field(0.0, description="probability that a word of a copy is masked")

    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="passes over the training rows")
    learning_rate: Annotated[float, Field(gt=0)] = Field(1e-4, description="peak, decays to zero")
    head_learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-3, description="the same for classifier and pooler"
    )
    warmup_share: _Share = Field(0.1, description="share of all steps in which the rates rise")
    batch_size: _Positive = Field(32, description="texts in a training step")
    max_length: _Positive = Field(128, description="tokens of a text that training reads")
    checks_per_epoch: _Positive = Field(
        1, description="measurements of the validation log loss, and checkpoints, an epoch"
    )
    patience: _Positive = Field(2, description="checks without a better one before training stops")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="of matrix products; auto: bf16 on GPUs that have it, else fp32"
    )
    checkpoints: str | None = Field(
        None, description="folder for checkpoints, from which the same command resumes"
    )
    seed: int = Field(0, description="of split, initial weights, copies, order and dropout")
    processes: _Positive = Field(
        1, description="processes that train together, one a GPU; a step takes --batch-size of each"
    )
    train_on: Literal["driver", "executors"] = Field(
        "driver", description="where they run; on executors all folders must be shared storage"
    )

    mlflow: str | None = Field(
        None, description="MLflow server or folder that the run is written to (extra: mlflow)"
    )
    mlflow_experiment: str = Field("psychescale", description="experiment of --mlflow")

    calibrate: bool = Field(True, description="fit slope and intercept per label on validation")
    thresholds: str = Field(
        "f1", description="f1, sensitivity=.90, specificity=.95, or none; chosen on validation"
    )
    long_text: LongText = Field(
        "mean", description="policy for long texts that calibration and thresholds hold under"
    )
    stride: Annotated[int, Field(ge=0)] = Field(
        64, description="tokens that neighbouring windows share under it"
    )


class TaggerConfig(JobConfig):
    """Fine-tune a model that finds names, places and facilities in texts, for `anonymize --tagger`."""

    clean: Names = Field(
        description="generated texts with spans, as JSON lines, such as presidio_generated_large"
    )
    posts: str = Field(description="real posts with spans, as JSON lines, such as wnut17_train")
    output: str = Field(description="folder of the tagger; must not exist")
    backbone: str | None = Field(
        None, description="pretrained encoder (default: MiniLM-L6 of the extra `demo`)"
    )
    planted: Annotated[int, Field(ge=0)] = Field(
        2500, description="texts of psychescale's own grammar to add to --clean"
    )
    midway: str | None = Field(
        None, description="folder that keeps the model after --clean; read if it is there"
    )
    without_fold: Annotated[int, Field(ge=0, lt=5)] | None = Field(
        None, description="leave this fold of five of --posts out, to measure on it"
    )
    precision: Precision = Field(
        "bf16", description="of matrix products in training; the weights are float32"
    )
    epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="at most, over --clean")
    posts_epochs: Annotated[float, Field(gt=0)] = Field(2.0, description="at most, over --posts")
    seed: int = Field(7, description="of the grammar, parts, order and dropout")


class EvaluateConfig(LabelledConfig, RedactorConfig):
    """Judge a model on labelled texts, or what is redacted: measures, a report, a table."""

    task: Literal["labels", "pii"] = Field(
        "labels", description="what is judged: a classifier, or the redaction of identifiers"
    )
    model: str | None = Field(
        None, description="model folder, bundle, or hub id with --revision (or --scores alone)"
    )
    input: str = Field(
        description="labelled texts that the model has not seen; for pii JSON lines with spans"
    )
    output: str = Field(description="folder for measures and report; must not exist")
    scores: str | None = Field(
        None,
        description="score table, read in place of scoring the texts again; alone: at 0.5",
    )
    membership: str | None = Field(
        None, description="membership.jsonl of `train`: of --input only --part is judged"
    )
    part: Literal["validation", "test"] = Field("test", description="part of --membership to judge")
    weight_column: str | None = Field(
        None, description="column with how many documents a document stands for"
    )
    raters: Names = Field(
        (),
        description="columns with the labels of one rater each; with --label-columns: RATER_LABEL",
    )
    only: Names = Field((), description="labels to judge (default: all of the model's)")
    slice_columns: Names = Field((), alias="slice", description="columns to compare groups by")

    label_map: Names = Field(
        (),
        description="for pii: what labels of spans mean, as in CITY=LOCATION; others are no gold",
    )

    against: str | None = Field(None, description="model folder to compare with, paired")
    against_labels: Names = Field(
        (),
        description="names of the labels of --against, in its order, where it does not name them",
    )
    against_activation: Activation | None = Field(
        None, description="sigmoid or softmax, where --against does not say"
    )
    train: str | None = Field(None, description="labelled texts that baselines learn from")
    validation: str | None = Field(
        None, description="rows that choose baselines' thresholds (default: a tenth of --train)"
    )
    baselines: Names = Field(
        ("base-rate", "always-positive", "lexicon", "tfidf"),
        description="baselines, where there are rows to learn from",
    )
    challenge: bool = Field(True, description="put the challenge suite to the model")
    faithfulness_texts: Annotated[int, Field(ge=0)] = Field(
        100, description="texts on which a label-attention head's attention is tested"
    )
    write_card: bool = Field(
        False, description="write the main measures into the model card of --model"
    )

    revision: str | None = Field(None, description="commit of a hub id, 40 hex digits")
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
        None, description="policy for longer texts (default: the model's own, or mean)"
    )
    stride: Annotated[int, Field(ge=0)] | None = Field(
        None, description="tokens that neighbouring windows share (default: the model's own, or 64)"
    )
    max_windows: _Positive = Field(64, description="most windows read of one text")

    replicates: Annotated[int, Field(ge=100)] = Field(1000, description="of the bootstrap")
    specificity: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.95, description="at which the sensitivity is read"
    )
    seed: int = Field(0, description="of the bootstrap, and of the tenth of --train")
    banner: str | None = Field(None, description="a warning at the top of the report")


class DemoConfig(JobConfig):
    """Generate synthetic texts and labels, fine-tune a small model, score with it, and evaluate it."""

    folder: str = Field("demo", description="where everything is written")
    documents: _Positive = Field(3000, description="documents in the corpus")
    labelled: _Positive = Field(2000, description="labelled texts to train on")
    seed: int = Field(0, description="of corpus, labelled texts and training")
