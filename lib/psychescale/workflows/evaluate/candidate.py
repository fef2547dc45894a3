"""A model under evaluation: what it is, what it says of the rows, and what is true of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from psychescale.disclosure import told
from psychescale.errors import InputError, ModelError, UsageError
from psychescale.evaluation.predictions import Floats, Predictions
from psychescale.model.checkpoint import Checkpoint
from psychescale.model.encoding import exceeding
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import Applied, ModelRequest, ScoringOptions, settle
from psychescale.scoring.scorer import Scorer
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.text.quality.look import Exceeds
from psychescale.training.targets import keep_labels, to_targets
from psychescale.workflows.rows import LabelledRows

_PLAIN_THRESHOLD = 0.5
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Candidate:
    """A model, as it is judged.

    Attributes:
        name: Of its folder.
        checkpoint: Its files.
        spec: What is known of it.
        options: How it scores.
        applied: Long-text policy and calibration in force.
        thresholds: float64, shape (n_labels,): frozen ones, or 0.5 each.
        procedure: How they came to be, a sentence.
        has_thresholds: They are frozen ones.
    """

    name: str
    checkpoint: Checkpoint
    spec: ModelSpec
    options: ScoringOptions
    applied: Applied
    thresholds: Floats
    procedure: str
    has_thresholds: bool = False

    @property
    def criterion(self) -> str:
        """What its thresholds were chosen for; ``f1`` where it has none."""
        stored = self.checkpoint.scoring.get("thresholds") or {}
        return str(stored.get("criterion", "f1"))

    def load(self) -> Scorer:
        """The scorer itself."""
        return Scorer.load(self.checkpoint.folder, self.spec, self.options)

    def facts(self) -> dict[str, Any]:
        """What a report says of it."""
        spec, training = self.spec, self.checkpoint.scoring.get("training") or {}
        return {
            "name": self.name,
            "backbone": training.get("backbone", "not recorded"),
            **_kept(self.checkpoint.scoring),
            **_recalibrated(self.checkpoint.scoring),
            "architecture": spec.model_type,
            "weights_sha256": spec.weights_digest,
            "labels": len(spec.labels),
            "activation": spec.activation,
            "precision": self.options.precision,
            "long_texts": f"{self.applied.long_text}, windows of {spec.max_length} tokens, "
            f"{self.applied.stride} shared",
            "calibration": self.applied.describe(),
            "thresholds": self.procedure,
            "loss": training.get("loss", "not recorded"),
            "normalizer": spec.normalizer or "none recorded",
            "redactor": spec.redactor or "none recorded",
        }


def _kept(scoring: Mapping[str, Any]) -> dict[str, str]:
    """The step and epoch whose weights training kept."""
    training = scoring.get("training") or {}
    if "best_step" not in training:
        return {}
    step = f"step {training['best_step']:,} of {training['steps']:,}"
    epochs = [p["epoch"] for p in scoring.get("curve") or () if p["step"] == training["best_step"]]
    return {"weights_kept": step + "".join(f", epoch {epoch:.3g}" for epoch in epochs[-1:])}


def _recalibrated(scoring: Mapping[str, Any]) -> dict[str, str]:
    """Of a bundle whose calibration was fitted anew: the bundle before, and on how many rows."""
    found = scoring.get("recalibration")
    return {"recalibrated": f"{found['from']}, on {told(found['rows'])} rows"} if found else {}


@dataclass(frozen=True)
class RowScores:
    """What a model says of rows.

    Attributes:
        probabilities: float64, shape (n_rows, n_labels); NaN where a row has no score.
        n_tokens: int64, shape (n_rows,).
        truncated: bool, shape (n_rows,).
        logits: float64, raw, shape (n_rows, n_labels); None where they are not known.
    """

    probabilities: Floats
    n_tokens: NDArray[np.int64]
    truncated: NDArray[np.bool_]
    logits: Floats | None = None

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows with a score, shape (n_rows,)."""
        known: NDArray[np.bool_] = np.all(np.isfinite(self.probabilities), axis=1)
        return known

    def take(self, rows: NDArray[np.bool_]) -> "RowScores":
        """Some of the rows."""
        return RowScores(
            self.probabilities[rows],
            self.n_tokens[rows],
            self.truncated[rows],
            None if self.logits is None else self.logits[rows],
        )


