"""Keys, pseudonyms and the operators that use them."""

import base64
import hashlib
import hmac
import importlib
import zlib
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import PrivacyError, UsageError
from psychescale.text.findings import PiiType
from psychescale.text.replacement.dating import (
    MAX_SHIFT_DAYS,
    DateOrder,
    DateShift,
    proven_order,
)
from psychescale.text.replacement.keys import KeyFileWarning, PseudonymKey
from psychescale.text.replacement.made_up import MadeUpNames
from psychescale.text.replacement.operators import PLACEHOLDER, DocumentContext, Operator, Operators
from psychescale.text.replacement.pseudonyms import Domain, Pseudonymizer
from psychescale.text.replacement.surrogates import Surrogates, has_surrogate
from psychescale.text.replacement.zip3 import LOW_POPULATION, generalize_zip
from psychescale.text.rules.persons.names import PARTICLE_WORDS, TITLE_WORDS

SECRET = hashlib.sha256(b"one").digest()
KEY = PseudonymKey(SECRET)
OTHER_KEY = PseudonymKey(hashlib.sha256(b"two").digest())
FORUM = Pseudonymizer(KEY, "forum")


def replace_all(kind: PiiType, operator: Operator, values: list[str]) -> list[str]:
    """What stands for the values, all of them findings of one text."""
    operators = Operators({kind: operator}, FORUM)
    context = operators.seen([(kind, v) for v in values], DocumentContext(id="1", author="nora"))
    return [operators.replace(kind, value, context) for value in values]


class TestKey:
    @pytest.mark.parametrize("length", [0, 1, 31])
    def test_short_keys_are_refused(self, length: int) -> None:
        """Fewer than 32 bytes stop the job, with the way to make a key."""
        with pytest.raises(PrivacyError, match="/dev/urandom"):
            PseudonymKey(bytes(range(length)))

    @pytest.mark.parametrize(
        "secret",
        [
            bytes(32), bytes(range(32)), bytes(range(40, 0, -1)),
            bytes(range(0, 96, 3)), bytes(31) + b"x",
            b"password" * 4, b"password" * 5 + b"\n", b"correct horse battery staple " * 2,
            b"0123456789abcdef" * 2, b"abcdefghijklmnopqrstuvwxyz0123456789",
            bytes(range(32)).hex().encode(),
            b"secret1secret2secret3secret4secret5", b"a" * 16 + b"b" * 16,
        ],
    )  # fmt: skip
    def test_a_pattern_is_no_key(self, secret: bytes) -> None:
        """A byte or word repeated and numbers in a row are long, but no secret."""
        with pytest.raises(PrivacyError, match="pattern"):
            PseudonymKey(secret)

    @given(seed=st.binary(max_size=8))
    def test_random_keys_pass(self, seed: bytes) -> None:
        """What looks random is taken, as bytes, as hex digits and in base64."""
        secret = hashlib.sha256(seed).digest()
        for written in (secret, secret.hex().encode(), base64.b64encode(secret) + b"\n"):
            assert PseudonymKey(written).key_id

    def test_shown_nowhere(self) -> None:
        """Neither `repr` nor `str` holds the key; its id is 16 digits that are no part of it."""
        for shown in (repr(KEY), str(KEY), repr(FORUM), repr(Operators({}, FORUM))):
            assert repr(SECRET)[2:-1] not in shown
            assert SECRET.hex() not in shown
        assert len(KEY.key_id) == 16
        assert KEY.key_id not in SECRET.hex()
        assert KEY.key_id != OTHER_KEY.key_id

    def test_read(self, tmp_path: Path) -> None:
        """The bytes of the file are the key."""
        path = tmp_path / "key"
        path.write_bytes(SECRET)
        path.chmod(0o600)

        assert PseudonymKey.read(path) == KEY

    def test_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable, as a cluster fills it from its secret scope, is the key that a file would be."""
        monkeypatch.setenv("PSYCHESCALE_TEST_KEY", SECRET.hex())
        key = PseudonymKey.from_environment("PSYCHESCALE_TEST_KEY")

        assert key.key_id == PseudonymKey(SECRET.hex().encode()).key_id
        monkeypatch.setenv("PSYCHESCALE_TEST_KEY", "short")
        with pytest.raises(PrivacyError, match="32 are the least"):
            PseudonymKey.from_environment("PSYCHESCALE_TEST_KEY")
        monkeypatch.delenv("PSYCHESCALE_TEST_KEY")
        with pytest.raises(UsageError, match="is not set"):
            PseudonymKey.from_environment("PSYCHESCALE_TEST_KEY")

    def test_missing_file(self, tmp_path: Path) -> None:
        """A missing file is a usage error that names the flag, not the path's content."""
        with pytest.raises(UsageError, match="--key-file"):
            PseudonymKey.read(tmp_path / "none")

    def test_modes(self, tmp_path: Path) -> None:
        """A file that others read is warned of; one that everybody may change is refused."""
        path = tmp_path / "key"
        path.write_bytes(SECRET)
        path.chmod(0o644)
        with pytest.warns(KeyFileWarning):
            PseudonymKey.read(path)
        path.chmod(0o666)
        with pytest.raises(PrivacyError):
            PseudonymKey.read(path)


