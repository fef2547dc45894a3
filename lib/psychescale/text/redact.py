"""Redaction of a text: normalize, find, resolve, replace, check. Failing closed.

Every text either comes back redacted or raises `RedactionError`; its caller puts it into quarantine.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, ParamSpec, TypeVar

from psychescale.errors import PsychescaleError
from psychescale.text import rules
from psychescale.text.findings import Finding, PiiType
from psychescale.text.gate import may_hold_name
from psychescale.text.guard import keep_clinical
from psychescale.text.handles import Handles
from psychescale.text.layout import Laid, undo_layout
from psychescale.text.ner import NerModel, is_plausible
from psychescale.text.normalize import Normalized, fold, lower, normalize
from psychescale.text.overlaps import resolve_overlaps
from psychescale.text.passages import split_windows
from psychescale.text.repeats import repeated_names
from psychescale.text.replacement.operators import PLACEHOLDER, DocumentContext, Operators
from psychescale.text.rules.rule import View

REDACTOR_VERSION: Final = "3"
"""Changes with every change of what is found or of how it is replaced."""

MASK: Final = "\ufffc"
"""Stands for what is already a placeholder while rules look: no letter of any rule."""

HARD: Final = frozenset(
    {
        PiiType.EMAIL, PiiType.PHONE, PiiType.NATIONAL_ID, PiiType.CARD, PiiType.IBAN, PiiType.RECORD,
        PiiType.ACCOUNT, PiiType.LICENSE, PiiType.IP, PiiType.MAC, PiiType.VEHICLE, PiiType.DEVICE,
    }
)  # fmt: skip
"""Types whose values must be nowhere in the redacted text, not even where no rule saw them."""

_MIN_HARD: Final = 4
_FEW_HARD: Final = (
    16  # so many are looked for one by one, which is faster for texts of usual length
)
_CHECK_EVERY: Final = 65_536  # characters between two looks at the clock
_P = ParamSpec("_P")
_T = TypeVar("_T")
_NO_DOCUMENT: Final = DocumentContext()


class RedactionError(PsychescaleError):
    """A text could not be redacted; nothing of it may be passed on."""

    exit_code = 5
    reason: ClassVar[str] = "failed"
    """Why, for the table of quarantined texts."""


class RedactionTimeoutError(RedactionError):
    """A text took more time than the limit."""

    reason: ClassVar[str] = "timeout"


@dataclass(frozen=True)
class RedactionOptions:
    """How texts are redacted.

    Attributes:
        operators: What takes the place of a finding.
        excluded: Types to leave in the text; a decision that the run must record.
        timeout_s: Longest time for one text in either half of tier 1 (finding, replacing), checked at
            every window of the text and every value.
    """

    operators: Operators = field(default_factory=Operators)
    excluded: frozenset[PiiType] = frozenset()
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted text.

    Attributes:
        text: Normalized, with every finding replaced.
        findings: Disjoint, in order, with offsets in the original text. They point at identifiers:
            never to be stored beside the text.
        counts: Type → number of findings; types without any are not in it.
    """

    text: str
    findings: list[Finding] = field(repr=False)
    counts: Mapping[PiiType, int]


class Redactor:
    """Redacts texts, one by one or in batches.

    Args:
        options: Operators, exclusions, time limit.
        handles: The corpus's own authors.
        tagger: A model for names; None leaves tier 1 alone.
    """

    def __init__(
        self,
        options: RedactionOptions | None = None,
        *,
        handles: Handles | None = None,
        tagger: NerModel | None = None,
    ) -> None:
        self._options = options or RedactionOptions()
        self._handles = handles or Handles()
        self._tagger = tagger

    def redact(self, text: str, document: DocumentContext = _NO_DOCUMENT) -> Redacted:
        """One text, redacted.

        Raises:
            RedactionError: It could not be processed, or not in time.
        """
        (result,) = self.redact_batch([text], [document])
        if isinstance(result, RedactionError):
            raise result
        return result

    def redact_batch(
        self, texts: Sequence[str], documents: Sequence[DocumentContext] | None = None
    ) -> list["Redacted | RedactionError"]:
        """A result for every text, in order: redacted, or the error that quarantines it.

        An error of the tagger is one of its batch: it is raised as it is, so that the task fails.
        """
        documents = documents or [_NO_DOCUMENT] * len(texts)
        drafts = [_guarded(self._tier_1, text) for text in texts]
        self._tier_2([draft for draft in drafts if isinstance(draft, _Draft)])
        return [
            draft if isinstance(draft, RedactionError) else _guarded(self._finish, draft, document)
            for draft, document in zip(drafts, documents, strict=True)
        ]

    def _tier_1(self, text: str) -> "_Draft":
        normal = normalize(text)
        deadline = time.monotonic() + self._options.timeout_s
        masked = fold(_mask(normal.text))
        laid = undo_layout(masked)
        found: set[Finding] = set()
        for offset, window in split_windows(laid.text):
            _check(deadline)
            found.update(_moved(rules.find(View.of(window)), offset))
            if self._handles.any:
                found.update(_moved(self._handles.find(window), offset))
        kept = [f for f in found if f.type not in self._options.excluded]
        return _Draft(normal, masked, _in_source(kept, laid))

    def _tier_2(self, drafts: list["_Draft"]) -> None:
        if self._tagger is None:
            return
        chosen = [draft for draft in drafts if may_hold_name(draft.masked)]
        if not chosen:
            return
        results = self._tagger.find([draft.normal.text for draft in chosen])
        for draft, findings in zip(chosen, results, strict=True):
            for finding in findings:
                if finding.type not in self._options.excluded:
                    draft.found.extend(_outside_masks(finding, draft.masked))

    def _finish(self, draft: "_Draft", document: DocumentContext) -> Redacted:
        text = draft.normal.text
        if not draft.found:
            return Redacted(text, [], {})
        deadline = time.monotonic() + self._options.timeout_s
        low = lower(draft.masked)
        found = keep_clinical(draft.found, draft.masked, low)
        if PiiType.NAME not in self._options.excluded:
            found += repeated_names(found, low)
        findings = resolve_overlaps(found, text)
        pieces: list[str] = []
        position = 0
        for finding in findings:
            value = text[finding.start : finding.end]
            pieces += (
                text[position : finding.start],
                self._options.operators.replace(finding.type, value, document),
            )
            position = finding.end
        pieces.append(text[position:])
        redacted = _without_rest("".join(pieces), findings, text, deadline)
        originals = [_in_original(finding, draft.normal) for finding in findings]
        return Redacted(redacted, originals, Counter(f.type for f in findings))