def exceeds_of(candidate: Candidate) -> Exceeds | None:
    """Whether texts are longer than a window of the model; None where it is not at hand."""
    if isinstance(candidate, ScoredTable):
        return None
    return exceeding(candidate.checkpoint.folder, candidate.spec.max_length)


def open_models(config: EvaluateConfig) -> tuple[Candidate | None, Candidate | None]:
    """The model to judge, None where a score table alone is, and the one to compare it with.

    Raises:
        ModelError: One cannot be used as it is; the message says what to add.
        UsageError: Nothing says what is judged.
    """
    alone = config.model is None and config.scores is not None
    return None if alone else open_candidate(config), open_champion(config)


def open_candidate(config: EvaluateConfig) -> Candidate:
    """The model to judge, without loading it.

    Raises:
        ModelError: It cannot be used as it is; the message says what to add.
        UsageError: No model is named.
    """
    if config.model is None:
        raise UsageError(
            "Neither ‹model› nor ‹scores› says what is judged.",
            remedy="Add ‹model› FOLDER, or ‹scores› TABLE, or both.",
        )
    return _candidate(config.model, *config.choices(ModelRequest).resolve())


@dataclass(frozen=True)
class ScoredTable(Candidate):
    """A score table whose model is not at hand."""

    def load(self) -> Scorer:
        """There is none.

        Raises:
            UsageError: Always.
        """
        raise UsageError("The model is not at hand.", remedy="Add ‹model› FOLDER.")

    def facts(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "name": self.name,
            "scoring_id": self.spec.weights_digest,
            "labels": len(self.spec.labels),
            "calibration": "unknown: a score table alone was judged",
            "thresholds": self.procedure,
        }


def scored_table(
    place: str, labels: Sequence[str], columns: Sequence[str], scoring_id: str
) -> ScoredTable:
    """A table of scores as what is judged.

    Args:
        place: Path or name of the table.
        labels: Label names.
        columns: The labels' column suffixes, in the same order.
        scoring_id: Of its rows.
    """
    spec = ModelSpec(
        labels=tuple(labels),
        columns=tuple(columns),
        activation="sigmoid",
        max_length=0,
        long_text="mean",
        stride=0,
        calibration=None,
        normalizer=None,
        redactor=None,
        model_type="",
        weights_digest=scoring_id,
        tokenizer_digest="",
        config_digest="",
    )
    return ScoredTable(
        Path(place).name,
        Checkpoint(Path(place), {}, {}, {}),
        spec,
        ScoringOptions(),
        Applied("mean", 0, calibrated="none", set_aside=None),
        np.full(len(labels), _PLAIN_THRESHOLD),
        "A score table alone has no frozen thresholds: 0.5 for every label.",
    )


def open_champion(config: EvaluateConfig) -> Candidate | None:
    """The model to compare with, as its own folder says it scores; None where none is named.

    Raises:
        ModelError: It cannot be used.
        InputError: It shares no label with the model.
    """
    if config.against is None:
        return None
    request = ModelRequest(
        model=config.against,
        labels=config.against_labels,
        activation=config.against_activation,
        max_windows=config.max_windows,
        precision=config.precision,
    )
    try:
        resolved = request.resolve()
    except ModelError as error:
        names = {"labels": "against_labels", "activation": "against_activation"}
        problem, remedy = error.renamed(names).template
        raise ModelError(problem, remedy=remedy.partition(" or accept")[0]) from None
    name = Path(config.against).name
    same = name == Path(config.model or config.scores or "").name
    return _candidate(f"{name} (compared with)" if same else name, *resolved)


def _candidate(
    place: str, checkpoint: Checkpoint, spec: ModelSpec, options: ScoringOptions
) -> Candidate:
    applied = settle(spec, options)
    thresholds, procedure = _thresholds(checkpoint, spec, applied)
    name, frozen = Path(place).name, thresholds is not None
    plain = np.full(len(spec.labels), _PLAIN_THRESHOLD)
    cuts = plain if thresholds is None else thresholds
    return Candidate(name, checkpoint, spec, options, applied, cuts, procedure, frozen)


