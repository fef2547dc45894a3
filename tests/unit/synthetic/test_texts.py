"""The synthetic corpora keep what they promise: labels, spans, shares and determinism."""

import ast
import hashlib
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

import psychescale.synthetic
from psychescale.synthetic import (
    LABELS,
    PII_LABELS,
    Document,
    generate_corpus,
    generate_labelled,
)
from psychescale.synthetic.texts.fictional import IDENTIFIERS
from psychescale.synthetic.texts.forum import FORUM
from psychescale.synthetic.texts.notes import NOTES
from psychescale.synthetic.texts.rendering import Register, realize
from psychescale.synthetic.texts.slot_words import VOCABULARY
from psychescale.synthetic.texts.survey import SURVEY

REGISTERS = (FORUM, NOTES, SURVEY)

# What a reader would look for to find a feature by hand; no other sentence may contain it.
MARKERS = {
    "mentions sleep": r"sleep|slept|pillow|\bbed(?:time)?\b|\bnaps?\b|awake|\b(?:wak|woke)|dozed"
    r"|dream|\balarm",
    "mentions work": r"\bwork|\bjobs?\b|boss|office|colleague|shift\b|overtime|deadline|manager"
    r"|meeting\b|customer|payday|employer|coworker",
    "mentions family": r"\b(?:mum|mom|dad|sister|brother|aunt|uncle|cousin|grand\w+|nephew|niece"
    r"|husband|wife|daughter|son|stepdad|in-laws|kids|children|parents?|family)\b",
    "asks a question": r"\?",
    "expresses thanks": r"thank|thx|grateful|appreciat|gratitude",
    "reports change over time": r"used to|no longer|anymore|compared w|\bago\b|\bsince\b|improved"
    r"|over (?:the|teh) (?:past|last)|little by little|bit by bit|week by week|gradual|slowly"
    r"|at first|went from|(?:weeks|days|months) now, w\w+ is new",
    "mentions body": r"neck|shoulder|stomach|\bjaw|lower back|knee|wrist|\bhands\b|\bfeet\b"
    r"|\blegs\b|\beyes\b|headache|throat|\bskin\b|heart\b|cheeks|finger",
    "mentions exercise": r"\brun\b|running|\bgym\b|swim|yoga|jog|walk|exercise|cycle[sd]|push-ups"
    r"|\bhik|stretching|\bbike\b|weights|pilates|badminton|treadmill|spin class|climbing|squats"
    r"|rowing",
}

PII_SHAPES = {
    "name": r"[^\W\d_][\w'-]+( [^\W\d_][\w'-]+)?",
    "handle": r"(u/|@)[a-z]+[_-]?[a-z]+\d*",
    "email": r"[a-z]+[._]?[a-z]+\d+@(mail\.|post\.)?example\.org",
    "phone": r"((\+1 )?\(?\d{3}\)?[ -])?555[ -]01\d\d",
    "mrn": r"\d{7,8}",
    "address": r"\d+ [\w']+ [\w.]+(, flat \d+)?",
    "date": r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|[\d.]+|\d+ [a-z]+( \d{4})?|[a-z]+ \d+, \d{4}",
}


@pytest.fixture(scope="module")
def corpus() -> list[Document]:
    return list(generate_corpus())


@pytest.fixture(scope="module")
def labelled() -> list[Document]:
    return list(generate_labelled(5000, seed=7))


def texts_of(documents: list[Document]) -> list[str]:
    return [d.text for d in documents if d.text is not None]


def count_words(documents: list[Document]) -> list[int]:
    """Words of all texts that separate words with spaces and have any."""
    spaced = [t for t in texts_of(documents) if t.strip() and not re.search(r"[\u3040-\u9fff]", t)]
    return [len(t.split()) for t in spaced if re.search(r"\w", t)]


def prevalence_of(label: str, documents: list[Document]) -> float:
    return sum(label in d.labels for d in documents) / len(documents)


def digest_of(documents: list[Document]) -> str:
    rows = [
        "\x1f".join((d.id, repr(d.text), repr(d.question), repr(d.author), d.time.isoformat()))
        + repr([d.labels, [(s.start, s.end, s.label) for s in d.pii]])
        for d in documents
    ]
    return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()


