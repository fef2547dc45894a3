"""The design of a sample: which texts were drawn, from which stratum, with what chance."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from psychescale.errors import InputError

_ENDING = ".design.json"
_KIND = "psychescale sample"


@dataclass(frozen=True)
class Stratum:
    """A part of the corpus from which texts were drawn at random.

    Attributes:
        name: What parts it from others, as JSON.
        size: Its texts.
        drawn: Those drawn; each had the chance ``drawn / size``.
    """

    name: str
    size: int
    drawn: int


@dataclass(frozen=True)
class SampleDesign:
    """How a sample was drawn.

    Attributes:
        scoring_id: Of the scores.
        table: The score table's own id, and the version that was read.
        seed: Of the draw.
        labels: To annotate.
        raters: Names of the raters; empty for one.
        strata: In the order of their numbers.
        stratum_of: Drawn id → number of its stratum.
    """

    scoring_id: str
    table: str
    seed: int
    labels: tuple[str, ...]
    raters: tuple[str, ...]
    strata: tuple[Stratum, ...]
    stratum_of: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 over all of it."""
        plain = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(plain.encode()).hexdigest()

    def chance(self, ident: str) -> float:
        """The inclusion probability of a drawn text."""
        stratum = self.strata[self.stratum_of[ident]]
        return stratum.drawn / stratum.size

    def write(self, sheet: Path) -> Path:
        """Write it beside a sheet, mode 0600: it holds ids, and strata a rater must not see."""
        path = design_beside(sheet)
        chances = {ident: self.chance(ident) for ident in self.stratum_of}
        content = {"kind": _KIND, "digest": self.digest, **asdict(self), "chance": chances}
        write_private(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        return path


def design_beside(sheet: Path) -> Path:
    """Where the design of a sheet is."""
    return sheet.with_name(sheet.name.partition(".")[0] + _ENDING)


def read_design(path: Path) -> SampleDesign:
    """A design that `sample` wrote.

    Raises:
        InputError: It is not there, is none, or was changed since.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(
            "The sheet has no design beside it.",
            remedy="Without the chances of the draw no estimate is right: name the .design.json that "
            "`psychescale sample` wrote with ‹design›.",
        ) from None
    if content.get("kind") != _KIND:
        raise InputError("‹design› is no design of `psychescale sample`.", remedy="Check ‹design›.")
    design = SampleDesign(
        content["scoring_id"],
        content["table"],
        content["seed"],
        tuple(content["labels"]),
        tuple(content["raters"]),
        tuple(Stratum(**one) for one in content["strata"]),
        content["stratum_of"],
    )
    if design.digest != content["digest"]:
        raise InputError(
            "‹design› was changed after the draw.",
            remedy="Take the file as `psychescale sample` wrote it: chances that were edited are none.",
        )
    return design


def write_private(path: Path, content: str) -> None:
    """Write a file of mode 0600."""
    path.touch(mode=0o600)
    path.write_text(content, encoding="utf-8")


def dealt_out(
    ids: Sequence[str], raters: Sequence[str], overlap: int
) -> list[tuple[str, str | None]]:
    """Lines of a sheet: id and rater; the first `overlap` ids go to every rater, the others in turn."""
    if not raters:
        return [(ident, None) for ident in ids]
    shared: list[tuple[str, str | None]] = [
        (ident, rater) for rater in raters for ident in ids[:overlap]
    ]
    rest = [(ident, raters[i % len(raters)]) for i, ident in enumerate(ids[overlap:])]
    return [*shared, *rest]