class TestPseudonyms:
    def test_written_form(self) -> None:
        """HMAC-SHA256 of domain, source and value, 160 bits in small base32."""
        digest = hmac.new(SECRET, b"author\0forum\0nora", hashlib.sha256).digest()[:20]

        assert int.from_bytes(digest, "big") == FORUM.number(Domain.AUTHOR, "nora")
        assert FORUM.author("nora") == Pseudonymizer(KEY, "forum").author("nora")
        assert len(FORUM.author("nora")) == 32
        assert set(FORUM.author("nora")) <= set("abcdefghijklmnopqrstuvwxyz234567")

    def test_unlinkable(self) -> None:
        """Another key, source or domain gives another pseudonym of the same value."""
        made = {
            FORUM.author("nora"),
            FORUM.id("nora"),
            FORUM.mention("nora"),
            Pseudonymizer(KEY, "survey").author("nora"),
            Pseudonymizer(OTHER_KEY, "forum").author("nora"),
        }

        assert len(made) == 5

    @given(one=st.tuples(st.text(), st.text()), other=st.tuples(st.text(), st.text()))
    def test_no_two_messages_collide(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Different pairs of source and value have different pseudonyms, wherever the cut is."""
        pairs = [(source.replace("\0", ""), value) for source, value in (one, other)]
        made = [Pseudonymizer(KEY, source).id(value) for source, value in pairs]

        assert (made[0] == made[1]) == (pairs[0] == pairs[1])

    def test_sources_without_zero_bytes(self) -> None:
        """A source that could be mistaken for two parts of the message is refused."""
        with pytest.raises(UsageError):
            Pseudonymizer(KEY, "a\0b")

    def test_mentions_ignore_case(self) -> None:
        """A mention is the same person in any case; an author is what the column holds."""
        assert FORUM.mention("Quiet_Otter") == FORUM.mention("quiet_otter")
        assert FORUM.author("Quiet_Otter") != FORUM.author("quiet_otter")


class TestDates:
    def test_one_constant_per_author(self) -> None:
        """An author's dates move by the same whole weeks, in text and time alike, never by none."""
        shift = DateShift.of_author(FORUM, "nora")

        assert shift == DateShift.of_author(FORUM, "nora")
        assert shift.text("3 May 2021") == shift.time(datetime(2021, 5, 3)).strftime("%Y-%m-%d")  # noqa: DTZ001
        days = {DateShift.of_author(FORUM, str(i)).days for i in range(500)}
        assert 0 not in days
        assert min(days) == -MAX_SHIFT_DAYS
        assert max(days) == MAX_SHIFT_DAYS
        assert {d % 7 for d in days} == {0}

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2021-05-03", "2021-05-10"), ("05/03/2021", None), ("13/05/2021", "2021-05-20"),
            ("05/13/2021", "2021-05-20"), ("05/05/2021", "2021-05-12"), ("13.5.21", "2021-05-20"),
            ("3.5.2021", "2021-05-10"), ("May 3rd, 2021", "2021-05-10"), ("3rd of May 2021", "2021-05-10"),  # noqa: E501
            ("Monday, 3 May '21", "2021-05-10"), ("5/13/99", "1999-05-20"), ("2021-05-03 10:30", "2021-05-10"),  # noqa: E501
            ("May 2021", None), ("in July", None), ("31/31/2021", None),
        ],
    )  # fmt: skip
    def test_forms(self, text: str, expected: str | None) -> None:
        """Full dates of the usual forms are moved; what is no full date, or could be two, is not."""
        assert DateShift(7).text(text) == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ("day-first", ["2021-03-12", "2021-05-20", "2021-05-20"]),
            ("month-first", ["2021-05-10", "2021-05-20", "2021-05-20"]),
        ],
    )
    def test_order_of_the_corpus(self, order: DateOrder, expected: list[str]) -> None:
        """What could be two days is the one of the corpus's order; what can be one only stays that."""
        dates = ["05/03/2021", "13/05/2021", "05/13/2021"]
        assert [DateShift(7).text(date, order) for date in dates] == expected

    @given(
        days=st.lists(st.dates(date(1971, 1, 1), date(2068, 12, 31)), min_size=1, max_size=5),
        form=st.sampled_from(
            ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%m/%d/%y", "%d.%m.%Y", "%Y-%m-%d"]
        ),
    )
    def test_order_is_kept(self, days: list[date], form: str) -> None:
        """Dates of one writer come out in their order, or as placeholders: never in another order."""
        found = [day.strftime(form) for day in days]
        shown = replace_all(PiiType.DATE, Operator.SHIFT, found)
        moved = [(day, text) for day, text in zip(days, shown, strict=True) if text != "[DATE]"]

        assert sorted(moved) == sorted(moved, key=lambda pair: pair[1])
        steps = {(date.fromisoformat(text) - day).days for day, text in moved}
        assert steps <= {DateShift.of_author(FORUM, "nora").days}

    def test_proven_by_another_date(self) -> None:
        """A date that can be read one way settles the others of its text."""
        first, second = replace_all(PiiType.DATE, Operator.SHIFT, ["13/05/2021", "05/06/2021"])

        assert first < second
        assert proven_order(["13/05/2021", "05/13/2021"]) is None

    def test_edges_of_the_calendar(self) -> None:
        """A moment at the calendar's end stays inside."""
        assert DateShift(7).time(datetime.max) < datetime.max  # noqa: DTZ901


