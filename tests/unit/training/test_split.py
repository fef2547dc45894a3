"""Splits keep authors and near-duplicates whole, hold each label's share, and show their leaks."""

import hashlib
import hmac
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from psychescale.errors import InputError, UsageError
from psychescale.training.split.leaks import Leak, count_dropped, find_leaks, resolve_leaks
from psychescale.training.split.strategies import (
    PARTS,
    Split,
    group_rows,
    label_shares,
    membership_digest,
    numbered,
    prolific_rows,
    require_parts,
    split_by_source,
    split_by_time,
    split_stratified,
)
from psychescale.training.split.stratify import deal_out

NOBODY = np.zeros(0, np.int64)


def random_targets(n_rows: int, rates: list[float], seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.random((n_rows, len(rates))) < rates).astype(np.float32)


def parts_of(split: Split, n_rows: int) -> NDArray[np.int64]:
    """The part of each row: 0, 1, 2, or 3 for left out."""
    part = np.full(n_rows, -1)
    for number, rows in enumerate((split.train, split.validation, split.test, split.left_out)):
        part[rows] = number
    return part


class TestGroups:
    @given(st.lists(st.tuples(st.integers(-1, 5), st.integers(0, 5)), min_size=1, max_size=25))
    def test_smallest_that_keep_every_membership_whole(self, rows: list[tuple[int, int]]) -> None:
        """Two rows share a group exactly if a chain of common memberships joins them."""
        authors, clusters = (np.array(column) for column in zip(*rows, strict=True))
        expected = list(range(len(rows)))
        for _ in rows:
            for one in range(len(rows)):
                for other in range(len(rows)):
                    if clusters[one] == clusters[other] or authors[one] == authors[other] >= 0:
                        expected[one] = min(expected[one], expected[other])

        assert expected == group_rows(authors, clusters).tolist()

    def test_unknown_author(self) -> None:
        """Rows without an author are not one author's."""
        authors = numbered([None, "a", None, "a"])

        assert group_rows(authors).tolist() == [0, 1, 2, 1]


class TestStratified:
    @given(st.integers(0, 1000), st.integers(1, 6))
    def test_partition_with_whole_groups(self, seed: int, group_size: int) -> None:
        """Every row is in one part, every group too."""
        targets = random_targets(120, [0.5, 0.1, 0.02], seed)
        groups = np.arange(120) // group_size
        split = split_stratified(targets, groups, validation_share=0.2, test_share=0.2, seed=seed)
        part = parts_of(split, 120)

        assert sorted(set(part.tolist())) == [0, 1, 2]
        assert len({(g, p) for g, p in zip(groups, part, strict=True)}) == len(set(groups))

    def test_even_for_rare_labels(self) -> None:
        """A label of 10 rows gets 6, 2 and 2, where a random split can leave a part without any."""
        targets = np.zeros((1000, 2), np.float32)
        targets[:10, 0] = 1
        targets[5:500, 1] = 1
        split = split_stratified(
            targets, np.arange(1000), validation_share=0.2, test_share=0.2, seed=1
        )
        rare, common = label_shares(targets, ["rare", "common"], split)

        assert rare.positives == (6, 2, 2)
        assert common.positives == (297, 99, 99)
        assert split.counts() == {"train": 600, "validation": 200, "test": 200, "left_out": 0}
        assert rare.deviation < 1e-9

    def test_goemotions(self, shared_data: Path) -> None:
        """All 28 labels of real comments deviate by less than 2 % of their rows."""
        lines = (shared_data / "goemotions" / "dev.tsv").read_text(encoding="utf-8").splitlines()
        targets = np.zeros((len(lines), 28), np.float32)
        for row, line in enumerate(lines):
            targets[row, [int(number) for number in line.split("\t")[1].split(",")]] = 1
        split = split_stratified(
            targets, np.arange(len(lines)), validation_share=0.1, test_share=0.1, seed=0
        )
        shares = label_shares(targets, [str(n) for n in range(28)], split)

        assert all(share.deviation < 0.02 for share in shares if sum(share.positives) >= 100)

    def test_deviation_is_told(self) -> None:
        """Where one author wrote all rows of a label, the split says how far from even it is."""
        targets = np.zeros((100, 2), np.float32)
        targets[:20, 0] = 1
        groups = np.where(np.arange(100) < 20, 0, np.arange(100))
        split = split_stratified(targets, groups, validation_share=0.2, test_share=0.2, seed=0)
        only, absent = label_shares(targets, ["only", "absent"], split)

        assert sorted(only.positives) == [0, 0, 20]
        assert only.deviation >= 0.4
        assert np.isnan(absent.deviation)

    @pytest.mark.parametrize("kind", ["geometric", "zipf"])
    def test_even_for_prolific_authors(self, kind: str) -> None:
        """The most prolific twentieth of authors wrote as much of every part, labels even too."""
        rng = np.random.default_rng(0)
        sizes = rng.geometric(0.2, 1500) if kind == "geometric" else 800 // np.arange(1, 800)
        groups = np.repeat(np.arange(len(sizes)), sizes)
        targets = random_targets(len(groups), [0.3, 0.05, 0.01])
        split = split_stratified(targets, groups, validation_share=0.1, test_share=0.1, seed=0)
        rows = prolific_rows(groups, split)
        shares = np.array(rows) / [len(getattr(split, part)) for part in PARTS]

        assert shares.max() - shares.min() < 0.06
        assert all(one.deviation < 0.03 for one in label_shares(targets, ["a", "b", "c"], split))

    def test_nobody_wrote_twice(self) -> None:
        """Without groups there is no prolific author to tell of."""
        split = Split(np.arange(5), NOBODY, NOBODY, NOBODY)

        assert prolific_rows(np.arange(5), split) is None

    def test_same_seed_same_split(self) -> None:
        """The seed alone decides among equals."""
        targets = random_targets(300, [0.3, 0.05])
        deals = [deal_out(targets, np.arange(300), [0.5, 0.5], seed=s).tolist() for s in (4, 4, 5)]

        assert deals[0] == deals[1] != deals[2]

    @pytest.mark.parametrize("shares", [(0.5, 0.5), (1.2, 0.0), (-0.1, 0.2)])
    def test_impossible_shares(self, shares: tuple[float, float]) -> None:
        """Shares that leave nothing to train on are refused with the flags to change."""
        with pytest.raises(UsageError, match="--validation-share"):
            split_stratified(
                random_targets(10, [0.5]), np.arange(10),
                validation_share=shares[0], test_share=shares[1], seed=0,
            )  # fmt: skip

    def test_empty_part(self) -> None:
        """A part that stays empty, because everything is one author's, is refused by name."""
        with pytest.raises(InputError, match=r"The validation part holds no row.*--validation"):
            split_stratified(
                random_targets(10, [0.5]), np.zeros(10, np.int64),
                validation_share=0.2, test_share=0.2, seed=0,
            )  # fmt: skip