class TestDeterminism:
    def test_same_seed_same_corpus(self, corpus: list[Document]) -> None:
        """The default arguments give the same corpus every time."""
        assert corpus == list(generate_corpus(3000, seed=0))

    def test_same_seed_same_labelled(self) -> None:
        """Training rows of one seed are the same every time."""
        assert list(generate_labelled(200, seed=5)) == list(generate_labelled(200, seed=5))

    @pytest.mark.parametrize(("one", "other"), [(0, 1), (1, -1)])
    def test_other_seed_other_texts(self, one: int, other: int) -> None:
        """Two seeds share hardly a text, also where they differ by their sign only."""
        first = {d.text for d in generate_labelled(200, seed=one)}
        second = {d.text for d in generate_labelled(200, seed=other)}

        assert len(first & second) < 5

    def test_prefix(self, corpus: list[Document]) -> None:
        """A smaller corpus is the beginning of a larger one."""
        assert corpus[:120] == list(generate_corpus(120))

    def test_fingerprint(self, corpus: list[Document]) -> None:
        """Every platform and Python version makes these characters.

        A deliberate change of the grammar changes the digest: put the new one here.
        """
        expected = "53a07fd72881f241c7cf20b0237567e977fc6dbe914bdb6dc086c14c098e34fd"

        assert expected == digest_of(corpus)


class TestCorpus:
    def test_ids(self, corpus: list[Document]) -> None:
        """Ids are unique and say their source and their position."""
        assert [f"{d.source}-{i:06d}" for i, d in enumerate(corpus)] == [d.id for d in corpus]

    def test_sources(self, corpus: list[Document]) -> None:
        """About 60 % of the documents are forum posts, 20 % notes, 20 % survey answers."""
        counts = Counter(d.source for d in corpus)

        assert {"forum", "notes", "survey"} == counts.keys()
        assert 0.55 < counts["forum"] / len(corpus) < 0.65
        assert 0.16 < counts["notes"] / len(corpus) < 0.24
        assert 0.16 < counts["survey"] / len(corpus) < 0.24

    def test_question_only_in_survey(self, corpus: list[Document]) -> None:
        """Every survey row has the question that was asked, no other row has one."""
        assert all((d.question is not None) == (d.source == "survey") for d in corpus)

    def test_word_range(self, corpus: list[Document]) -> None:
        """Texts have 2 to 2,000 words."""
        words = count_words(corpus)

        assert min(words) == 2
        assert 1800 < max(words) <= 2000

    def test_long_tail(self, corpus: list[Document]) -> None:
        """Most texts are of 10 to 120 words, about 4 % are longer than 400."""
        words = count_words(corpus)

        assert sum(10 <= n <= 120 for n in words) / len(words) > 0.65
        assert 0.025 < sum(n > 400 for n in words) / len(words) < 0.06

    @pytest.mark.parametrize("seed", range(3))
    def test_longest_in_a_thousand(self, seed: int) -> None:
        """A corpus of 1,000 has a text close to 2,000 words under any seed."""
        assert max(count_words(list(generate_corpus(1000, seed=seed)))) > 1800

    def test_nulls_blanks_emoji(self, corpus: list[Document]) -> None:
        """Nulls, blanks and texts of emoji alone are planted in their shares, without labels."""
        null = [d for d in corpus if d.text is None]
        blank = [d for d in corpus if d.text is not None and not d.text.strip()]
        emoji = [d for d in corpus if d.text and d.text.strip() and not re.search(r"\w", d.text)]

        assert 0.003 < len(null) / len(corpus) < 0.012
        assert 0.003 < len(blank) / len(corpus) < 0.012
        assert 0.002 < len(emoji) / len(corpus) < 0.010
        assert all(d.labels == () and d.pii == () for d in null + blank + emoji)

    def test_other_languages(self, corpus: list[Document]) -> None:
        """About 3 % are in other languages, among them Arabic, Hebrew, Chinese and Japanese."""
        scripts = {
            "Spanish": r"[ñ]|\bel\b|\bla sopa",
            "French": r"\ble\b|J'ai|\bpleut\b",
            "German": r"\bund\b|\bder\b|\bich\b",
            "Arabic": "[\u0600-\u06ff]",
            "Hebrew": "[\u0590-\u05ff]",
            "Japanese": "[\u3040-\u30ff]",
            "Chinese": "^[^\u3040-\u30ff]*[\u4e00-\u9fff][^\u3040-\u30ff]*$",
        }
        found = {
            name: [d for d in corpus if d.text and re.search(shape, d.text, re.IGNORECASE)]
            for name, shape in scripts.items()
        }

        assert [name for name, documents in found.items() if not documents] == []
        assert all(d.labels == () for documents in found.values() for d in documents)
        share = len({d.id for documents in found.values() for d in documents}) / len(corpus)
        assert 0.02 < share < 0.04

    def test_duplicates(self, corpus: list[Document]) -> None:
        """About 2 % repeat an earlier text under a new id, with its labels and identifiers."""
        first: dict[str, Document] = {}
        repeats = 0
        for document in corpus:
            if document.text is None or len(document.text.split()) <= 8:
                continue
            original = first.setdefault(document.text, document)
            if original is not document:
                repeats += 1
                assert original.id != document.id
                assert (original.labels, original.pii) == (document.labels, document.pii)

        assert 0.010 < repeats / len(corpus) < 0.030

    def test_authors(self, corpus: list[Document]) -> None:
        """Some forum authors write dozens of posts, hundreds write few, some are unknown."""
        counts = Counter(d.author for d in corpus if d.source == "forum")
        anonymous = counts.pop(None)

        assert anonymous > 10
        assert max(counts.values()) > 30
        assert sum(n <= 3 for n in counts.values()) > 200

    def test_times(self, corpus: list[Document]) -> None:
        """Times spread over the two years 2023 and 2024, in UTC."""
        times = sorted(d.time for d in corpus)

        assert datetime(2023, 1, 1, tzinfo=UTC) <= times[0] < datetime(2023, 2, 1, tzinfo=UTC)
        assert datetime(2024, 12, 1, tzinfo=UTC) < times[-1] < datetime(2025, 1, 1, tzinfo=UTC)


