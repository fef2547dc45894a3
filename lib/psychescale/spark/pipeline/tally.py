"""What has come out of a run, counted by reason."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from psychescale.errors import RowError


@dataclass
class Tally:
    """What has come out so far, from the committed micro-batches alone.

    Attributes:
        rows: Rows written.
        failed: Rows that failed, by reason.
        sums: What else the stream has counted, by name.
        seconds: How long the stream has run.
    """

    rows: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    _seen: set[int] = field(default_factory=set)

    @property
    def done(self) -> int:
        """Rows that did not fail."""
        return self.rows - sum(self.failed.values())

    @property
    def tokens(self) -> int:
        """Content tokens of the scored texts."""
        return self.sums["tokens"]

    @property
    def computed_tokens(self) -> int:
        """Tokens the model computed, special tokens and padding included."""
        return self.sums["computed_tokens"]

    def add(self, batch_id: int, observed: Mapping[str, int]) -> None:
        """Count a micro-batch, once: its `rows`, its failures under their reasons, and sums."""
        if batch_id in self._seen:
            return
        self._seen.add(batch_id)
        reasons = {reason.value for reason in RowError}
        for name, count in observed.items():
            if name == "rows":
                self.rows += count
            elif count:
                (self.failed if name in reasons else self.sums)[name] += count