class TestByTime:
    def test_train_before_test_after(self) -> None:
        """Every row of a part lies before every row of the next; rows of one moment stay together."""
        rng = np.random.default_rng(0)
        times = np.datetime64("2020-01-01") + rng.integers(0, 60, 500).astype("timedelta64[D]")
        split = split_by_time(times, np.arange(500), validation_share=0.1, test_share=0.2)

        assert times[split.train].max() < times[split.validation].min()
        assert times[split.validation].max() < times[split.test].min()
        assert abs(len(split.test) - 100) < 20

    def test_author_over_the_border(self) -> None:
        """An author on both sides is kept where the last text is; earlier ones are left out."""
        times = np.array(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"], "datetime64[s]")
        groups = np.array([0, 1, 2, 0])
        split = split_by_time(times, groups, validation_share=0.25, test_share=0.25)

        assert parts_of(split, 4).tolist() == [3, 0, 1, 2]

    def test_missing_time(self) -> None:
        """A row without a time is refused, with the flag for a random split."""
        times = np.array(["NaT", "2020-01-02"], "datetime64[s]")

        with pytest.raises(InputError, match=r"1 rows have no time.*--split random"):
            split_by_time(times, np.arange(2), validation_share=0.1, test_share=0.1)


class TestBySource:
    def test_leave_one_out(self) -> None:
        """The source that is held out is the test; who also wrote elsewhere is not trained on."""
        sources = ["forum"] * 10 + ["notes"] * 4 + [None] * 6
        groups = np.arange(20)
        groups[0] = 11
        split = split_by_source(
            sources, "notes", random_targets(20, [0.5]), groups, validation_share=0.2, seed=0
        )
        part = parts_of(split, 20)

        assert split.test.tolist() == [10, 11, 12, 13]
        assert split.left_out.tolist() == [0]
        assert sorted(set(part.tolist())) == [0, 1, 2, 3]

    def test_unknown_source(self) -> None:
        """A source that no row has is refused, with those there are."""
        with pytest.raises(InputError, match=r"'blogs'.*forum, notes"):
            split_by_source(
                ["forum", "notes"], "blogs", random_targets(2, [0.5]), np.arange(2),
                validation_share=0.2, seed=0,
            )  # fmt: skip


LONG = "i have not slept for a week and nobody here seems to notice or to care at all any more"
PLANTED = [
    LONG,
    "training only one",
    "An  equal TEXT",
    "by an author of both",
    "validation only",
    LONG.replace("week", "month"),
    "an equal text",
    "quite another matter",
]
AUTHORS = ["a", "b", "c", "d", None, "e", "f", "d"]
GIVEN = Split(np.arange(4), np.array([4]), np.arange(5, 8), NOBODY)


class TestLeaks:
    def test_planted(self) -> None:
        """Same text, near-duplicate and same author are found, each under its name."""
        leaks = find_leaks(PLANTED, GIVEN, authors=AUTHORS)
        found = {
            leak.kind: (leak.earlier_rows.tolist(), leak.later_rows.tolist()) for leak in leaks
        }

        assert {("train", "test")} == {(leak.earlier, leak.later) for leak in leaks}
        assert found == {
            "same text": ([2], [6]),
            "near-duplicate": ([0], [5]),
            "same author": ([3], [7]),
        }

    def test_refuse(self) -> None:
        """By default the split is refused with counts, the flag that resolves it, and no text."""
        leaks = find_leaks(PLANTED, GIVEN, authors=AUTHORS)
        with pytest.raises(InputError, match="--on-leak drop-from-train") as error:
            resolve_leaks(GIVEN, leaks, "refuse")

        assert "same text: 1 rows of train, 1 of test" in error.value.problem
        assert "slept" not in str(error.value)

    def test_drop(self) -> None:
        """Dropping takes the rows from train, never from test, and counts them."""
        leaks = find_leaks(PLANTED, GIVEN, authors=AUTHORS)
        sound = resolve_leaks(GIVEN, leaks, "drop-from-train")

        assert sound.train.tolist() == [1]
        assert sound.test.tolist() == [5, 6, 7]
        assert sound.left_out.tolist() == [0, 2, 3]
        assert find_leaks(PLANTED, sound, authors=AUTHORS) == ()
        assert count_dropped(leaks) == {
            "train": {"same text": 1, "near-duplicate": 1, "same author": 1}
        }

    def test_row_that_leaks_twice_counts_once(self) -> None:
        """A training row that validation and test both hold is dropped, and counted, once."""
        split = Split(np.array([0, 3]), np.array([1]), np.array([2]), NOBODY)
        leaks = find_leaks(["same", "same", "same", "other"], split)
        with pytest.raises(InputError):  # validation loses its only row to test
            require_parts(resolve_leaks(split, leaks, "drop-from-train"))

        assert count_dropped(leaks) == {"train": {"same text": 1}, "validation": {"same text": 1}}

    def test_sound_split_is_untouched(self) -> None:
        """Without leaks nothing changes under either choice."""
        texts = ["one thing", "another matter", "a third subject"]
        split = Split(*(np.array([i]) for i in range(3)), left_out=NOBODY)
        leaks: tuple[Leak, ...] = find_leaks(texts, split)

        assert resolve_leaks(split, leaks, "refuse") is split

    def test_goemotions(self, shared_data: Path) -> None:
        """GoEmotions' own test and validation repeat dozens of training texts."""
        texts: list[str] = []
        ends = [0]
        for name in ("train", "dev", "test"):
            path = shared_data / "goemotions" / f"{name}.tsv"
            rows = path.read_text(encoding="utf-8").split("\n")
            if name == "train":
                rows = rows[:8_000]
            texts += [row.partition("\t")[0] for row in rows if row]
            ends.append(len(texts))
        split = Split(*(np.arange(a, b) for a, b in pairwise(ends)), NOBODY)
        dropped = count_dropped(find_leaks(texts, split))

        assert dropped["train"]["same text"] >= 10
        assert dropped["train"]["near-duplicate"] >= 5


class TestDigest:
    def test_keyed(self) -> None:
        """The digest needs the key, and knows neither order nor how ids are glued together."""
        assert membership_digest(b"k", ["a", "b"]) == membership_digest(b"k", ["b", "a"])
        assert membership_digest(b"k", ["a", "b"]) != membership_digest(b"l", ["a", "b"])
        assert membership_digest(b"k", ["a", "b"]) != membership_digest(b"k", ["ab"])

    def test_written_rule(self) -> None:
        """HMAC-SHA-256 over length and UTF-8 of every id, in order."""
        message = (1).to_bytes(8, "big") + b"a" + (2).to_bytes(8, "big") + "ä".encode()

        assert hmac.new(b"k", message, hashlib.sha256).hexdigest() == membership_digest(
            b"k", ["ä", "a"]
        )


def test_parts() -> None:
    """The order of parts is that in which they may know of each other."""
    assert PARTS == ("train", "validation", "test")
