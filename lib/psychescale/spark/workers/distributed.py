"""Training in several processes at once, one a GPU, started by Spark's `TorchDistributor`.

On the driver's machine by default. On executors every process must see the folders of backbone, output
and checkpoints under the same path, and the training rows travel to them inside the task.
"""

import contextlib
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import SparkSession

from psychescale.errors import ModelError, PsychescaleError, UsageError
from psychescale.training.classifier.fit import Fitted, fit

Place = Literal["driver", "executors"]

_POLL_S = 0.5


@dataclass(frozen=True)
class ProgressFile:
    """Tells another process how many texts have been read; called as `fit` calls ``on_progress``."""

    path: Path

    def __call__(self, done: int) -> None:
        """Leave the number."""
        unfinished = self.path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(str(done), encoding="utf-8")
        unfinished.replace(self.path)  # never seen half-written

    def read(self) -> int | None:
        """The last number, or None."""
        try:
            return int(self.path.read_text(encoding="utf-8"))
        except OSError:
            return None


def choose_fitter(
    spark: SparkSession, processes: int, place: Place, *, verbose: bool
) -> Callable[..., Fitted]:
    """`training.classifier.fit.fit`, in one process or in several."""
    return fit if processes == 1 else DistributedFit(spark, processes, place, verbose)


@dataclass(frozen=True)
class DistributedFit:
    """`training.fit.fit` in several processes; called with its arguments.

    Attributes:
        spark: The session.
        processes: How many; each takes ``batch_size`` texts a step, so a step takes as many times more.
        place: Where they run.
        verbose: Let the output of the processes through; it can hold words of the corpus.
    """

    spark: SparkSession
    processes: int
    place: Place = "driver"
    verbose: bool = False

    def __call__(
        self,
        *arguments: Any,
        output: Path,
        checkpoints: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
        **options: Any,
    ) -> Fitted:
        """Fit; the first process saves.

        Raises:
            PsychescaleError: What `fit` raises.
            ModelError: A process ended otherwise.
            UsageError: Spark has not the GPUs for it.
        """
        # Several processes cannot share a temporary folder of one of them.
        shared = checkpoints or output.with_name(f"{output.name}.unfinished")
        with tempfile.TemporaryDirectory(prefix="psychescale-progress-") as folder:
            file = ProgressFile(Path(folder) / "done")
            with _watched(file, on_progress) as watcher, self._quiet(watcher):
                outcome = self._run(
                    arguments,
                    {
                        **options,
                        "output": output,
                        "checkpoints": shared,
                        "on_progress": file if self.place == "driver" else None,
                    },
                )
        if isinstance(outcome, PsychescaleError):
            raise outcome
        if not isinstance(outcome, Fitted):
            raise ModelError("Training gave no model.", remedy="Run again with ‹verbose›.")
        return outcome

    def _run(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        with _environment(_threads(self.processes) if self.place == "driver" else {}):
            try:
                distributor = TorchDistributor(
                    num_processes=self.processes,
                    local_mode=self.place == "driver",
                    use_gpu=self._has_gpus(),
                )
            except RuntimeError:
                raise UsageError(
                    f"Spark does not have GPUs for {self.processes} training processes.",
                    remedy="Set spark.task.resource.gpu.amount (executors) or "
                    "spark.driver.resource.gpu.amount (driver), or lower ‹processes›.",
                ) from None
            try:
                with warnings.catch_warnings():
                    # pyspark leaves the pipe to its processes to the garbage collector.
                    warnings.simplefilter("ignore", ResourceWarning)
                    return distributor.run(_fit_here, arguments, options)
            except Exception as error:  # noqa: BLE001 - its message holds the processes' output
                raise ModelError(
                    f"A training process ended ({type(error).__name__}).",
                    remedy="Run again with ‹verbose› to see its output, or with fewer ‹processes›; "
                    "with ‹checkpoints› the same command resumes.",
                ) from None

    def _has_gpus(self) -> bool:
        """Whether Spark hands out GPUs there; on the driver the processes find their own otherwise."""
        kind = "driver" if self.place == "driver" else "task"
        return int(self.spark.conf.get(f"spark.{kind}.resource.gpu.amount", "0") or 0) > 0

    @contextlib.contextmanager
    def _quiet(self, watcher: threading.Thread | None) -> Iterator[None]:
        """Hold back what the distributor passes on of its processes."""
        if self.verbose:
            yield
            return
        only: Any = _OnlyFrom(watcher, sys.stdout)
        with contextlib.redirect_stdout(only):
            yield


class _OnlyFrom:
    """A stream that takes the words of one thread, and loses those of all others."""

    def __init__(self, thread: threading.Thread | None, stream: Any) -> None:
        self._thread = thread
        self._stream = stream

    def write(self, text: str) -> int:
        if threading.current_thread() is self._thread:
            self._stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _fit_here(arguments: tuple[Any, ...], options: dict[str, Any]) -> Fitted | PsychescaleError:
    """Runs in each process. A refusal is an outcome: raised, it would lose its class on the way."""
    try:
        return fit(*arguments, **options)
    except PsychescaleError as error:
        return error


def _threads(processes: int) -> dict[str, str]:
    """An equal share of the cores for each process; torchrun gives each one thread else."""
    share = max(1, len(os.sched_getaffinity(0)) // processes)
    return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(share))}


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _watched(
    file: ProgressFile, on_progress: Callable[[int], None] | None
) -> Iterator[threading.Thread | None]:
    """A thread that passes on how far the processes are."""
    if on_progress is None:
        yield None
        return
    over = threading.Event()

    def tell() -> None:
        while True:
            ended = over.wait(_POLL_S)
            done = file.read()
            if done is not None:
                on_progress(done)
            if ended:
                return

    watcher = threading.Thread(target=tell, daemon=True)
    watcher.start()
    try:
        yield watcher
    finally:
        over.set()
        watcher.join()
