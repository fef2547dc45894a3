"""`make dist`, and a standalone cluster that has nothing of psychescale but what it packs."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pandas as pd
import psutil

from psychescale.notice import NOTICE
from tests.cluster.conftest import require_equal
from tests.cluster.standalone import ROOT, SECRET, Cluster, write_properties
from tests.cluster.witness import Witness
from tests.spark.conftest import read_table

ARCHIVE = "psychescale-environment.tar.gz"
DEVELOPMENT = (sys.prefix, str(ROOT / "lib"), str(ROOT / "jobs"))


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
