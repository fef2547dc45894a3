"""Models as recognizers: labels become our types, offsets stay those of the text."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import UsageError
from psychescale.text import ner
from psychescale.text.findings import Finding, PiiType
from psychescale.text.ner import NerModel, SpacyNer, TaggerNer, _split

spacy = pytest.importorskip("spacy")


@dataclass(frozen=True)
class Part:
    """What a tagger says."""

    start: int
    end: int
    label: str
    probability: float


class FirstWords:
    """A tagger that takes every first word for a name, and all texts for something else."""

    def __call__(self, texts: Sequence[str], /) -> list[list[Part]]:
        return [
            [Part(0, len(text.split()[0]), "NAME", 0.7), Part(0, len(text), "MISC", 0.9)]
            for text in texts
        ]


@pytest.fixture(scope="module")
def pipeline() -> SpacyNer:
    """A real spaCy pipeline without weights: an entity ruler."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(
        [
            {"label": "PERSON", "pattern": "Anna"},
            {"label": "GPE", "pattern": "Oslo"},
            {"label": "DATE", "pattern": "today"},
        ]
    )
    return SpacyNer(nlp, batch_size=2)


class TestTagger:
    def test_known_labels(self) -> None:
        """A label of the map is a finding with the tagger's probability; others are left out."""
        model: NerModel = TaggerNer(FirstWords())

        assert [
            [Finding(0, 4, PiiType.NAME, "model:NAME", 0.7)],
            [Finding(0, 2, PiiType.NAME, "model:NAME", 0.7)],
        ] == model.find(["Anna left", "Bo"])

    def test_own_map(self) -> None:
        """A map of one's own replaces the default."""
        model = TaggerNer(FirstWords(), {"MISC": PiiType.OTHER_ID})

        assert [finding.type for finding in model.find(["Anna left"])[0]] == [PiiType.OTHER_ID]


class TestSpacy:
    def test_findings(self, pipeline: SpacyNer) -> None:
        """Entities of known labels, text by text and in code points; dates are the rules' matter."""
        model: NerModel = pipeline
        name = Finding(3, 7, PiiType.NAME, "model:PERSON", ner.SPACY_CONFIDENCE)
        place = Finding(0, 4, PiiType.LOCATION, "model:GPE", ner.SPACY_CONFIDENCE)

        assert [[name], [], [place]] == model.find(["😀  Anna", "", "Oslo today"])

    def test_long_texts(self, pipeline: SpacyNer, monkeypatch: pytest.MonkeyPatch) -> None:
        """A text beyond spaCy's limit is read to its end."""
        monkeypatch.setattr(ner, "_SPACY_PIECE", 50)
        text = "word " * 40 + "Anna"

        assert [(f.start, f.end) for f in pipeline.find([text])[0]] == [(200, 204)]

    @given(text=st.text("ab \n", max_size=60), longest=st.integers(1, 20))
    def test_pieces(self, text: str, longest: int) -> None:
        """Pieces are the text again, none too long, and none cuts a word that could stay whole."""
        pieces = list(_split(text, longest))

        assert text == "".join(piece for _, piece in pieces)
        for start, piece in pieces:
            assert text[start : start + len(piece)] == piece
            assert len(piece) <= longest
        for _, piece in pieces[:-1]:
            assert piece[-1].isspace() or not any(map(str.isspace, piece))

    def test_no_such_pipeline(self) -> None:
        """A pipeline that is not installed is a usage error."""
        with pytest.raises(UsageError, match="no pipeline"):
            SpacyNer.load("xx_none_such")
