"""The way through Spark Connect: what it must not touch, and what it does with a shared folder."""

import io
import re
import tokenize
from pathlib import Path
from typing import Any, cast

import pytest
from pyspark.sql import Row

from psychescale.errors import StorageError, UsageError
from psychescale.settings.config import public_values
from psychescale.settings.doctor import DoctorConfig
from psychescale.spark.pipeline.stream import _observed
from psychescale.spark.session.access import is_connect
from psychescale.spark.session.connect import SharedFiles
from psychescale.spark.session.session import open_remote

ROOT = Path(__file__).parents[3]
JVM = {"_jvm", "_jsc", "_jdf", "_jsparkSession", "sparkContext", "SparkContext", "py4j", "delta"}

# Where a session of this process is started, reached, and examined; jobs go through `access`.
CLASSIC = {
    "session/access.py",
    "session/classic.py",
    "session/session.py",
    "doctor/machine.py",
    "doctor/examine.py",
}


def test_jvm_stays_behind_the_seam() -> None:
    """Only the modules of a session in this process name its JVM, its SparkContext or delta-spark."""
    paths = [*(ROOT / "lib" / "psychescale").rglob("*.py"), *(ROOT / "jobs").glob("*.py")]
    naming = {f"{path.parent.name}/{path.name}" for path in paths if names(path) & JVM}
    assert {"session/classic.py", "session/session.py"} <= naming <= CLASSIC


def names(path: Path) -> set[str]:
    """Names in the code of a file, and what it imports."""
    text = path.read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))
    return imported | {token.string for token in tokens if token.type == tokenize.NAME} - {"delta"}


def test_no_session() -> None:
    """No session is no Connect session."""
    assert not is_connect(None)


@pytest.fixture
def files() -> SharedFiles:
    """A shared folder's files; Spark is needed for the probe alone."""
    return SharedFiles(cast("Any", None))


class TestSharedFiles:
    def test_qualified(self, files: SharedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
        """A path gets the scheme that Spark knows it by; volumes are Databricks' own."""
        monkeypatch.chdir("/")
        assert files.qualified("/data/posts") == "file:/data/posts"
        assert files.qualified("file:///data/posts") == "file:/data/posts"
        assert files.qualified("posts") == "file:/posts"
        assert files.qualified("/Volumes/a/b/c") == "dbfs:/Volumes/a/b/c"
        assert files.qualified("dbfs:/Volumes/a/b/c") == "dbfs:/Volumes/a/b/c"

    @pytest.mark.parametrize("place", ["s3://bucket/x", "abfss://a@b/x", "hdfs:/x", "dbfs:/x"])
    def test_no_way(self, files: SharedFiles, place: str) -> None:
        """Other file systems are refused with what to do instead."""
        with pytest.raises(UsageError, match="no way to this file system") as caught:
            files.exists(place)
        assert "spark-submit" in caught.value.remedy

    def test_count(self, files: SharedFiles, tmp_path: Path) -> None:
        """Files and folders of a pattern, hidden ones too, below a folder with odd letters."""
        folder = tmp_path / "a[1]"
        (folder / "_logs").mkdir(parents=True)
        (folder / ".hidden").touch()
        (folder / "c.csv").touch()
        place = files.qualified(str(folder)).replace("[", "\\[").replace("]", "\\]")
        assert files.count(f"{place}/[_.]*") == 2

    def test_life_of_a_file(self, files: SharedFiles, tmp_path: Path) -> None:
        """A file is made once, read, replaced without Hadoop's stale checksum, and deleted."""
        folder, path = str(tmp_path / "state"), str(tmp_path / "state" / "lease")
        files.make_private_folder(folder)
        assert files.mode(folder) == "rwx------"
        assert files.read(path) is None
        assert files.create(path, "one")
        assert not files.create(path, "two")
        checksum = tmp_path / "state" / ".lease.crc"
        checksum.write_bytes(b"stale")
        files.replace(path, "three")
        assert files.read(path) == "three"
        assert not checksum.exists()
        assert [entry.name for entry in (tmp_path / "state").iterdir()] == ["lease"]
        files.delete(path)
        assert not files.exists(path)
        files.delete(path)

    def test_folders(self, files: SharedFiles, tmp_path: Path) -> None:
        """Folders below are named in order, files left out; a folder is deleted with all in it."""
        for name in ("b", "a"):
            (tmp_path / "landed" / name).mkdir(parents=True)
        (tmp_path / "landed" / "file").touch()
        assert files.folders(str(tmp_path / "landed")) == ["a", "b"]
        assert files.folders(str(tmp_path / "nothing")) == []
        files.delete(str(tmp_path / "landed"))
        assert not files.exists(str(tmp_path / "landed"))


@pytest.mark.parametrize("server", ["local[2]", "spark://host:7077", "sc://", "sc://host:x"])
def test_no_address(server: str) -> None:
    """What is no address of a Connect server is said, without quoting it: it can hold a token."""
    with pytest.raises(UsageError, match="not the address of a Spark Connect server"):
        open_remote(server, {})


def test_nobody_listens() -> None:
    """A server that is not there is named at once."""
    with pytest.raises(StorageError, match="No Spark Connect server answers at 127") as caught:
        open_remote("sc://127.0.0.1:1/;token=hush", {})
    assert "hush" not in str(caught.value)


def test_token_is_masked() -> None:
    """The token in a server's address is neither printed nor stored."""
    address = "sc://host:443/;use_ssl=true;token=hush;user_id=me"
    values = public_values(DoctorConfig(spark={"spark.remote": address}))
    assert values["spark"] == {"spark.remote": "sc://host:443/;use_ssl=true;token=***;user_id=me"}


def test_counts_of_a_connect_server() -> None:
    """Counts of the stream are read from a row that comes with its schema, and from a plain one."""
    fields = [{"name": "rows", "type": "long"}, {"name": "null_text", "type": "long"}]
    sent = {"values": [5, 1], "schema": {"type": "struct", "fields": fields}}
    for metrics in (sent, {"rows": 5, "null_text": 1}):
        progress = {"batchId": 0, "observedMetrics": {"psychescale": Row(**metrics)}}
        assert _observed(progress) == {"rows": 5, "null_text": 1}
    assert _observed({"observedMetrics": {}}) is None