class TestOperators:
    def replace(self, kind: PiiType, operator: Operator, value: str, **document: str) -> str:
        return Operators({kind: operator}, FORUM).replace(kind, value, DocumentContext(**document))

    def test_placeholder_by_default(self) -> None:
        """Types without an operator become placeholders, without any key."""
        for kind in PiiType:
            shown = Operators().replace(kind, "x", DocumentContext())
            assert shown == f"[{kind.value}]"
            assert PLACEHOLDER.fullmatch(shown)

    @pytest.mark.parametrize(
        ("kind", "operator", "value", "expected"),
        [
            (PiiType.DATE, Operator.YEAR, "March 5th, 2021", "2021"),
            (PiiType.DATE, Operator.YEAR, "5 March", "[DATE]"),
            (PiiType.DATE, Operator.SHIFT, "5 March", "[DATE]"),
            (PiiType.AGE, Operator.AGE_CAP, "94", "90+"),
            (PiiType.ZIP, Operator.ZIP3, "94103", "941**"),
            (PiiType.ZIP, Operator.ZIP3, "03601-1234", "000**"),
            (PiiType.ZIP, Operator.ZIP3, "SW1A 1AA", "[ZIP]"),
        ],
    )
    def test_generalizing(
        self, kind: PiiType, operator: Operator, value: str, expected: str
    ) -> None:
        """Dates keep their year, ages stop at 90, ZIP codes keep three digits where enough live."""
        assert self.replace(kind, operator, value) == expected

    def test_linkable_mentions(self) -> None:
        """The same handle gets the same pseudonym in brackets, with or without its marker."""
        one = self.replace(PiiType.USER, Operator.PSEUDONYM, "u/Fern")

        assert one == self.replace(PiiType.USER, Operator.PSEUDONYM, "@fern")
        assert PLACEHOLDER.fullmatch(one)
        assert FORUM.handle("Fern").startswith(one[len("[USER:") : -1])

    def test_one_person_one_surrogate(self) -> None:
        """A name and its parts are one person in a text, of the same form, sex and titles."""
        names = [
            "Nora Whitlock", "Nora", "Mrs. Whitlock", "WHITLOCK, NORA", "N. Whitlock", "nora's",
            "Tom Whitlock",
        ]  # fmt: skip
        whole, given_, titled, turned, initial, possessive, other = replace_all(
            PiiType.NAME, Operator.SURROGATE, names
        )
        first, last = whole.split()

        assert (given_, titled) == (first, f"Mrs. {last}")
        assert turned == f"{last}, {first}".upper()
        assert (initial, possessive) == (f"{first[0]}. {last}", f"{first.lower()}'s")
        assert other.split()[1] == last
        assert other.split()[0] not in (first, "Tom")
        assert not {"nora", "whitlock"} & {word.casefold() for word in (first, last)}

    @pytest.mark.parametrize(
        ("name", "sex"), [("Nora", "female"), ("Tom", "male"), ("Mr Jordan Zorblax", "male")]
    )
    def test_sex_is_kept(self, name: str, sex: str) -> None:
        """Where the name or a title tells the sex, the surrogate is of it."""
        provider = importlib.import_module("faker.providers.person.en_US").Provider
        names = set(getattr(provider, f"first_names_{sex}"))
        made = {
            self.replace(PiiType.NAME, Operator.SURROGATE, name, id=str(i)).removeprefix("Mr ")
            for i in range(20)
        }

        assert {one.split()[0] for one in made} <= names

    def test_surrogate_handles_keep_their_mark(self) -> None:
        """A handle is one person with a mark before it and without, and keeps the mark."""
        one, two, bare = (
            self.replace(PiiType.USER, Operator.SURROGATE, value, id="1")
            for value in ("u/Fern", "@fern", "fern")
        )
        assert (one, two) == (f"u/{bare}", f"@{bare}")

    def test_surrogates_live_in_one_document(self) -> None:
        """A name has one surrogate inside a document and another one in the next."""
        first = [
            self.replace(PiiType.NAME, Operator.SURROGATE, name, id="1")
            for name in ("Nora", "NORA")
        ]
        other = {
            self.replace(PiiType.NAME, Operator.SURROGATE, "Nora", id=str(i)) for i in range(20)
        }

        assert first[0].upper() == first[1]
        assert len(other) > 15

    def test_every_surrogate(self) -> None:
        """Each type that has surrogates makes one; numbers of persons have none."""
        for kind in filter(has_surrogate, PiiType):
            assert Surrogates(FORUM, "1", ["x"]).of(kind, "x")
        assert not has_surrogate(PiiType.NATIONAL_ID)

    @pytest.mark.parametrize(
        ("by_type", "keyed"),
        [
            ({PiiType.NAME: Operator.YEAR}, True),
            ({PiiType.RECORD: Operator.SURROGATE}, True),
            ({PiiType.USER: Operator.PSEUDONYM}, False),
        ],
    )
    def test_what_does_not_fit(self, by_type: dict[PiiType, Operator], *, keyed: bool) -> None:
        """An operator for the wrong type, or without its key, is refused at once."""
        with pytest.raises(UsageError):
            Operators(by_type, FORUM if keyed else None)


class TestZip:
    def test_seventeen_prefixes(self) -> None:
        """Seventeen prefixes of the 2000 census have 20,000 people or fewer."""
        assert len(LOW_POPULATION) == 17
        assert {generalize_zip(f"{prefix}99") for prefix in LOW_POPULATION} == {"000**"}

    @pytest.mark.parametrize("text", ["", "1234", "123456", "K1A 0B1"])
    def test_no_zip(self, text: str) -> None:
        """Anything else has no generalized form."""
        assert generalize_zip(text) is None


@pytest.mark.parametrize("title", sorted((TITLE_WORDS | PARTICLE_WORDS) - {"st."}))
def test_titles_and_particles_stay(title: str) -> None:
    """What the rules know as no part of a name is none for the made-up one either."""
    made = MadeUpNames([f"Ann {title} Orban"], lambda word: zlib.crc32(word.encode()))

    assert made.of(f"Ann {title} Orban").split(" ")[1] == title
