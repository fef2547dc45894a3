"""Findings that overlap, resolved by one written rule."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator

from psychescale.text.findings import Finding, PiiType

_ORDER = {kind: rank for rank, kind in enumerate(PiiType)}


def resolve_overlaps(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Disjoint findings in the order of the text; every code point found stays covered.

    The rule: **the longest finding wins; then the higher confidence; then the type that comes first
    in `PiiType`; then the source's name.** What a loser covers beyond the winner stays a finding of
    the loser's type if a letter or digit is in it, cut to its outermost ones: a winner must not
    uncover what another recognizer had found.

    Args:
        findings: Spans in `text`, in any order.
        text: The text that they point into.
    """
    kept: list[Finding] = []
    for cluster in _clusters(sorted({f for f in findings if f.start < f.end})):
        kept += cluster if len(cluster) == 1 else _resolve(cluster, text)
    return kept


def _clusters(ordered: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Findings that hang together by overlaps; what is far apart is never compared."""
    cluster: list[Finding] = []
    end = 0
    for finding in ordered:
        if cluster and finding.start >= end:
            yield cluster
            cluster = []
        cluster.append(finding)
        end = max(end, finding.end)
    if cluster:
        yield cluster


def _resolve(cluster: Iterable[Finding], text: str) -> list[Finding]:
    kept: list[Finding] = []
    covered: list[tuple[int, int]] = []  # of `kept`, disjoint, in order
    for finding in sorted(cluster, key=_by_weight):
        parts = _uncovered(finding, covered, text)
        kept.extend(parts)
        for part in parts:
            insort(covered, (part.start, part.end))
    return sorted(kept)


def _by_weight(finding: Finding) -> tuple[int, float, int, int, str]:
    return (
        finding.start - finding.end,
        -finding.confidence,
        _ORDER[finding.type],
        finding.start,
        finding.source,
    )


def _uncovered(finding: Finding, covered: list[tuple[int, int]], text: str) -> list[Finding]:
    """Parts of `finding` outside the spans in `covered`."""
    start, end = finding.start, finding.end
    first = max(0, bisect_right(covered, (start,)) - 1)
    last = bisect_left(covered, (end,))
    winners = [span for span in covered[first:last] if span[1] > start]
    if not winners:
        return [finding]
    parts, position = [], start
    for low, high in [*winners, (end, end)]:
        parts.append((position, low))
        position = max(position, high)
    trimmed = (_trim(text, low, high) for low, high in parts if low < high)
    return [
        Finding(low, high, finding.type, finding.source, finding.confidence)
        for low, high in trimmed
        if low < high
    ]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    return start, end
