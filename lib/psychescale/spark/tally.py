"""What has come out of a run, counted by reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from psychescale.errors import RowError


@dataclass
class Tally:
    """What has come out so far, from the committed micro-batches alone.

    Attributes:
        rows: Rows written.
        failed: Rows without a score, by reason.
        tokens: Content tokens of the scored texts.
        computed_tokens: Tokens the model computed, special tokens and padding included.
        seconds: How long the stream has run.
    """

    rows: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    tokens: int = 0
    computed_tokens: int = 0
    seconds: float = 0.0
    _seen: set[int] = field(default_factory=set)

    @property
    def scored(self) -> int:
        """Rows with a score."""
        return self.rows - sum(self.failed.values())

    def add(self, batch_id: int, observed: Mapping[str, int]) -> None:
        """Count a micro-batch, once."""
        if batch_id in self._seen:
            return
        self._seen.add(batch_id)
        self.rows += observed["rows"]
        self.tokens += observed["tokens"]
        self.computed_tokens += observed["computed_tokens"]
        for reason in RowError:
            if observed[reason.value]:
                self.failed[reason.value] = (
                    self.failed.get(reason.value, 0) + observed[reason.value]
                )
