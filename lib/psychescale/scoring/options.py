"""How texts are scored, apart from the model: everything that may change a number is here."""

from dataclasses import dataclass

from psychescale.errors import UsageError
from psychescale.model.spec import LongText, Precision


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
