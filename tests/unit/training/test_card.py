"""The card says what is known, what is not, and what the model is not for."""

import math
from dataclasses import replace

import pytest
from huggingface_hub import ModelCard

from psychescale.errors import ModelError
from psychescale.training.card import CardFacts, make_card, with_measures, write_card

FACTS = CardFacts(
    labels=("grief", "joy|x"),
    training={"backbone_weights_sha256": "ab12", "rows": 43410, "accept_raw": True},
    split={"train": 43000, "validation": 5000, "train_membership_hmac": "cd34"},
    labelled={"grief": (77, 13, 6), "joy|x": (1452, 172, 161)},
    deviations={"grief": 0.004},
    leaks={"train": {"same text": 118, "near-duplicate": 12}},
    provenance={"normalizer": "norm-1", "redactor": None},
    measures={"macro-F1": (0.51, 0.49, 0.53), "macro ROC-AUC": math.nan},
    measured_on="test, 5,427 rows",
    long_text="mean, stride 64",
    limits=("Reddit comments of 2019.",),
)


class TestCard:
    def test_is_a_card(self) -> None:
        """The hub's own class reads its metadata."""
        card = ModelCard(make_card(FACTS))

        assert card.data.pipeline_tag == "text-classification"
        assert card.data.library_name == "transformers"

    def test_says_what_it_must(self) -> None:
        """Validity, notice, intended and out-of-scope use are always there."""
        for text in (make_card(FACTS), write_card(("a",), {})):
            assert "Nothing here shows validity for any clinical construct" in text
            assert "GoEmotions and SAD test the machinery" in text
            assert "never a diagnosis" in text
            assert "## Out of scope" in text
            assert "## Intended use" in text

    def test_facts(self) -> None:
        """Digests, leaks, versions, measures with their intervals and limits are told."""
        text = make_card(FACTS)

        assert "| macro-F1 | 0.51 | 0.49 to 0.53 |" in text
        assert "| macro ROC-AUC | not estimable |" in text
        assert "120 (same text), 10 (near-duplicate)" in text
        assert "| rows | 43,410 |" in text
        assert "| accept raw | True |" in text
        assert "| redactor | none recorded |" in text
        assert "| measured on | test, 5,427 rows |" in text
        assert "- Reddit comments of 2019." in text

    def test_small_counts_are_masked(self) -> None:
        """Six test rows with a label are not told as six."""
        assert "| grief | 75 | 15 | 1–7 | withheld |" in make_card(FACTS)

    def test_cells_cannot_break_the_table(self) -> None:
        """A label with a bar stays in its cell."""
        assert "| joy\\|x | 1,450 | 170 | 160 |" in make_card(FACTS)

    def test_new_measures(self) -> None:
        """An evaluation replaces the measures of a card, and nothing else."""
        plain = make_card(replace(FACTS, measures={}))
        card = with_measures(plain, FACTS)

        assert card == make_card(FACTS)
        assert with_measures(card, FACTS) == card
        with pytest.raises(ModelError, match="--write-card"):
            with_measures("# Some other card", FACTS)

    def test_not_evaluated(self) -> None:
        """Without measures the card says so."""
        assert "has not been evaluated" in write_card(("a",), {"rows": 3})
