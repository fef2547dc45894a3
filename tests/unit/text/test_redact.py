"""Redaction: nothing found is left, a second pass changes nothing, and failures are closed."""

import itertools
import json
import pickle
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.text import rules
from psychescale.text.findings import Finding, PiiType
from psychescale.text.handles import Handles
from psychescale.text.passages import OVERLAP, WINDOW
from psychescale.text.redact import Redacted, RedactionError, RedactionOptions, Redactor
from psychescale.text.replacement.operators import Operator, Operators

PIECES = st.sampled_from(
    [
        "Dr. Whitlock", "my name is", "Nora", "Kwame B.", "Whitlock, Nora", "nora@example.org", "u/quiet_otter",  # noqa: E501
        "@fern", "12 Elm Street, Springfield, IL 62704", "555-0134", "(312) 555-0134", "+44 20 7946 0958",  # noqa: E501
        "123-45-6789", "MRN: 12345678", "insurance", "HP-987654", "ID", "#77889", "4111 1111 1111 1111",
        "GB82 WEST 1234 5698 7654 32", "March 5th, 2021", "03/14/2023", "in July", "may", "94 years old",  # noqa: E501
        "UCSF", "admitted to", "St. Mary's Hospital", "lives in", "Quimper", "from Chicago", "MD", "patient",  # noqa: E501
        "https://example.org/x", "[NAME]", "[USER]", "-0.96", "rpc.py", "500 mg", "“hi”", "é", "\u200b", "and",  # noqa: E501
        "the", "1", "99", "called", "at", "plate:", "7ABC123", "192.168.0.1", "a", ".", ",", ":", "(", ")", "-",  # noqa: E501
    ]
)  # fmt: skip
TEXTS = st.lists(st.tuples(PIECES, st.sampled_from([" ", "", "\n", ", ", ". "])), max_size=14).map(
    lambda parts: "".join(piece + gap for piece, gap in parts)
)


class ByWord:
    """A tier 2 that knows one word, and remembers what it was asked."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.asked: list[list[str]] = []

    def find(self, texts: Sequence[str]) -> list[list[Finding]]:
        self.asked.append(list(texts))
        return [
            [Finding(at, at + len(self.word), PiiType.NAME, "model:NAME", 0.9)]
            if (at := text.find(self.word)) >= 0
            else []
            for text in texts
        ]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(handles=Handles.of(["moonwalker99", "sunshine"]))


class TestText:
    def test_placeholders_by_type(self, redactor: Redactor) -> None:
        """Every finding becomes the placeholder of its type; the rest is normalized text."""
        text = "“Hi”, I’m u/fern. Mail nora@example.org or call 312-555-0134, ask moonwalker99"

        result = redactor.redact(text)

        assert result.text == '"Hi", I\'m [USER]. Mail [EMAIL] or call [PHONE], ask [USER]'
        assert dict(result.counts) == {PiiType.USER: 2, PiiType.EMAIL: 1, PiiType.PHONE: 1}

    def test_findings_point_into_the_original(self, redactor: Redactor) -> None:
        """Offsets are those of the text as it came, dropped characters included."""
        text = "…at nora@exam\u200bple.org"

        (finding,) = redactor.redact(text).findings

        assert text[finding.start : finding.end] == "nora@exam\u200bple.org"

    def test_untouched(self, redactor: Redactor) -> None:
        """A text without identifiers comes back as it is."""
        text = "rpc.py scored -0.96; in 2019 the hospital gave me 500 mg"

        assert redactor.redact(text) == Redacted(text, [], {})

    def test_a_hard_identifier_goes_everywhere(self, redactor: Redactor) -> None:
        """A number that one place gives away is replaced where no rule would see it, too."""
        result = redactor.redact("MRN: 4455 was wrong. They wrote 4455 again.")

        assert result.text == "MRN: [RECORD] was wrong. They wrote [RECORD] again."

    def test_excluded_types_stay(self) -> None:
        """A type that the options exclude is left in the text."""
        redactor = Redactor(RedactionOptions(excluded=frozenset({PiiType.DATE})))

        assert redactor.redact("u/fern, 3 May 2021").text == "[USER], 3 May 2021"

    def test_repr_shows_no_span(self, redactor: Redactor) -> None:
        """A result's `repr` does not say where identifiers were."""
        assert "start" not in repr(redactor.redact("mail nora@example.org"))


