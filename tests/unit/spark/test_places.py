"""What a place is, what is said of one that cannot be reached, and files that are there whole."""

import threading
from pathlib import Path

import pytest

from psychescale.errors import UsageError
from psychescale.spark.session import session
from psychescale.spark.session.folders import put_whole
from psychescale.spark.session.places import concealed, find_place, is_catalog_name
from psychescale.spark.session.protocol import FilesError, unreachable


@pytest.mark.parametrize(
    "given",
    [
        "scores", "./dev.scores", "/data/a.b", "a/b.c.d.e", "posts.csv", "posts.2024.jsonl.gz", "s3a://bucket/key",
        "abfss://notes@h.dfs.core.windows.net/x", "dbfs:/Volumes/a/b", "..", "~/x.y", "my scores",
    ],
)  # fmt: skip
def test_paths(given: str) -> None:
    """What has a slash, a scheme, a file's suffix or no point is a path."""
    assert not is_catalog_name(given)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("psych.scores", "psych.scores"),
        ("dev-catalog.psych.scores", "`dev-catalog`.psych.scores"),
        ("main.2024_wave.scores", "main.`2024_wave`.scores"),
        ("`a b`.`c.d`.scores", "`a b`.`c.d`.scores"),
    ],
)
def test_names(given: str, address: str) -> None:
    """Names of Unity Catalog have hyphens, digits in front and backticks; statements quote them."""
    place = find_place(None, given)  # type: ignore[arg-type] # names need no session
    assert (place.kind, place.address) == ("catalog", address)


@pytest.mark.parametrize("given", ["a.b.c.d", "a..b", "a.b.", "my catalog.psych.scores", "a.b$c"])
def test_neither(given: str) -> None:
    """What looks like neither is refused, with both ways to write it: never a new folder."""
    with pytest.raises(UsageError, match="neither like a path nor") as caught:
        is_catalog_name(given)
    assert f"./{given}" in caught.value.remedy


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("s3a://bucket/nora", "org.apache.hadoop:hadoop-aws:3.5.0"),
        ("abfss://notes@h/nora", "org.apache.hadoop:hadoop-azure:3.5.0"),
        ("gs://bucket/nora", "gcs-connector"),
        ("hdfs://nowhere/nora", "HADOOP_CONF_DIR"),
        ("ftp://nowhere/nora", "s3a:, abfss: and gs:"),
    ],
)
def test_unreachable(path: str, told: str) -> None:
    """A file system that Spark lacks is told by its scheme, with package or setting; no path is."""
    error = unreachable(path, "ClassNotFoundException", "3.5.0")
    assert told in error.remedy
    assert path.partition(":")[0] in error.problem
    assert "nora" not in str(error)
    assert FilesError("ConnectException", scheme="s3a").exit_code == 7


@pytest.mark.parametrize(
    ("given", "packages"),
    [
        ({}, ["io.delta"]),
        ({"spark.jars.packages": "org.x:hadoop-aws:3.5.0"}, ["io.delta", "org.x"]),
        ({"spark.jars.packages": "io.delta:delta-spark_2.13:4.0.0"}, ["io.delta"]),
        ({"spark.jars": "/jars/other.jar"}, ["io.delta"]),
        ({"spark.jars": "/jars/delta-spark.jar,/jars/delta-storage.jar"}, []),
    ],
)  # fmt: skip
def test_packages_are_added(given: dict[str, str], packages: list[str]) -> None:
    """Packages that a person gives come beside Delta, not in its place; Delta comes once."""
    merged = session._effective_settings(given, submitted=False)
    found = list(filter(None, merged.get("spark.jars.packages", "").split(",")))
    assert [name.partition(":")[0] for name in found] == packages


def test_file_names_are_keyed() -> None:
    """Who has a list of names cannot try them out on a run table."""
    one, other = (concealed("/data/nora.csv", secret) for secret in (b"one", b"other"))
    assert one != other
    assert "nora" not in one
    assert concealed("/data/notes", b"one") == "/data/notes"


def test_never_empty(tmp_path: Path) -> None:
    """Who reads a file while it is replaced finds the old one or the new one, whole."""
    path, stop = tmp_path / "file", threading.Event()
    put_whole(path, "0" * 50, over=True)

    def write() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            put_whole(path, f"{count % 10}" * 50, over=True)

    writer = threading.Thread(target=write)
    writer.start()
    found = {path.read_text(encoding="utf-8") for _ in range(500)}
    stop.set()
    writer.join()
    assert {len(set(content)) for content in found} == {1}
    assert {len(content) for content in found} == {50}
    assert list(tmp_path.iterdir()) == [path]


def test_one_of_many_creates(tmp_path: Path) -> None:
    """Of several who create a file exactly one does, and nobody finds it empty."""
    start, won = threading.Barrier(8), []

    def create(name: str) -> None:
        start.wait()
        if put_whole(tmp_path / "file", name, over=False):
            won.append(name)

    threads = [threading.Thread(target=create, args=(str(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "file").read_text(encoding="utf-8")] == won
