"""Measures of found identifiers equal counts by hand, and a slow reference."""

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import InputError
from psychescale.evaluation.pii.detection import Counts, PiiMeasures, measure_pii
from psychescale.evaluation.pii.gold import LABEL_MAPS, GoldText, read_gold
from psychescale.evaluation.pii.matching import (
    Span,
    match_iou,
    match_overlap,
    merge_for_iou,
    token_ranges,
)
from psychescale.text.findings import PiiType

TEXT = "Anna Lee met Bo in Oslo, he said."
ANNA, BO, OSLO = Span(0, 8, "NAME"), Span(13, 15, "NAME"), Span(19, 23, "LOCATION")
LENGTH = 24


@st.composite
def apart(draw: st.DrawFn) -> list[Span]:
    """Spans of a text of `LENGTH` characters that do not overlap."""
    borders = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    return [Span(start, end, draw(st.sampled_from(["A", "B"]))) for start, end in pairs]


def measure(gold: Sequence[Span], found: Sequence[Span], text: str = TEXT) -> PiiMeasures:
    return measure_pii([text], [gold], [found])


class TestByHand:
    def test_perfect(self) -> None:
        """What equals the truth has every measure at one, and leaks nothing."""
        found = measure([ANNA, BO, OSLO], [OSLO, ANNA, BO])

        assert Counts(3, 0, 0) == found.overall.strict == found.overall.overlap == found.iou
        assert Counts(14, 0, 0) == found.characters
        assert (
            found.documents,
            found.documents_without_leak,
            found.documents_all_found,
        ) == (1, 1, 1)
        assert found.overall.leaked == 0

    def test_part_of_a_span(self) -> None:
        """Half of a name is an overlap, but neither strict nor found; its rest leaks."""
        found = measure([ANNA], [Span(0, 4, "NAME")])

        assert Counts(0, 1, 1) == found.overall.strict
        assert Counts(1, 0, 0) == found.overall.overlap
        assert Counts(4, 0, 4) == found.characters
        assert (found.overall.spans, found.overall.found) == (1, 0)
        assert (found.overall.characters, found.overall.leaked) == (8, 4)
        assert found.documents_without_leak == 0
        assert Counts(1, 0, 1) == found.tokens

    def test_three_quarters_are_found(self) -> None:
        """At exactly 75 % of its characters a span counts as found, below that it does not."""
        assert measure([ANNA], [Span(0, 6, "X")]).overall.found == 1
        assert measure([ANNA], [Span(0, 5, "X")]).overall.found == 0

    def test_pieces_of_any_type_add_up(self) -> None:
        """Several predictions of other types cover a span together."""
        found = measure([ANNA], [Span(0, 4, "USER"), Span(5, 8, "LOCATION")])

        assert found.overall.found == 1
        assert found.overall.leaked == 1
        assert Counts(0, 2, 1) == found.overall.strict
        assert Counts(0, 0, 1) == found.by_type["NAME"].overlap
        assert Counts(0, 1, 0) == found.by_type["USER"].overlap
        assert Counts(1, 0, 0) == found.iou  # merged over the blank

    def test_a_wrong_type_counts_in_characters_only(self) -> None:
        """Type decides strict and overlap counts, not characters and spans found."""
        found = measure([OSLO], [OSLO._replace(type="NAME")])

        assert Counts(0, 1, 1) == found.overall.strict
        assert Counts(0, 1, 1) == found.overall.overlap
        assert Counts(4, 0, 0) == found.characters
        assert found.by_type["LOCATION"].found == 1

    def test_texts_without_identifiers(self) -> None:
        """A prediction in a text without gold is over-redaction; such texts are no documents."""
        found = measure_pii([TEXT, TEXT, TEXT], [[], [], [BO]], [[OSLO], [], [BO]])

        assert (found.negatives, found.negatives_touched) == (2, 1)
        assert (found.documents, found.documents_without_leak) == (1, 1)
        assert found.as_json()["over_redaction_rate"] == 0.5

    def test_f2(self) -> None:
        """F2 of precision 1/2 and recall 1/3 is 5 · (1/6) / (4/2 + 1/3) = 5/14."""
        counts = Counts(hits=1, false=1, missed=2)

        assert (0.5, pytest.approx(1 / 3), pytest.approx(5 / 14)) == (
            counts.precision,
            counts.recall,
            counts.f2,
        )

    def test_nothing_has_no_measure(self) -> None:
        """Where nothing is true and nothing found there is no rate to state."""
        found = measure([], []).as_json()

        assert [found["characters"][name] for name in ("precision", "recall", "f2")] == [
            None,
            None,
            None,
        ]
        assert found["documents_without_leak_rate"] is None

    def test_punctuation_is_left_out_of_the_union(self) -> None:
        """For intersection over union, blanks and punctuation at the ends do not count."""
        assert merge_for_iou(TEXT, [Span(12, 16, "NAME")]) == [(13, 15)]
        assert merge_for_iou(TEXT, [Span(23, 24, "NAME")]) == []

    def test_tokens_are_runs_of_non_blanks(self) -> None:
        """Words keep the punctuation that touches them."""
        assert token_ranges("a, b.".replace(" ", "  ")) == [(0, 2), (4, 6)]

    def test_as_json_holds_no_text(self) -> None:
        """The outcome can be written anywhere: numbers and names of types."""
        written = json.dumps(measure([ANNA], [OSLO]).as_json())

        assert not any(word in written for word in ("Anna", "Oslo"))


