"""Spark's settings that we ship: each has its reason, and together they pass doctor's own checks."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from psychescale.spark.doctor.checks import Status
from psychescale.spark.doctor.spark_settings import judge_settings, slots_per_executor
from psychescale.spark.session.session import _ALWAYS, _DELTA, _LOCAL, delta_package

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "conf" / "spark"
KINDS = ("local", "standalone", "yarn", "kubernetes")
DISCOVER = ROOT / "deploy" / "gpu" / "discover.sh"

# A GPU node on top of YARN, the way the file says.
COMBINED = {**{kind: (kind,) for kind in KINDS}, "yarn with GPUs": ("yarn", "gpu")}


def read(*names: str) -> dict[str, str]:
    """Settings of properties files, one after the other."""
    settings: dict[str, str] = {}
    for name in names:
        for line in (FOLDER / f"{name}.conf").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key, value = line.split()
                settings[key] = value
    return settings


@pytest.mark.parametrize("name", [*KINDS, "gpu"])
def test_each_setting_has_its_reason(name: str) -> None:
    """A comment stands above each setting, or above the group it belongs to; none is there twice."""
    lines = (FOLDER / f"{name}.conf").read_text(encoding="utf-8").splitlines()
    keys = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert len(keys) == len(set(keys))
    groups = "\n".join(lines).split("\n\n")
    assert [
        group for group in groups if group and not group.startswith(("#", "spark.master"))
    ] == []


@pytest.mark.parametrize("names", COMBINED.values(), ids=COMBINED)
def test_nothing_to_complain_about(names: tuple[str, ...]) -> None:
    """No setting in them is yellow to doctor, with BERT-base on a machine of 16 GB."""
    settings = read(*names)
    findings = judge_settings(
        settings,
        weights_bytes=438 * 10**6,
        memory_bytes=16 * 2**30,
        slots=slots_per_executor(settings, 4),
    )
    assert [f for f in findings if f.status is not Status.GREEN] == []


@pytest.mark.parametrize("name", KINDS)
def test_like_the_defaults(name: str) -> None:
    """They say the same as psychescale's own defaults, where both say something."""
    settings = read(name)
    assert {key: settings[key] for key in _ALWAYS | _DELTA} == _ALWAYS | _DELTA
    assert settings["spark.jars.packages"] == delta_package()
    if name == "local":
        assert {key: settings[key] for key in _LOCAL} == _LOCAL


def test_one_process_a_gpu() -> None:
    """A task has a whole GPU, and an executor runs no more tasks than it has GPUs."""
    settings = read("gpu")
    assert settings["spark.task.resource.gpu.amount"] == "1"
    assert slots_per_executor({"spark.master": "yarn", **settings}, 1) == int(
        settings["spark.executor.resource.gpu.amount"]
    )


class TestDiscovery:
    def discover(self, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(DISCOVER)],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": f"{folder}:{os.environ['PATH']}", **environ},
        )

    def fake(self, folder: Path, script: str) -> None:
        program = folder / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)

    def test_all(self, tmp_path: Path) -> None:
        """Every GPU that the driver names, in the form that Spark reads."""
        self.fake(tmp_path, "printf '0\\n1\\n'")
        done = self.discover(tmp_path)
        assert json.loads(done.stdout) == {"name": "gpu", "addresses": ["0", "1"]}

    def test_visible(self, tmp_path: Path) -> None:
        """Where CUDA_VISIBLE_DEVICES is set, only what it names, by number or by UUID."""
        self.fake(tmp_path, "printf '0\\n1\\n2\\n'")
        done = self.discover(tmp_path, CUDA_VISIBLE_DEVICES="2, GPU-5a")
        assert json.loads(done.stdout)["addresses"] == ["2", "GPU-5a"]

    @pytest.mark.parametrize(
        ("script", "message"), [("exit 9", "nvidia-smi failed"), ("true", "no GPU")]
    )
    def test_none(self, tmp_path: Path, script: str, message: str) -> None:
        """No GPU where one was promised is an error."""
        self.fake(tmp_path, script)
        done = self.discover(tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert message in done.stderr
