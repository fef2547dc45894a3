"""Keys, pseudonyms and the operators that use them."""

import hashlib
import hmac
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import PrivacyError, UsageError
from psychescale.text.findings import PiiType
from psychescale.text.replacement.dating import MAX_SHIFT_DAYS, DateShift
from psychescale.text.replacement.keys import KeyFileWarning, PseudonymKey
from psychescale.text.replacement.operators import PLACEHOLDER, DocumentContext, Operator, Operators
from psychescale.text.replacement.pseudonyms import Domain, Pseudonymizer
from psychescale.text.replacement.surrogates import has_surrogate, make_surrogate
from psychescale.text.replacement.zip3 import LOW_POPULATION, generalize_zip

SECRET = bytes(range(32))
KEY = PseudonymKey(SECRET)
OTHER_KEY = PseudonymKey(bytes(range(1, 33)))
FORUM = Pseudonymizer(KEY, "forum")


class TestKey:
    @pytest.mark.parametrize("length", [0, 1, 31])
    def test_short_keys_are_refused(self, length: int) -> None:
        """Fewer than 32 bytes stop the job, with the way to make a key."""
        with pytest.raises(PrivacyError, match="/dev/urandom"):
            PseudonymKey(bytes(range(length)))

    def test_a_constant_is_no_key(self) -> None:
        """32 bytes of zero are long, but no secret."""
        with pytest.raises(PrivacyError):
            PseudonymKey(bytes(32))

    def test_shown_nowhere(self) -> None:
        """Neither `repr` nor `str` holds the key; its id is 16 digits that are no part of it."""
        for shown in (repr(KEY), str(KEY), repr(FORUM), repr(Operators({}, FORUM))):
            assert "\\x01" not in shown
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
        monkeypatch.setenv("PSYCHESCALE_TEST_KEY", "k3y" * 11)
        key = PseudonymKey.from_environment("PSYCHESCALE_TEST_KEY")

        assert key.key_id == PseudonymKey(b"k3y" * 11).key_id
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
            ("2021-05-03", "2021-05-10"), ("05/03/2021", "2021-05-10"), ("13/05/2021", "2021-05-20"),
            ("3.5.2021", "2021-05-10"), ("May 3rd, 2021", "2021-05-10"), ("3rd of May 2021", "2021-05-10"),  # noqa: E501
            ("Monday, 3 May '21", "2021-05-10"), ("5/3/99", "1999-05-10"), ("2021-05-03 10:30", "2021-05-10"),  # noqa: E501
            ("May 2021", None), ("in July", None), ("31/31/2021", None),
        ],
    )  # fmt: skip
    def test_forms(self, text: str, expected: str | None) -> None:
        """Full dates of the usual forms are moved; what is no full date is not."""
        assert DateShift(7).text(text) == expected

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

    def test_surrogates_live_in_one_document(self) -> None:
        """A name has one surrogate inside a document and another one in the next."""
        first = [
            self.replace(PiiType.NAME, Operator.SURROGATE, name, id="1")
            for name in ("Nora", "nora ")
        ]
        other = {
            self.replace(PiiType.NAME, Operator.SURROGATE, "Nora", id=str(i)) for i in range(20)
        }

        assert first[0] == first[1]
        assert len(other) > 15

    def test_every_surrogate(self) -> None:
        """Each type that has surrogates makes one; numbers of persons have none."""
        for kind in filter(has_surrogate, PiiType):
            assert make_surrogate(kind, "x", FORUM, document="1")
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
