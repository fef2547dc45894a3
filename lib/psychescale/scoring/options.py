"""How texts are scored, and what a person states of a model: everything that may change a number."""

from collections.abc import Sequence
from dataclasses import dataclass

from psychescale.errors import UsageError
from psychescale.model.checkpoint import Checkpoint
from psychescale.model.spec import Activation, LongText, ModelSpec, Precision, read_model


@dataclass(frozen=True)
class ScoringOptions:
    """Choices of a run.

    Attributes:
        long_text: Policy for texts that are longer than one window; None takes the model's own.
        stride: Tokens that two neighbouring windows share (the meaning transformers gives the word),
            at most half of a window; None takes the model's own.
        max_windows: Most windows read of one text; what lies behind sets `truncated`.
        precision: Number format of weights and computation.
        device: A torch device; None chooses one.
        max_batch_tokens: Token budget of a batch; None takes the device's default. Changes speed and
            memory, not numbers.
    """

    long_text: LongText | None = None
    stride: int | None = None
    max_windows: int = 64
    precision: Precision = "fp32"
    device: str | None = None
    max_batch_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.stride is not None and self.stride < 0:
            raise UsageError(
                f"‹stride› {self.stride} is negative.", remedy="Give a number of tokens."
            )
        if self.max_windows < 1:
            raise UsageError(
                f"‹max_windows› {self.max_windows} leaves nothing to read.",
                remedy="Give 1 or more.",
            )


@dataclass(frozen=True)
class ModelRequest:
    """A model, and everything that may be said of it; the keys of `score` have the same names.

    Attributes:
        model: A folder, or a hub id with `revision`.
        revision: Commit of a hub id, 40 hex digits.
        labels: Names that replace the checkpoint's, in the order of the logits.
        allow_generic_labels: Accept names such as ``LABEL_0``.
        activation: Where the checkpoint does not say.
        max_length: Longest window in tokens; None takes the model's own.
        long_text: As in `ScoringOptions`, like all that follow.
        stride: Tokens that two neighbouring windows share.
        max_windows: Most windows read of one text.
        precision: Number format of weights and computation.
        device: A torch device; None chooses one.
        max_batch_tokens: Token budget of a batch.
    """

    model: str
    revision: str | None = None
    labels: Sequence[str] = ()
    allow_generic_labels: bool = False
    activation: Activation | None = None
    max_length: int | None = None
    long_text: LongText | None = None
    stride: int | None = None
    max_windows: int = 64
    precision: Precision = "fp32"
    device: str | None = None
    max_batch_tokens: int | None = None

    def resolve(self) -> tuple[Checkpoint, ModelSpec, ScoringOptions]:
        """The model's files, what is known of it, and how it scores; without loading it.

        Raises:
            ModelError: Something is missing or ambiguous; the message names the option to add.
            UsageError: An option is out of its range.
        """
        checkpoint, spec = read_model(
            self.model,
            revision=self.revision,
            labels=self.labels,
            allow_generic_labels=self.allow_generic_labels,
            activation=self.activation,
            max_length=self.max_length,
        )
        options = ScoringOptions(
            self.long_text,
            self.stride,
            self.max_windows,
            self.precision,
            self.device,
            self.max_batch_tokens,
        )
        return checkpoint, spec, options
