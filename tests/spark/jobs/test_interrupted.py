"""Ctrl-C at a command in a process of its own."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.spark.conftest import Row, read_runs, write_json_lines


def test_one_line(rows: list[Row], tiny_model: Path, tmp_path: Path) -> None:
    """While it works in Spark: one line on stderr, exit code 130, a row of it in the run table."""
    corpus = write_json_lines(tmp_path / "corpus.jsonl", rows)
    output = tmp_path / "scores"
    command = [
        Path(sys.executable).with_name("psychescale"), "score", "--model", tiny_model,
        "--input", corpus, "--output", output, "--accept-raw",
    ]  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        told = next(line for line in process.stdout if "landing the corpus" in line)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    assert told
    assert errors.splitlines() == [
        "psychescale score: interrupted. Run again: it goes on where it stopped."
    ]
    assert process.returncode == 130
    assert "stopping" in rest
    assert list(read_runs(output)["exit_code"]) == [130]