class TestIdentifiers:
    def test_share(self, corpus: list[Document]) -> None:
        """About a third of the documents hold identifiers, and every kind occurs."""
        assert 0.27 < sum(bool(d.pii) for d in corpus) / len(corpus) < 0.40
        assert set(PII_LABELS) == {s.label for d in corpus for s in d.pii}

    def test_spans_are_exact(self, corpus: list[Document], labelled: list[Document]) -> None:
        """A span covers the identifier and nothing else, also behind emoji and in lower case."""
        for document in corpus + labelled:
            for span in document.pii:
                assert document.text is not None
                identifier = document.text[span.start : span.end]
                shape = PII_SHAPES[span.label]
                assert re.fullmatch(shape, identifier, re.IGNORECASE), (document.id, span.label)

    def test_spans_are_ordered(self, corpus: list[Document]) -> None:
        """Spans of a text are sorted and do not overlap."""
        for document in corpus:
            bounds = [offset for span in document.pii for offset in (span.start, span.end)]
            assert sorted(set(bounds)) == bounds

    def test_spans_are_complete(self, corpus: list[Document], labelled: list[Document]) -> None:
        """Nothing that looks like an e-mail, a handle, a phone or an MRN lies outside a span."""
        shape = re.compile(r"\S+@\S+|\bu/\w|@\w|\b555\b|\b\d{7,8}\b")
        for document in corpus + labelled:
            for match in shape.finditer(document.text or ""):
                assert any(s.start < match.end() and match.start() < s.end for s in document.pii)


class TestLabels:
    @pytest.mark.parametrize("label", LABELS)
    def test_prevalence(self, label: str, corpus: list[Document], labelled: list[Document]) -> None:
        """Every label occurs in 5 to 40 % of the documents of both corpora."""
        assert 0.05 <= prevalence_of(label, corpus) <= 0.40
        assert 0.05 <= prevalence_of(label, labelled) <= 0.40

    def test_prevalence_varies(self, labelled: list[Document]) -> None:
        """The most frequent label is at least four times as frequent as the rarest."""
        shares = sorted(prevalence_of(label, labelled) for label in LABELS)

        assert shares[-1] > 4 * shares[0]

    def test_known_and_in_order(self, corpus: list[Document], labelled: list[Document]) -> None:
        """Labels of a document are a sub-sequence of LABELS."""
        for document in corpus + labelled:
            assert tuple(x for x in LABELS if x in document.labels) == document.labels

    def test_multi_label(self, labelled: list[Document]) -> None:
        """Documents without a label, with one and with several are all common."""
        counts = Counter(min(len(d.labels), 2) for d in labelled)

        assert all(counts[n] / len(labelled) > 0.08 for n in (0, 1, 2))

    @pytest.mark.parametrize("label", LABELS)
    def test_separable(self, label: str, corpus: list[Document], labelled: list[Document]) -> None:
        """Texts with the label contain a realization, texts without it contain none."""
        marker = re.compile(MARKERS[label], re.IGNORECASE)
        wrong = [
            (d.id, match and match.group())
            for d in corpus + labelled
            if d.text is not None
            and (label in d.labels) != bool(match := marker.search(mask_identifiers(d)))
        ]

        assert wrong == []


