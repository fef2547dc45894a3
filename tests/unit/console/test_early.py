"""What places and a model's folder alone tell is told before anything is loaded."""

import gzip
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from psychescale.console.early import refuse_early
from psychescale.console.main import settings_of
from psychescale.errors import (
    InputError,
    ModelError,
    PrivacyError,
    PsychescaleError,
    StorageError,
    UsageError,
)
from psychescale.settings.config import load_config
from tests.conftest import LABELS


@pytest.fixture
def places(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the working one, with what a job may be given."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "posts.csv": "id,text,labels,source\na,b,c,d\n",
        "file": "",
        "key": uuid4().hex,
    }.items():
        Path(name).write_text(text, encoding="utf-8")
    Path("short").write_bytes(b"short")
    Path("packed.csv").write_bytes(gzip.compress(b"id,text\n"))
    shutil.copytree(tiny_model, "model")
    return tmp_path


def refuse(line: str, environ: Mapping[str, str] | None = None) -> PsychescaleError | None:
    """What a command line is refused with, where Spark would start on this machine."""
    verb, *flags = line.split()
    config = load_config(settings_of(verb), verb, flags, environ={}).config
    try:
        refuse_early(config, environ or {})
    except PsychescaleError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("line", "kind", "told"),
    [
        ("score --model model --input no.csv --output o", InputError, "at no.csv. Check --input"),
        ("score --model no --input posts.csv --output o", ModelError, "no model folder no."),
        ("score --model a/b --input posts.csv --output o", ModelError, "no pinned revision"),
        ("score --model file --input posts.csv --output o", ModelError, "file is a file."),
        ("score --model model --input posts.csv --output file/o", StorageError, "Check --output"),
        ("score --model model --input posts.csv --output o --state file", StorageError, "--state"),
        ("score --model model --input posts.csv --output o --labels a", ModelError, "--labels names 1"),
        ("anonymize --input posts.csv --output o --key-file no", UsageError, "key file cannot"),
        ("anonymize --input posts.csv --output o --key-file short", PrivacyError, "5 bytes; 32"),
        ("anonymize --input posts.csv --output o --key-file env:NO_KEY", UsageError, "is not set"),
        ("anonymize --input posts.csv --output o --key-file key --crosswalk file/c", StorageError, "c"),
        ("train --train no.csv --output o", InputError, "Check --train"),
        ("train --train posts.csv --validation no.csv --output o", InputError, "Check --validation"),
        ("train --train posts.csv --from no --output o", ModelError, "no model folder no."),
        ("train --train posts.csv --output model", UsageError, "model exists already"),
        ("evaluate --input no.jsonl --output o", InputError, "Check --input"),
        ("evaluate --input posts.csv --output o --against no", ModelError, "no model folder no."),
        ("evaluate --input posts.csv --output o --scores no", InputError, "Check --scores"),
        ("evaluate --task pii --input no.jsonl --output o", InputError, "Check --input"),
        ("tagger --clean c --posts no.jsonl --output o", InputError, "Check --posts"),
        ("tagger --clean c --posts posts.csv --output file/o", StorageError, "Check --output"),
        ("verify --run s --input no.csv", InputError, "Check --input"),
        ("score --model model --input posts.csv --output lab.scores", UsageError, "Add --state"),
        ("score --model model --input posts.csv --output o", PrivacyError, "--accept-raw"),
        ("score --model model --input posts.csv --output o --accept-raw --text-column body",
         InputError, "no column body; it has id, text, labels, source. Name"),
        ("score --model model --input posts.csv --output o --accept-raw --keep at", InputError, "at;"),
        ("score --model model --input packed.csv --output o --accept-raw", InputError, "end in .gz"),
        ("score --model model --input posts.csv --output o --accept-raw --separator ;",
         InputError, "its first line a header?"),
        ("anonymize --input posts.csv --output o --key-file key --author-column by", InputError, "by;"),
        ("train --train posts.csv --output o --accept-raw --label-columns stress",
         InputError, "--train has no column stress; it has id, text, labels, source. Name"),
        ("train --train posts.csv --output o", PrivacyError, "Give what `psychescale anonymize`"),
        ("evaluate --model model --input posts.csv --output o", PrivacyError, "--accept-raw"),
        ("sample --scores posts.csv --input posts.csv --output o", PrivacyError, "--accept-raw"),
    ],
)  # fmt: skip
def test_refused(places: Path, line: str, kind: type[PsychescaleError], told: str) -> None:
    """Each is refused with the class that the job itself would end with, naming place and option."""
    error = refuse(line)
    assert type(error) is kind
    assert told in str(error)
    assert sorted(path.name for path in places.iterdir()) == [
        "file", "key", "model", "packed.csv", "posts.csv", "short",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "score --model model --input posts.csv --output o/p/q --accept-raw",
        "score --model model --input hive.posts --output hive.scores --state o",
        "score --model model --input s3a://bucket/posts --output s3a://bucket/scores",
        f"score --model a/b --revision {'0' * 40} --input posts.csv --output o --accept-raw",
        "anonymize --input posts.csv --output o --key-file key --quarantine q",
        "anonymize --input posts.csv --output o --key-file secret:scope/key --ship-key",
        "score --model model --input no.csv --output o --set spark.remote=sc://host",
        "score --model model --input no.csv --output o --set spark.hadoop.fs.defaultFS=hdfs://host",
        "evaluate --task pii --input posts.csv --output o",
        "score --model model --input posts.csv --output o --accept-raw --id-column b --format jsonl",
        "score --model model --input posts.csv --input posts.csv --output o --accept-raw --id-column b",
        "verify --run a-run-id --scores model",
        "doctor --model no --output file/o",
        "demo",
    ],
)
@pytest.mark.usefixtures("places")
def test_not_refused(line: str) -> None:
    """What is there, lies elsewhere, or is for a catalog to know, is left to the job."""
    assert refuse(line) is None


