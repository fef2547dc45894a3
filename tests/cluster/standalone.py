"""A standalone cluster on this machine: a master and workers in processes of their own."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyspark

from psychescale.spark.session.java import use_java

ROOT = Path(__file__).parents[2]
STATED_PATH = "/usr/local/bin:/usr/bin:/bin"
SECRET = "only for these tests"  # noqa: S105


@dataclass
class Cluster:
    """What a test needs to send work there.

    Attributes:
        folder: For everything that the cluster writes.
        environment: Of its processes: nothing of the development environment is in it.
        port: Where the master listens.
        processes: Its processes, by name.
    """

    folder: Path
    environment: Mapping[str, str]
    port: int
    processes: dict[str, psutil.Popen] = field(default_factory=dict)

    @property
    def master(self) -> str:
        return f"spark://127.0.0.1:{self.port}"

    @property
    def home(self) -> Path:
        return Path(self.environment["SPARK_HOME"])

    def start(
        self, name: str, *command: str | Path, settings: Mapping[str, str] | None = None
    ) -> None:
        """Start a process of the cluster, with `settings` in its properties file."""
        properties = write_properties(self.folder / f"{name}.conf", {**_SECURE, **(settings or {})})
        self._start(name, ["spark-class", *command, "--properties-file", properties])

    def start_server(self, name: str, properties: Path, *, environment: Mapping[str, str]) -> None:
        """Start a Spark Connect server as start-connect-server.sh does, which pyspark lacks."""
        of = "org.apache.spark.sql.connect.service.SparkConnectServer"
        command = ["spark-submit", "--class", of, "--properties-file", properties, "spark-internal"]
        self._start(name, command, environment)

    def _start(
        self, name: str, command: Sequence[str | Path], further: Mapping[str, str] | None = None
    ) -> None:
        program, *arguments = command
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = psutil.Popen(
                [str(self.home / "bin" / program), *map(str, arguments)],
                env={**self.environment, **(further or {})},
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start_worker(
        self, name: str, *, cores: int, settings: Mapping[str, str] | None = None
    ) -> None:
        self.start(
            name,
            "org.apache.spark.deploy.worker.Worker",
            *("--host", "127.0.0.1", "--cores", str(cores), "--memory", "2g"),
            *("--webui-port", "0", "--work-dir", self.folder / name),
            self.master,
            settings=settings,
        )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def descendants(self) -> list[psutil.Process]:
        """Every process of the cluster that lives, executors and Python workers included."""
        found = []
        for process in self.processes.values():
            with contextlib.suppress(psutil.NoSuchProcess):
                found += [process, *process.children(recursive=True)]
        return found

    def stop(self, *names: str) -> None:
        """End processes, and all that they started; all of them by default."""
        for name in names or list(self.processes):
            process = self.processes.pop(name)
            with contextlib.suppress(psutil.NoSuchProcess):
                children = process.children(recursive=True)
                process.terminate()
                _, alive = psutil.wait_procs([process, *children], timeout=15)
                for straggler in alive:
                    straggler.kill()


# As in conf/spark/standalone.conf: processes prove that they belong together.
_SECURE = {"spark.authenticate": "true", "spark.authenticate.secret": SECRET}


@contextlib.contextmanager
def running_cluster(folder: Path, *, tools: Path) -> Iterator[Cluster]:
    """A master and two workers, of which the first has two GPUs as `tools/nvidia-smi` tells them.

    Args:
        folder: For everything that the cluster writes.
        tools: A folder of programs that its processes find first.
    """
    cluster = Cluster(folder, scrubbed_environment(folder / "spark", tools), free_port())
    cluster.start(
        "master",
        "org.apache.spark.deploy.master.Master",
        *("--host", "127.0.0.1", "--port", str(cluster.port), "--webui-port", "0"),
    )
    try:
        wait_for_port(cluster.port)
        gpus = "spark.worker.resource.gpu"
        script = str(ROOT / "deploy" / "gpu" / "discover.sh")
        own = {f"{gpus}.amount": "2", f"{gpus}.discoveryScript": script}
        cluster.start_worker("worker-1", cores=2, settings=own)
        cluster.start_worker("worker-2", cores=1)
        yield cluster
    finally:
        cluster.stop()


def scrubbed_environment(home: Path, tools: Path) -> dict[str, str]:
    """An environment for a machine that has Java, a Spark at `home`, and nothing of ours."""
    _copy_spark(home)
    use_java()  # where there is none, it is the one from PyPI
    passed = ("HOME", "JAVA_HOME", "JDK_JAVA_OPTIONS", "LANG")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    return {
        **kept,
        "PATH": f"{tools}:{STATED_PATH}",
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SCALA_VERSION": "2.13",
    }


def _copy_spark(home: Path) -> None:
    """The installed pyspark as a Spark of the cluster's own, outside the development environment."""
    source = Path(pyspark.__file__).parent
    for name in ("bin", "jars", "python/lib"):
        shutil.copytree(source / name, home / name, copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def write_properties(
    path: Path, settings: Mapping[str, object], *, after: Path | None = None
) -> Path:
    """A properties file; `after` comes first, so that `settings` win."""
    first = after.read_text(encoding="utf-8") if after else ""
    lines = "".join(f"{key} {value}\n" for key, value in settings.items())
    path.write_text(f"{first}\n{lines}", encoding="utf-8")
    path.chmod(0o600)
    return path


def run(command: Sequence[str | Path], **options: object) -> subprocess.CompletedProcess[str]:
    """Run to the end, with its output as text."""
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, *, timeout_s: float = 90) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.2)
    raise TimeoutError(f"nobody listens at port {port}")
