"""Label names become columns by one written rule, and never two of them the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import ModelError
from psychescale.labels import column_suffix, column_suffixes


@pytest.mark.parametrize(
    ("label", "suffix"),
    [
        ("joy", "joy"),
        ("Depressed Mood", "depressed_mood"),
        ("anxiety/panic -- attack", "anxiety_panic_attack"),
        ("PHQ-9: item 3", "phq_9_item_3"),
        ("sleep__loss", "sleep_loss"),
        ("(other)", "_other_"),
        ("naïve", "naive"),
        ("Ärger", "arger"),
        ("Weltschmerz & Größenwahn", "weltschmerz_grossenwahn"),
        ("dépression / angoisse", "depression_angoisse"),
        ("ﬁne ²", "fine_2"),
        ("страх fear", "_fear"),
    ],
)
def test_written_rule(label: str, suffix: str) -> None:
    """Lower case, and every run of other characters becomes one underscore."""
    assert suffix == column_suffix(label)


@given(st.text())
def test_suffix_is_a_safe_column_name(label: str) -> None:
    """Whatever the label, the suffix holds only what every table format takes unquoted."""
    assert re.fullmatch(r"[a-z0-9_]*", column_suffix(label))
    assert "__" not in column_suffix(label)


@given(st.text())
def test_rule_is_idempotent(label: str) -> None:
    """A suffix is its own suffix."""
    assert column_suffix(label) == column_suffix(column_suffix(label))


def test_order_is_kept() -> None:
    """Columns come in the order of the labels, which is the order of the logits."""
    assert column_suffixes(["Z", "a", "M m"]) == ("z", "a", "m_m")


def test_no_labels() -> None:
    """No labels, no columns."""
    assert column_suffixes([]) == ()


@pytest.mark.parametrize(
    "labels", [("Sad!", "sad?"), ("joy", "Joy"), ("a b", "a-b"), ("joy", "x", "joy")]
)
def test_labels_that_share_a_column_are_refused(labels: tuple[str, ...]) -> None:
    """Two labels with one column are refused by name, with the flag that renames them."""
    with pytest.raises(ModelError) as refusal:
        column_suffixes(labels)

    assert repr(labels[0]) in refusal.value.problem
    assert repr(labels[-1]) in refusal.value.problem
    assert f"p_{column_suffix(labels[0])}" in refusal.value.problem
    assert "--labels NAME,NAME,…" in refusal.value.remedy


@pytest.mark.parametrize("label", ["", "悲しみ", "—", "_"])
def test_label_without_letters_is_refused(label: str) -> None:
    """A label that leaves nothing but underscores cannot name a column."""
    with pytest.raises(ModelError) as refusal:
        column_suffixes(["joy", label])

    assert repr(label) in refusal.value.problem
    assert "--labels NAME,NAME,…" in refusal.value.remedy


@given(st.lists(st.text(alphabet="aB -é"), max_size=4))
def test_either_distinct_columns_or_a_refusal(labels: list[str]) -> None:
    """The columns of accepted labels are distinct; the others are refused."""
    suffixes = [column_suffix(label) for label in labels]
    usable = len(set(suffixes)) == len(suffixes) and all(s.strip("_") for s in suffixes)

    if usable:
        assert tuple(suffixes) == column_suffixes(labels)
    else:
        with pytest.raises(ModelError):
            column_suffixes(labels)
