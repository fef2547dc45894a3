"""Planted words on the way through `anonymize`: an unknown one in the redacted texts, no other."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from psychescale.errors import PrivacyError
from psychescale.spark.anonymize import keying, plan
from psychescale.spark.anonymize import udf as redaction
from psychescale.spark.corpus import failures
from psychescale.spark.pipeline import job as pipeline
from psychescale.spark.pipeline import stream as stream_module
from psychescale.spark.tables import delta as tables
from psychescale.spark.workers.process import contained
from tests.spark.conftest import Row, write_json_lines
from tests.spark.score import test_canaries
from tests.spark.score.test_canaries import search

# No recognizer can know the first; the second is a mail address.
UNKNOWN, MAIL = "zorkmidunknown", "zorkmidmail"
ID, AUTHOR, FILE, COLUMN, KEY = (
    f"zorkmid{name}" for name in ("id", "author", "file", "col", "key")
)
CANARIES = {UNKNOWN, MAIL, ID, AUTHOR, FILE, COLUMN, KEY}
Leaks = Callable[..., dict[str, set[str]]]


def planted(count: int = 12) -> list[Row]:
    """Rows whose every value is a canary; authors are mentioned by others."""
    return [
        {
            "id": f"{ID}-{i}",
            "author": f"{AUTHOR}_{i % 3}",
            "note": COLUMN,
            "text": f"{UNKNOWN}: {AUTHOR}_{(i + 1) % 3} has {MAIL}{i}@example.org",
        }
        for i in range(count)
    ]


@pytest.fixture
def leaks(
    run: Callable[..., int],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Leaks:
    """A function (expected exit code, rows, *arguments) → where canaries are after a run."""
    monkeypatch.setattr(test_canaries, "CANARIES", CANARIES)
    key = tmp_path / "key"
    key.write_text(f"{KEY}-{uuid4().hex}", encoding="utf-8")
    key.chmod(0o600)

    def anonymize(code: int, rows: list[Row], *arguments: str | Path) -> dict[str, set[str]]:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        path = write_json_lines(corpus / f"{FILE}.jsonl", rows)
        with path.open("a", encoding="utf-8") as file:
            file.write(
                f'{{"id": "{ID}", "author": "{AUTHOR}", "text": "{UNKNOWN} {MAIL}@example.org\n'
            )
        capfd.readouterr()
        found = run(
            "anonymize", "--input", corpus, "--output", tmp_path / "redacted", "--key-file", key,
            "--author-column", "author", "--max-failed-share", "0.2", *arguments,
        )  # fmt: skip
        told = capfd.readouterr()
        assert found == code, told.err
        places = search(tmp_path / "redacted") if (tmp_path / "redacted").exists() else {}
        places["terminal"] = {canary for canary in CANARIES if canary in told.out + told.err}
        return {place: canaries for place, canaries in places.items() if canaries}

    return anonymize


class TestProtected:
    def test_success(self, leaks: Leaks) -> None:
        """After a run the unknown word is in the table, and no other canary anywhere."""
        assert leaks(0, planted()) == {"table": {UNKNOWN}}

    @pytest.mark.parametrize(
        ("code", "rows", "arguments"),
        [
            (3, [*planted(3), *planted(3)], []),
            (3, [*planted(3), {"text": UNKNOWN, "author": AUTHOR}], []),
            (3, planted(3), ["--text-column", "body"]),
            (3, planted(3), ["--encoding", "utf-16"]),
        ],
    )
    def test_refusals(self, leaks: Leaks, code: int, rows: list[Row], arguments: list[str]) -> None:
        """A corpus that is refused leaves nothing."""
        assert leaks(code, rows, *arguments) == {}

    def test_shipped_key(self, leaks: Leaks) -> None:
        """A key that is sent with the job stands in no file of the output either."""
        assert leaks(0, planted(), "--ship-key") == {"table": {UNKNOWN}}

    def test_failure_budget(self, leaks: Leaks) -> None:
        """Over its failure budget a run keeps landed texts, under pseudonyms, and nothing else."""
        found = leaks(6, planted(), "--timeout-s", "1e-9")

        assert found.pop("landed") == {UNKNOWN, MAIL, AUTHOR}  # as the texts mention authors
        assert found == {}

    def test_worker_error(self, leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
        """An exception in a worker that quotes a row reaches nobody."""
        _quote_rows(monkeypatch, contain=True)
        found = leaks(1, planted())

        assert found.pop("landed") == {UNKNOWN, MAIL, AUTHOR}
        assert found == {}


class TestUnprotected:
    """With a protection off the search finds what it kept."""

    def test_pass_through(self, leaks: Leaks) -> None:
        """A column that is named comes out; a type that is left stays, authors' handles with it."""
        found = leaks(0, planted(), "--keep", "note", "--leave", "USER,EMAIL")

        assert found == {"table": {UNKNOWN, COLUMN, AUTHOR, MAIL}}

    def test_pseudonyms(self, leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without pseudonyms ids and authors are in the table, made ids with their file."""
        monkeypatch.setattr(keying, "_ids", lambda _, value: value)
        monkeypatch.setattr(keying, "_authors", lambda _, value: value)

        assert leaks(0, planted())["table"] >= {ID, AUTHOR}

    def test_everything_around(
        self, leaks: Leaks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Without the rule on statistics, the clearing up and a digest of the key, each is found."""
        monkeypatch.setattr(tables, "table_properties", lambda _: tables._PROPERTIES)
        monkeypatch.setattr(pipeline, "forget_landed", lambda *_, **__: None)
        monkeypatch.setattr(plan, "redaction_id", lambda _: (tmp_path / "key").read_text())
        found = leaks(0, planted())

        assert found["log"] == {UNKNOWN, KEY}
        assert found["landed"] == {UNKNOWN, MAIL, AUTHOR}
        assert KEY in found["runs"]

    def test_worker_error(self, leaks: Leaks, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the rule on exceptions one that quotes a row is told."""
        _quote_rows(monkeypatch, contain=False)
        monkeypatch.setattr(
            stream_module,
            "explain_failure",
            lambda error: failures.StorageError(failures._whole_message(error), remedy=""),
        )

        assert MAIL in leaks(7, planted())["terminal"]


def test_shipping_needs_encryption(tmp_path: Path) -> None:
    """Without encryption of what Spark writes to disk a key is not sent with the job."""
    path = tmp_path / "key"
    path.write_bytes(uuid4().bytes + uuid4().bytes)
    path.chmod(0o600)
    plain: Any = SimpleNamespace(conf={"spark.io.encryption.enabled": "false"})
    with pytest.raises(PrivacyError, match="as it is"):
        keying.read_key(plain, str(path), source="", ship=True)
    assert keying.read_key(plain, str(path), source="", ship=False).secret is None


def _quote_rows(monkeypatch: pytest.MonkeyPatch, *, contain: bool) -> None:
    def quote(_, batches):  # noqa: ANN001, ANN202 - pickled by value
        def frames():  # noqa: ANN202
            for columns in batches:
                raise ValueError(list(columns[0]))
            yield None

        return contained(frames(), doing="redacting") if contain else frames()

    monkeypatch.setattr(redaction, "_frames", quote)
    if not contain:
        monkeypatch.setattr(redaction, "contained", lambda frames, doing: frames)  # noqa: ARG005