@pytest.mark.parametrize("name", ["PYSPARK_GATEWAY_PORT", "SPARK_REMOTE", "HADOOP_CONF_DIR"])
@pytest.mark.usefixtures("places")
def test_elsewhere(name: str) -> None:
    """Where Spark's paths need not be those of this machine, none is looked at."""
    assert refuse("score --model model --input no.csv --output o", {name: "x"}) is None


@pytest.mark.usefixtures("places")
def test_what_the_model_leaves_open() -> None:
    """A model that does not say how its logits become probabilities is refused at once."""
    path = Path("model/config.json")
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, "problem_type": None}), encoding="utf-8")
    error = refuse("score --model model --input posts.csv --output o")
    assert "--activation sigmoid" in str(error)


@pytest.mark.parametrize("is_old", [False, True], ids=["commits", "checkpoint"])
@pytest.mark.usefixtures("places")
def test_columns_that_the_table_lacks(is_old: bool) -> None:
    """What the table lacks of kept columns, labels and logits is missed in its log, however old."""
    line = "score --model model --input posts.csv --output scores --accept-raw"
    names = ("id", "source", *(f"p_{label}" for label in LABELS))
    write_deltalake("scores", pa.table({name: ["x"] for name in names}))
    write_deltalake("scores", pa.table({name: ["y"] for name in names}), mode="append")
    log = Path("scores/_delta_log")
    if is_old:
        DeltaTable("scores").create_checkpoint()
        for commit in log.glob("*.json"):
            commit.unlink()
    assert refuse(f"{line} --keep source") is None
    assert "a table without a column group" in str(refuse(f"{line} --keep source,group"))
    assert "a table without a column logit_sleep" in str(refuse(f"{line} --logits"))
    assert "a table without a column p_a" in str(refuse(f"{line} --labels a,b,c,d,e"))
    for part in log.iterdir():
        part.unlink()
    assert refuse(f"{line} --logits") is None


@pytest.mark.usefixtures("places")
def test_columns_that_the_corpus_lacks() -> None:
    """A Delta table's log tells them; a field of a struct is left to the job."""
    write_deltalake("redacted", pa.table({name: ["x"] for name in ("id", "text")}))
    line = "score --model model --input redacted --output o"
    assert refuse(line) is None
    assert refuse(f"{line} --text-column data.text") is None
    assert "--input has no column source; it has id, text." in str(refuse(f"{line} --keep source"))