@dataclass(slots=True)
class _Draft:
    """A text between the tiers.

    Attributes:
        normal: Normalized, with the map back.
        masked: Folded for matching, placeholders masked; as long as `normal.text`.
        found: Findings so far, offsets in `normal.text`.
    """

    normal: Normalized
    masked: str
    found: list[Finding]


def _guarded(work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | RedactionError:
    """`work` done, or an error that holds no word of the text, nor a cause that would."""
    try:
        return work(*args, **kwargs)
    except RedactionError as error:
        return error
    except TimeoutError:
        return _too_slow()
    except Exception as error:  # noqa: BLE001 - whatever it is, the text must not be passed on
        name = type(error).__name__
    return RedactionError(f"A text could not be redacted ({name}).", remedy="Quarantine it.")


def _mask(text: str) -> str:
    if "[" not in text:
        return text
    return PLACEHOLDER.sub(lambda match: MASK * len(match[0]), text)


def _moved(findings: Iterable[Finding], offset: int) -> Iterable[Finding]:
    if not offset:
        return findings
    return [
        Finding(f.start + offset, f.end + offset, f.type, f.source, f.confidence) for f in findings
    ]


def _in_source(findings: list[Finding], laid: Laid) -> list[Finding]:
    if laid.starts is None:
        return findings
    return [
        Finding(*laid.to_source(f.start, f.end), f.type, f.source, f.confidence) for f in findings
    ]


def _outside_masks(finding: Finding, masked: str) -> list[Finding]:
    """`finding` to the edges of its words and without what is a placeholder already."""
    start, end = max(0, finding.start), min(finding.end, len(masked))
    while 0 < start < end and masked[start].isalnum() and masked[start - 1].isalnum():
        start -= 1
    while start < end < len(masked) and masked[end - 1].isalnum() and masked[end].isalnum():
        end += 1
    parts, position = [], start
    for piece in masked[start:end].split(MASK):
        if any(char.isalnum() for char in piece) and is_plausible(finding.type, piece):
            parts.append(
                Finding(
                    position,
                    position + len(piece),
                    finding.type,
                    finding.source,
                    finding.confidence,
                )
            )
        position += len(piece) + 1
    return parts


def _without_rest(redacted: str, findings: Sequence[Finding], text: str, deadline: float) -> str:
    """Replaces what is left of hard identifiers: the same number a second time, without context."""
    hard = {text[f.start : f.end].strip(): f.type for f in findings if f.type in HARD}
    left = {value: kind for value, kind in hard.items() if len(value) >= _MIN_HARD}
    if len(left) <= _FEW_HARD:
        left = {value: kind for value, kind in left.items() if value in redacted}
    return _replace_all(redacted, left, deadline) if left else redacted


def _replace_all(text: str, values: Mapping[str, PiiType], deadline: float) -> str:
    """Every value replaced, the longest first, in one pass whatever their number."""
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for value in values:
        lengths[value[:_MIN_HARD]].add(len(value))
    pieces: list[str] = []
    position = done = checked = 0
    while position < len(text):
        if position >= checked:
            _check(deadline)
            checked = position + _CHECK_EVERY
        for length in sorted(lengths.get(text[position : position + _MIN_HARD], ()), reverse=True):
            kind = values.get(text[position : position + length])
            if kind is not None:
                pieces += (text[done:position], f"[{kind.value}]")
                position = done = position + length
                break
        else:
            position += 1
    return "".join([*pieces, text[done:]])


def _check(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise _too_slow()


def _too_slow() -> RedactionTimeoutError:
    return RedactionTimeoutError(
        "A text took more time than the limit.", remedy="Quarantine it, or raise the time limit."
    )


def _in_original(finding: Finding, normal: Normalized) -> Finding:
    start, end = normal.to_original(finding.start, finding.end)
    return Finding(start, end, finding.type, finding.source, finding.confidence)