def _thresholds(
    checkpoint: Checkpoint, spec: ModelSpec, applied: Applied
) -> tuple[Floats | None, str]:
    """Frozen thresholds, None where there are none or they do not hold here; and a sentence."""
    if spec.thresholds is None:
        return None, "The model has no frozen thresholds: 0.5 for every label."
    if applied.long_text != spec.long_text or spec.activation == "softmax":
        reason = applied.set_aside or f"they were chosen under --long-text {spec.long_text}"
        return None, f"The model's thresholds are not applied ({reason}): 0.5 for every label."
    stored = checkpoint.scoring.get("thresholds") or {}
    criterion = str(stored.get("criterion", "an unknown criterion"))
    way = (
        "so that an exact 95 % bound keeps the floor"
        if criterion.startswith(("sensitivity", "specificity"))
        else "by cross-fitting, rare labels shrunk towards a pooled threshold"
    )
    chosen = f"They were chosen on validation rows for {criterion}, {way}."
    return np.array(spec.thresholds), " ".join([chosen, *stored.get("told", ())])


def score_rows(
    scorer: Scorer, rows: LabelledRows, *, on_progress: Callable[[int], None] | None = None
) -> RowScores:
    """Score rows on this machine.

    Args:
        scorer: The model.
        rows: Labelled texts.
        on_progress: Told how many rows are scored so far.
    """
    seconds = rows.second_texts
    starts = range(0, len(rows), _ROWS_AT_ONCE)
    batches = (
        (
            rows.texts[start : start + _ROWS_AT_ONCE],
            None if seconds is None else seconds[start : start + _ROWS_AT_ONCE],
        )
        for start in starts
    )
    parts = []
    for number, scored in enumerate(scorer.score_batches(batches), start=1):
        parts.append(
            RowScores(
                scored.probabilities.astype(np.float64),
                scored.n_tokens.astype(np.int64),
                scored.truncated,
                scored.logits.astype(np.float64),
            )
        )
        if on_progress is not None:
            on_progress(min(number * _ROWS_AT_ONCE, len(rows)))
    return RowScores(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.n_tokens for part in parts]),
        np.concatenate([part.truncated for part in parts]),
        np.concatenate([part.logits for part in parts if part.logits is not None]),
    )


def evaluated_labels(config: EvaluateConfig, spec: ModelSpec) -> tuple[str, ...]:
    """The labels to judge, in the model's order.

    Raises:
        InputError: A label to judge is not the model's, or there is none.
    """
    unknown = [name for name in config.only if name not in spec.labels]
    if unknown:
        raise InputError(
            f"The model has no label {unknown[0]!r} of ‹only›.",
            remedy=f"It has {', '.join(spec.labels)}.",
        )
    known = set(config.only or spec.labels) & set(config.label_columns or spec.labels)
    if not known:
        raise InputError(
            "No column of ‹label_columns› is a label of the model.",
            remedy=f"It has {', '.join(spec.labels)}.",
        )
    return tuple(name for name in spec.labels if name in known)


def truth_of(
    rows: LabelledRows, labels: Sequence[str], config: EvaluateConfig
) -> NDArray[np.float32]:
    """Truth of rows; float32, shape (n_rows, n_labels).

    Raises:
        InputError: Rows have labels that are not judged, and nobody said so.
    """
    unknown = {name for names in rows.label_sets for name in names} - set(labels)
    if unknown and not config.only:
        raise InputError(
            f"{len(unknown)} labels of the rows are not the model's: {min(unknown)!r} is one.",
            remedy="Name the labels to judge: ‹only› NAME,NAME,…",
        )
    return to_targets(keep_labels(rows.label_sets, labels), labels)


def make_predictions(
    config: EvaluateConfig,
    rows: LabelledRows,
    labels: Sequence[str],
    spec: ModelSpec,
    probabilities: Floats,
) -> Predictions:
    """Probabilities and truth of the labels to judge.

    Raises:
        InputError: A sampling weight is no positive number.
    """
    columns = [spec.labels.index(name) for name in labels]
    return Predictions.of(
        labels,
        probabilities[:, columns],
        truth_of(rows, labels, config),
        weights=_weights(rows.columns, config.weight_column),
        authors=_authors(rows.columns, config.author_column),
    )


def _weights(columns: Mapping[str, list[object]], name: str | None) -> Floats | None:
    if name is None:
        return None
    try:
        return np.array([float(str(value)) for value in columns[name]], np.float64)
    except ValueError:
        raise InputError(
            f"Column {name} holds something that is no number.",
            remedy="‹weight_column› names the inverse of each document's chance of being sampled.",
        ) from None


def _authors(columns: Mapping[str, list[object]], name: str | None) -> list[str | None] | None:
    if name is None:
        return None
    return [None if value is None else str(value) for value in columns[name]]
