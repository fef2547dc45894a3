"""What tasks said, judged. No Spark is started."""

import sys
from typing import Any

import pytest

from psychescale.errors import ModelError
from psychescale.spark.doctor.checks import Status
from psychescale.spark.doctor.executors import (
    NEEDED_BY_TASKS,
    Told,
    judge_executors,
    judge_failed_task,
    judge_gpus,
    make_probe,
)
from psychescale.spark.doctor.machine import installed

PYTHON = "{}.{}".format(*sys.version_info[:2])


def told(**changes: Any) -> Told:
    """A task on a machine like this one."""
    usual: dict[str, Any] = {
        "host": "node-1",
        "parent": 17,
        "python": PYTHON,
        "interpreter": "/env/bin/python",
        "versions": {name: installed(name) for name in NEEDED_BY_TASKS},
        "gpu_addresses": [],
        "gpus_seen": 0,
        "gpu_fault": None,
        "memory_bytes": 2**34,
    }
    return Told(**(usual | changes))


class TestExecutors:
    def test_equal(self) -> None:
        """Two executors like the driver: one green line that counts them."""
        (finding,) = judge_executors([told(), told(), told(parent=18)])
        assert finding.status is Status.GREEN
        assert "3 tasks on 2 executors" in finding.found

    def test_another_python(self) -> None:
        """Another minor version of Python is red."""
        (finding,) = judge_executors([told(), told(python="3.8")])
        assert finding.status is Status.RED
        assert "3.8" in finding.found

    def test_missing_package(self) -> None:
        """A package that one executor lacks is red, with the interpreter and host."""
        lacking = told(host="node-2", versions=told().versions | {"torch": None})
        (finding,) = judge_executors([told(), lacking])
        assert finding.status is Status.RED
        assert finding.found == "torch cannot be imported by /env/bin/python on node-2."

    def test_other_version(self) -> None:
        """Another version of a package is yellow; another build of the same is nothing."""
        other = told(versions=told().versions | {"torch": "2.0.0"})
        (finding,) = judge_executors([told(), other])
        assert finding.status is Status.YELLOW
        build = f"{(installed('torch') or '').partition('+')[0]}+cu999"
        (same,) = judge_executors([told(versions=told().versions | {"torch": build})])
        assert same.status is Status.GREEN


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("ModuleNotFoundError: No module named 'psychescale'", "cannot import psychescale"),
        ("Error while finding module: No module named psychescale.spark", "psychescale.spark"),
        ("[PYTHON_VERSION_MISMATCH] Python in worker …", "another version of Python"),
        ('Cannot run program "/nowhere/python": error=2', "do not find their Python"),
        ("Job 3 cancelled part of cancelled job group", "No executor had a slot"),
        ("something else", "No Python task could run"),
    ],
)
def test_failed_task(message: str, found: str) -> None:
    """Spark's message becomes a sentence and a remedy; the message itself is not shown."""
    finding = judge_failed_task(message)
    assert finding.status is Status.RED
    assert found in finding.found
    assert finding.remedy


class TestGpus:
    def test_none(self) -> None:
        """No GPU configured and none seen is fine."""
        assert judge_gpus([told()], None).status is Status.GREEN

    def test_promised_and_given(self) -> None:
        """Each task has an address."""
        given = [told(gpu_addresses=["0"], gpus_seen=2), told(gpu_addresses=["1"], gpus_seen=2)]
        finding = judge_gpus(given, "1")
        assert finding.status is Status.GREEN
        assert "node-1:0, node-1:1" in finding.found

    def test_promised_and_not_given(self) -> None:
        """A promise without an address is red."""
        finding = judge_gpus([told(gpu_addresses=["0"]), told(host="node-2")], "1")
        assert finding.status is Status.RED
        assert "node-2" in finding.found

    def test_given_and_not_seen(self) -> None:
        """An address that torch does not see is red, as in scoring."""
        fault = "Spark gave this task GPU 0, but torch sees none."
        finding = judge_gpus([told(gpu_addresses=["0"], gpu_fault=fault)], "1")
        assert (finding.status, finding.fault) == (Status.RED, ModelError)

    def test_seen_and_not_configured(self) -> None:
        """GPUs that Spark gives to nobody are yellow."""
        assert judge_gpus([told(gpus_seen=2)], None).status is Status.YELLOW


def test_probe() -> None:
    """The probe says of this process what is true of it, and a missing package is None."""
    found = Told(**make_probe(["pyarrow", "no_such_package"], 0.0)(0))
    assert found.python == PYTHON
    assert found.interpreter == sys.executable
    assert found.versions == {"pyarrow": installed("pyarrow"), "no_such_package": None}
    assert found.memory_bytes > 2**28
    assert found.gpu_addresses == []