class TestSecondPass:
    @given(text=TEXTS)
    def test_planted_pieces(self, redactor: Redactor, text: str) -> None:
        """Redacting a redacted text finds nothing and changes nothing."""
        once = redactor.redact(text)
        again = redactor.redact(once.text)

        assert again == Redacted(once.text, [], {})

    @given(text=st.text(max_size=60))
    def test_any_unicode(self, redactor: Redactor, text: str) -> None:
        """The same for any Unicode, and findings are disjoint spans of the original."""
        once = redactor.redact(text)
        ends = [0, *(f.end for f in once.findings)]

        assert redactor.redact(once.text).text == once.text
        assert all(end <= f.start < f.end for end, f in zip(ends, once.findings, strict=False))

    def test_real_rows(self, redactor: Redactor, shared_data: Path) -> None:
        """The same for three hundred rows of the public sets."""
        rows = []
        for name in ("asq_phi", "presidio_generated_large", "wnut17_train"):
            lines = (shared_data / "pii" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
            rows += [json.loads(line)["text"] for line in lines[:100]]

        once = [r for r in redactor.redact_batch(rows) if isinstance(r, Redacted)]
        again = redactor.redact_batch([r.text for r in once])

        assert len(once) == len(rows)
        assert again == [Redacted(r.text, [], {}) for r in once]


class TestTier2:
    def test_one_batch_of_the_rows_that_could_hold_a_name(self) -> None:
        """The model gets, in one call, the rows that the gate lets through, and adds its findings."""
        tagger = ByWord("Zorblax")
        texts = ["it was fine", "then Zorblax left", "nothing here", "hello Zorblaxian"]

        results = Redactor(tagger=tagger).redact_batch(texts)

        assert tagger.asked == [["then Zorblax left", "hello Zorblaxian"]]
        assert [r.text for r in results if isinstance(r, Redacted)] == [
            "it was fine", "then [NAME] left", "nothing here", "hello [NAME]",
        ]  # fmt: skip

    def test_offsets_come_back_through_normalization(self) -> None:
        """The model's spans, too, are mapped to the original text."""
        text = "…\u200bZorb\u200blax left"

        result = Redactor(tagger=ByWord("Zorblax")).redact(text)

        assert result.text == "...[NAME] left"
        assert [text[f.start : f.end] for f in result.findings] == ["Zorb\u200blax"]

    def test_placeholders_are_not_tagged(self) -> None:
        """A model that takes a placeholder for a name changes nothing."""
        result = Redactor(tagger=ByWord("NAME")).redact("Then Zorblax and [NAME] left")

        assert result.text == "Then Zorblax and [NAME] left"

    @pytest.mark.parametrize(
        ("text", "word", "expected"),
        [
            ("Then Zorblax got -0.96", "-0.96", "Then Zorblax got -0.96"),
            ("Zorblax ran rpc.py", "rpc.py", "Zorblax ran rpc.py"),
            ("Zorblax sent smith_john.pdf", "smith_john.pdf", "Zorblax sent [NAME]"),
            ("Zorblax wrote שרה לוי, yes", "שרה לוי", "Zorblax wrote [NAME], yes"),
            ("Zorblax met С\u200bapaһ", "Сapaһ", "Zorblax met [NAME]"),  # Cyrillic S and h
        ],
    )
    def test_what_a_model_may_call_a_name(self, text: str, word: str, expected: str) -> None:
        """Numbers and files are no names, whatever the model says; names of any script are."""
        assert Redactor(tagger=ByWord(word)).redact(text).text == expected

    def test_its_failure_is_the_task_s(self) -> None:
        """An error of the model is raised: rows must not pass with tier 1 alone."""

        class Broken:
            def find(self, texts: Sequence[str]) -> list[list[Finding]]:
                raise MemoryError(len(texts))

        with pytest.raises(MemoryError):
            Redactor(tagger=Broken()).redact("Then Zorblax left")


class TestScripts:
    """What is written so that readers see an identifier and patterns do not."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("mail no\u200bra@exam\u00adple.org", "mail [EMAIL]"),  # zero-width space, soft hyphen
            ("mail nоra@еxample.org", "mail [EMAIL]"),  # two Cyrillic letters
            ("mail ｎｏｒａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "mail [EMAIL]"),
            ("call ٣١٢-٥٥٥-٠١٣٤ now", "call [PHONE] now"),  # Arabic digits
            ("call \u202e312-555-0134\u202c now", "call [PHONE] now"),  # direction overridden
            ("שלום, nora@example.org, תודה", "שלום, [EMAIL], תודה"),
            ("اتصل على +44 20 7946 0958 اليوم", "اتصل على [PHONE] اليوم"),
            ("SSN ５３６－９０－４３９９", "SSN [NATIONAL_ID]"),
            ("u/quiet\u200b_otter", "[USER]"),
            ("𝐧𝐨𝐫𝐚@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐨𝐫𝐠", "[EMAIL]"),
            ("so much sunshine, @sunshine", "so much sunshine, [USER]"),
            ("rpc.py scored -0.96 on utils.js", "rpc.py scored -0.96 on utils.js"),
        ],
    )
    def test_found_all_the_same(self, redactor: Redactor, text: str, expected: str) -> None:
        """Look-alikes, invisible characters, digits and directions of other scripts hide nothing."""
        assert redactor.redact(text).text == expected


class TestFailure:
    def test_out_of_time(self) -> None:
        """A text that takes too long raises; it is not passed on."""
        with pytest.raises(RedactionError) as caught:
            Redactor(RedactionOptions(timeout_s=-1)).redact("mail nora@example.org")

        assert caught.value.reason == "timeout"

    @pytest.mark.parametrize(
        ("raised", "reason"),
        [
            (TimeoutError("no word"), "timeout"),
            (RuntimeError("time and again"), "failed"),
            (ValueError("the time ran out"), "failed"),
            (RecursionError("timeout"), "failed"),
            (MemoryError(), "failed"),
            (UnicodeError("timeout"), "failed"),
        ],
    )
    def test_reason_comes_from_the_class(self, raised: Exception, reason: str) -> None:
        """What went wrong tells the reason, whatever words it says."""

        class Failing(Operators):
            def replace(self, kind: PiiType, value: str, document: object) -> str:  # noqa: ARG002
                raise raised

        redactor = Redactor(RedactionOptions(operators=Failing()))
        with pytest.raises(RedactionError) as caught:
            redactor.redact("mail nora@example.org")

        assert caught.value.reason == reason

    def test_errors_hold_no_text(self) -> None:
        """An unexpected error is reported by its kind: no word of the text, no cause that has one."""

        class Odd(Operators):
            def replace(self, kind: PiiType, value: str, document: object) -> str:  # noqa: ARG002
                raise ValueError(value)

        redactor = Redactor(RedactionOptions(operators=Odd()))
        with pytest.raises(RedactionError) as caught:
            redactor.redact("mail nora@example.org")

        assert "nora" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert caught.value.reason == "failed"
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301

    def test_one_bad_text_spares_the_others(self) -> None:
        """In a batch, an error stands in the place of its text alone."""

        class Odd(Operators):
            def replace(self, kind: PiiType, value: str, document: object) -> str:  # noqa: ARG002
                raise ValueError

        results = Redactor(RedactionOptions(operators=Odd())).redact_batch(["fine", "u/fern"])

        assert results[0] == Redacted("fine", [], {})
        assert isinstance(results[1], RedactionError)


BOMBS = [
    "a", "0", "9", "A", " ", "@", "a@", "a.", "((", "[", "-0", "1-", "12 ", "Aa ", "Dr. ", "may ", "mrn ",  # noqa: E501
    "Sarah ", "http://", "www.", "u/", "1.", "1:", "ab:", "É", "\u200b", "e\u0301", "1 Main ", "Street ",  # noqa: E501
    "St. ", "+1 ", "(1)", "O'Aa'", "00 11 ", "GB00 ", "{([<", "nora at x dot ", "my name is ", "аa", "a_",  # noqa: E501
]  # fmt: skip


CHARACTERS = list("aA09é@.,:;/-_#+()[]'\"\n$%&=<>|\u05d0\u0430\u0662 ")
# Linear patterns take up to 20 ms for a window on one core; a quadratic one takes a second.
_LINEAR_S = 0.3


def seconds_for(redactor: Redactor, text: str) -> float:
    start = time.process_time()
    redactor.redact(text)
    return time.process_time() - start


class TestBombs:
    def test_no_pattern_is_quadratic(self, redactor: Redactor) -> None:
        """A window full of any two characters, or of any rule's own words, takes milliseconds."""
        # b, a, b, … is a, b, a, …
        pairs = map("".join, itertools.combinations_with_replacement(CHARACTERS, 2))
        triggers = sorted(set().union(*(r.triggers or () for r in rules.RECOGNIZERS)))
        some = [f"{form(word)} " for word in triggers[::17] for form in (str, str.title, str.upper)]
        slow = []
        for unit in [*CHARACTERS, *pairs, *some, *(f"{word} 1 Aa " for word in triggers[::31])]:
            text = (unit * WINDOW)[:WINDOW]
            # Only what is slow each time is: a busy machine makes anything slow once.
            if all(seconds_for(redactor, text) > _LINEAR_S for _ in range(3)):
                slow.append(unit)

        assert slow == []

    @pytest.mark.parametrize(
        "make",
        [
            lambda i: f"call {200 + i % 700}-{201 + i // 700:03}-{1000 + i} ",
            lambda i: f"a{i}@x{i}.com ",
            lambda i: f"MRN: {1000000 + i} and {1000000 + i}, ",
            lambda i: f"Sarah Moon{'abcdefghij'[i % 10]} of ",
        ],
    )
    def test_many_findings(self, redactor: Redactor, make: Callable[[int], str]) -> None:
        """Four times as many different findings take about four times as long, not sixteen."""

        def best(count: int) -> float:
            text = "".join(map(make, range(count)))
            times = []
            for _ in range(3):
                start = time.process_time()
                redactor.redact(text)
                times.append(time.process_time() - start)
            return min(times)

        assert best(6_000) < 8 * best(1_500)

    @pytest.mark.parametrize("unit", BOMBS)
    def test_time_is_linear(self, redactor: Redactor, unit: str) -> None:
        """Twenty thousand characters of a pattern's worst fodder take well under a second."""
        text = (unit * 20_000)[:20_000]
        start = time.process_time()

        redactor.redact(text)

        assert time.process_time() - start < 1.0

    def test_a_long_row(self, redactor: Redactor) -> None:
        """A row of a megabyte is redacted whole, in time that grows with its length only."""
        text = "0" * 500_000 + " nora@example.org " + "a@" * 250_000
        start = time.process_time()

        result = redactor.redact(text)

        assert result.text.count("[EMAIL]") == 1
        assert time.process_time() - start < 5

    @given(offset=st.integers(-60, 60))
    def test_windows_cut_no_finding(self, redactor: Redactor, offset: int) -> None:
        """What lies across the edge of a window is found as a whole."""
        before = ("word " * WINDOW)[: WINDOW + offset - OVERLAP // 8]
        text = f"{before} mail nora.whitlock@mail.example.org, MRN: 998877 {'word ' * 300}"

        result = redactor.redact(text)

        assert result.text == text.replace("nora.whitlock@mail.example.org", "[EMAIL]").replace(
            "998877", "[RECORD]"
        )


def test_operators_reach_the_text() -> None:
    """The options' operators decide what a finding becomes."""
    options = RedactionOptions(operators=Operators({PiiType.DATE: Operator.YEAR}))

    assert Redactor(options).redact("seen 3 May 2021").text == "seen 2021"
