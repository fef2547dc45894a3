"""`make dist`, and a standalone cluster that has nothing of psychescale but what it packs."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from psychescale.notice import NOTICE
from tests.cluster.standalone import ROOT, SECRET, Cluster, run, write_properties
from tests.cluster.witness import Witness
from tests.spark.conftest import read_table, write_json_lines

ARCHIVE = "psychescale-environment.tar.gz"
DEVELOPMENT = (sys.prefix, str(ROOT / "lib"), str(ROOT / "jobs"))
PER_RUN = ["run_id", "scored_at"]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, corpus_texts: list[str]) -> Path:
    """Four hundred texts, of which some cannot be scored."""
    rows = [
        {"id": f"doc-{i:04}", "text": text if i % 50 else None}
        for i, text in enumerate(corpus_texts[:400])
    ]
    return write_json_lines(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


@pytest.fixture(scope="session")
def local_table(
    corpus: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """What the command on this machine makes of the corpus."""
    output = tmp_path_factory.mktemp("local") / "scores"
    command = Path(sys.executable).with_name("psychescale")
    done = run(
        [command, "score", "--accept-raw", "--set", "spark.master=local[2,4]"]
        + ["--model", tiny_model, "--input", corpus, "--output", output]
    )
    assert done.returncode == 0, done.stderr
    return read_table(output)


def require_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows, columns, counts and reasons; probabilities to 1e-5."""
    probabilities = [name for name in expected.columns if name.startswith("p_")]
    assert len(probabilities) == 5
    exact = expected.columns.drop([*probabilities, *PER_RUN])
    pd.testing.assert_frame_equal(found[exact], expected[exact])
    np.testing.assert_allclose(
        found[probabilities].to_numpy(), expected[probabilities].to_numpy(), atol=1e-5, rtol=0
    )


def test_dist_is_whole(dist: Path) -> None:
    """Wheel, jobs and environment are there, and their checksums hold."""
    wheels = [path.name for path in dist.glob("*.whl")]
    assert wheels == ["psychescale-0.1.0-py3-none-any.whl"]
    packed = {path.name for path in (dist / "jobs").glob("*.py")}
    assert packed == {path.name for path in (ROOT / "jobs").glob("*.py")}
    listed = (dist / "SHA256SUMS").read_text(encoding="utf-8")
    assert {line.split("  ")[1] for line in listed.splitlines()} >= {ARCHIVE, *wheels}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=dist, check=True)


def test_archive_names_no_place_of_the_build(
    members: list[tarfile.TarInfo], unpacked: Path
) -> None:
    """No link of the archive leaves it, it has no owner, and no file of ours names this checkout."""
    assert not [m.name for m in members if m.islnk() or (m.issym() and "/" in m.linkname)]
    assert {(m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, "", "")}
    of_others = r"site-packages/(pyspark|pytest|mypy|ruff)/|direct_url\.json$"
    assert not [m.name for m in members if re.search(of_others, m.name)]
    own = [*(unpacked / "bin").iterdir(), unpacked / "pyvenv.cfg"]
    own += (unpacked / "lib").rglob("psychescale*/**/*.*")
    named = [path for path in own if path.is_file() and str(ROOT).encode() in path.read_bytes()]
    assert named == []


def test_scores_like_local_mode(
    cluster: Cluster,
    dist: Path,
    unpacked: Path,
    tiny_model: Path,
    corpus: Path,
    local_table: pd.DataFrame,
    tmp_path: Path,
) -> None:
    """spark-submit from the archive alone: two executors unpack it, and the table is local mode's."""
    properties = write_properties(
        tmp_path / "cluster.conf",
        {
            "spark.master": cluster.master,
            "spark.cores.max": "2",
            "spark.executor.cores": "1",
            "spark.executor.memory": "1g",
            "spark.authenticate.secret": SECRET,
            "spark.archives": f"{dist / ARCHIVE}#environment",
            "spark.pyspark.python": "./environment/bin/python",
            "spark.pyspark.driver.python": unpacked / "bin" / "python",
            "spark.driver.host": "127.0.0.1",
        },
        after=ROOT / "conf" / "spark" / "standalone.conf",
    )
    output = tmp_path / "scores"
    command = [cluster.home / "bin" / "spark-submit", "--properties-file", properties]
    command += [dist / "jobs" / "score.py", "--model", tiny_model, "--input", corpus]
    command += ["--output", output, "--accept-raw", "--rows-per-task", "25"]
    with (tmp_path / "submit.log").open("wb") as log:
        job = psutil.Popen(
            [str(part) for part in command],
            env=dict(cluster.environment),
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        with Witness(lambda: [*cluster.descendants(), job, *job.children(recursive=True)]) as seen:
            code = job.wait()
    told = (tmp_path / "submit.log").read_text(encoding="utf-8")
    assert code == 0, told[-3000:]
    assert NOTICE in re.sub(r"\s+", " ", told)

    require_equal(read_table(output), local_table)
    assert seen.below(*DEVELOPMENT) == []
    assert seen.below(str(unpacked / "lib"))
    torch = r"(worker-\d)/app-[\w-]+/\d+/environment/lib/.*/libtorch_cpu\.so$"
    used = (re.search(torch, path) for path in seen.seen)
    assert {found.group(1) for found in used if found} == {"worker-1", "worker-2"}