class TestAgainstASlowReference:
    @given(gold=apart(), found=apart())
    def test_characters(self, gold: list[Span], found: list[Span]) -> None:
        """Character counts equal a loop over characters."""

        def covered(spans: list[Span], at: int) -> bool:
            return any(span.start <= at < span.end for span in spans)

        pairs = [(covered(gold, at), covered(found, at)) for at in range(LENGTH)]
        expected = Counts(
            pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False))
        )
        result = measure(gold, found, "x" * LENGTH)

        assert expected == result.characters
        assert expected.missed == result.overall.leaked
        assert expected.missed == sum(m.leaked for m in result.by_type.values())

    @given(gold=apart(), found=apart())
    def test_overlap_is_a_largest_matching(self, gold: list[Span], found: list[Span]) -> None:
        """Pairs with common characters are as many as the best assignment allows."""
        assert _best_matching(gold, found) == match_overlap(gold, found)

    @given(gold=apart(), found=apart())
    def test_intersection_over_union(self, gold: list[Span], found: list[Span]) -> None:
        """Pairs at .75 equal those found by comparing sets of characters."""
        ours, theirs = [(s.start, s.end) for s in gold], [(s.start, s.end) for s in found]
        expected = sum(
            len(set(range(*one)) & set(range(*other)))
            >= 0.75 * len(set(range(*one)) | set(range(*other)))
            for one, other in itertools.product(ours, theirs)
        )

        assert expected == match_iou(ours, theirs, at_least=0.75)

    @given(gold=apart(), found=apart())
    def test_counts_add_up(self, gold: list[Span], found: list[Span]) -> None:
        """Hits and misses are the gold spans, hits and false alarms the predicted ones."""
        overall = measure(gold, found, "x" * LENGTH).overall

        for counts in (overall.strict, overall.overlap):
            assert len(gold) == counts.hits + counts.missed
            assert len(found) == counts.hits + counts.false
        assert overall.strict.hits <= overall.overlap.hits


def _best_matching(gold: list[Span], found: list[Span]) -> int:
    if not gold:
        return 0
    first, rest = gold[0], gold[1:]
    partners = [s for s in found if s.start < first.end and first.start < s.end]
    used = [1 + _best_matching(rest, [s for s in found if s != p]) for p in partners]
    return max([_best_matching(rest, found), *used])


class TestInput:
    def test_spans_outside_of_their_text(self) -> None:
        """A span beyond the end is refused, by the number of its text and none of its words."""
        with pytest.raises(InputError, match="Text number 0") as error:
            measure([Span(0, len(TEXT) + 1, "NAME")], [])

        assert "Anna" not in str(error.value)

    def test_lists_of_differing_length(self) -> None:
        """Each text needs its lists."""
        with pytest.raises(InputError, match="2 texts"):
            measure_pii([TEXT, TEXT], [[]], [[], []])

    def test_own_labels(self, tmp_path: Path) -> None:
        """A file of no known set keeps its labels."""
        path = _write(tmp_path / "mine.jsonl", "NAME")

        assert [GoldText("1", "Anna", (Span(0, 4, "NAME"),))] == read_gold(path)

    def test_labels_of_a_known_set(self, tmp_path: Path) -> None:
        """Labels of a known set become ours, and what it does not count is left out."""
        assert [(Span(0, 4, "NAME"),)] == [
            row.spans for row in read_gold(_write(tmp_path / "wnut17_train.jsonl", "person"))
        ]
        assert [
            row.spans for row in read_gold(_write(tmp_path / "wnut17_train.jsonl", "product"))
        ] == [()]

    @pytest.mark.parametrize(
        "line", ["{", '{"id": 1}', "[]", '{"id": 1, "text": "", "spans": [1]}']
    )
    def test_a_broken_line(self, tmp_path: Path, line: str) -> None:
        """The message names file and line."""
        (tmp_path / "x.jsonl").write_text("\n" + line, encoding="utf-8")

        with pytest.raises(InputError, match=r"x\.jsonl, line 2"):
            read_gold(tmp_path / "x.jsonl")

    def test_no_file(self, tmp_path: Path) -> None:
        """A missing file is an input error."""
        with pytest.raises(InputError, match="no file"):
            read_gold(tmp_path / "x.jsonl")

    def test_maps_lead_to_our_types(self) -> None:
        """Every label of a public set stands for one of our types."""
        assert {PiiType(value).value for known in LABEL_MAPS.values() for value in known.values()}

    @pytest.mark.parametrize("name", sorted(LABEL_MAPS))
    def test_public_sets(self, shared_data: Path, name: str) -> None:
        """Every text of the public sets is read, and every label of a set is known or left out."""
        path = shared_data / "pii" / f"{name}.jsonl"
        rows = read_gold(path)
        texts, spans = [row.text for row in rows], [row.spans for row in rows]

        assert measure_pii(texts, spans, spans).overall.leaked == 0


def _write(path: Path, label: str) -> Path:
    span = {"start": 0, "end": 4, "label": label}
    path.write_text(json.dumps({"id": 1, "text": "Anna", "spans": [span]}), encoding="utf-8")
    return path