def mask_identifiers(document: Document) -> str:
    """The text without its identifiers, whose words are nobody's feature."""
    text = document.text or ""
    for span in reversed(document.pii):
        text = f"{text[: span.start]}_{text[span.end :]}"
    return text


class TestLabelled:
    def test_ids(self, labelled: list[Document]) -> None:
        """Training rows are numbered and count as asked."""
        assert [f"train-{i:06d}" for i in range(5000)] == [d.id for d in labelled]

    def test_never_null_and_5_to_60_words(self, labelled: list[Document]) -> None:
        """Every training row has a text of 5 to 60 words."""
        assert all(d.text is not None and 5 <= len(d.text.split()) <= 60 for d in labelled)

    def test_always_english(self, labelled: list[Document]) -> None:
        """No training row has a letter beyond the Latin script."""
        assert not any(re.search(r"[\u0370-\u1fff\u3040-\ud7ff]", t) for t in texts_of(labelled))

    def test_varied(self, labelled: list[Document]) -> None:
        """At most 1 % of the training rows of more than 8 words repeat another one by accident."""
        texts = [t for t in texts_of(labelled) if len(t.split()) > 8]

        assert 1 - len(set(texts)) / len(texts) < 0.01


class TestGrammar:
    @pytest.mark.parametrize("label", LABELS)
    def test_realizations(self, label: str) -> None:
        """Every feature has 25 wordings or more in everyday prose, and a dozen in notes."""
        assert len(set(FORUM.realizations[label])) >= 25
        assert len(set(NOTES.realizations[label])) >= 12

    @pytest.mark.parametrize("register", REGISTERS, ids=lambda r: r.source)
    def test_each_template_realizes_its_labels_only(self, register: Register) -> None:
        """Every template, filled a few times, shows the markers of its own labels and no others."""
        rng = Random(0)
        for labels, template in templates_of(register):
            for _ in range(20):
                passage = realize(template, rng, labels=labels)
                document = Document(
                    "", passage.text, None, None, datetime.now(UTC), "", labels, passage.pii
                )
                text = mask_identifiers(document)
                shown = {x for x in LABELS if re.search(MARKERS[x], text, re.IGNORECASE)}
                assert set(labels) == shown, template

    def test_every_word_is_used(self) -> None:
        """The vocabulary has no slot that no template uses."""
        source = "".join(path.read_text() for path in package_files())
        unused = [slot for slot in (*VOCABULARY, *IDENTIFIERS) if f"{{{slot}}}" not in source]

        assert unused == []

    def test_standard_library_only(self) -> None:
        """The grammar imports nothing but itself and the standard library; planted names need faker."""
        for path in package_files():
            if path.parent.name == "planted":
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    assert {a.name for a in node.names} <= sys.stdlib_module_names
                if isinstance(node, ast.ImportFrom):
                    root = str(node.module).split(".")[0]
                    assert root in {"psychescale", *sys.stdlib_module_names}, path.name


def templates_of(register: Register) -> list[tuple[tuple[str, ...], str]]:
    """Every template of a register with the labels that it realizes."""
    by_label = (register.realizations, register.short, register.identifying_by_label)
    single = [((x,), t) for table in by_label for x, ts in table.items() for t in ts]
    pairs = [(pair, t) for pair, ts in register.pairs.items() for t in ts]
    plain = register.filler + register.short_filler + register.identifying
    return [*single, *pairs, *(((), t) for t in plain)]


def package_files() -> list[Path]:
    return sorted(Path(str(psychescale.synthetic.__file__)).parent.rglob("*.py"))


class TestArguments:
    def test_negative_count_corpus(self) -> None:
        """A negative count is refused at the call, and the message names the argument."""
        with pytest.raises(ValueError, match=r"n_documents must be 0 or more, got -1"):
            generate_corpus(-1)

    def test_negative_count_labelled(self) -> None:
        """Training rows refuse a negative count in the same words."""
        with pytest.raises(ValueError, match=r"n_documents must be 0 or more, got -3"):
            generate_labelled(-3, seed=0)

    def test_none_asked_none_given(self) -> None:
        """Zero documents is a valid request."""
        assert list(generate_corpus(0)) == []
