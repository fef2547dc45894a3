"""Overlapping findings: the longest wins, and nothing found is uncovered again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from psychescale.text.findings import Finding, PiiType
from psychescale.text.overlaps import resolve_overlaps

TEXT = "Dr. Nora Whitlock, 12 Elm Street, 555-0134, seen 3 May 2021 at St. Mary's"
SPANS = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 30)).map(
    lambda pair: (pair[0], min(len(TEXT), pair[0] + pair[1]))
)
FINDINGS = st.lists(
    st.builds(
        lambda span, kind, confidence: Finding(*span, kind, "rule:x", confidence),
        SPANS,
        st.sampled_from(list(PiiType)),
        st.sampled_from([0.3, 0.6, 0.9]),
    ),
    max_size=12,
)


def make(start: int, end: int, kind: PiiType, confidence: float = 0.5) -> Finding:
    return Finding(start, end, kind, "rule:x", confidence)


class TestRule:
    def test_longest_wins(self) -> None:
        """A longer finding swallows a shorter one inside it, whatever their confidence."""
        long, short = make(0, 17, PiiType.NAME, 0.1), make(4, 8, PiiType.USER, 0.9)

        assert resolve_overlaps([short, long], TEXT) == [long]

    def test_confidence_then_type(self) -> None:
        """Of equally long ones the more confident wins, then the type that `PiiType` lists first."""
        sure, unsure = make(4, 8, PiiType.USER, 0.9), make(4, 8, PiiType.NAME, 0.2)
        assert resolve_overlaps([unsure, sure], TEXT) == [sure]

        name, user = make(4, 8, PiiType.NAME), make(4, 8, PiiType.USER)
        assert resolve_overlaps([user, name], TEXT) == [name]

    def test_the_rest_of_a_loser_stays(self) -> None:
        """What a loser covers beyond the winner is kept, without punctuation at its edges."""
        winner, loser = make(0, 17, PiiType.NAME), make(9, 21, PiiType.ADDRESS)

        assert resolve_overlaps([winner, loser], TEXT) == [winner, make(19, 21, PiiType.ADDRESS)]

    @given(findings=FINDINGS)
    def test_disjoint_sorted_and_covering(self, findings: list[Finding]) -> None:
        """The result is sorted and disjoint and covers every letter and digit found."""
        resolved = resolve_overlaps(findings, TEXT)

        for before, after in pairwise(resolved):
            assert before.end <= after.start
        covered = {i for f in resolved for i in range(f.start, f.end)}
        found = {i for f in findings for i in range(f.start, f.end)}
        assert {i for i in found - covered if TEXT[i].isalnum()} == set()
        assert covered <= found

    @given(findings=FINDINGS, seed=st.randoms())
    def test_order_does_not_matter(self, findings: list[Finding], seed: object) -> None:
        """The result is the same for every order of the findings."""
        shuffled = list(findings)
        seed.shuffle(shuffled)  # type: ignore[attr-defined]

        assert resolve_overlaps(shuffled, TEXT) == resolve_overlaps(findings, TEXT)
