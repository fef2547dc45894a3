"""What every Python worker needs: its GPU, errors without a row, an end to standing still."""

import faulthandler
import os
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from psychescale.errors import ModelError, PsychescaleError, as_mark

Item = TypeVar("Item")


def contained(items: Iterable[Item], *, doing: str) -> Iterator[Item]:
    """The same items; an exception on the way leaves without its message, which can hold a row.

    Args:
        items: What a worker makes.
        doing: What it does, for the message, as in ``scoring``.

    Raises:
        PsychescaleError: As it was raised: its messages are ours.
        RuntimeError: Anything else, by class and place.
    """
    try:
        yield from items
    except GeneratorExit:
        raise
    except PsychescaleError as error:
        error.spell = as_mark  # Spark passes on its text, and the driver makes an error of that
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit too: it would hang the executor (SPARK-33339)
        raise RuntimeError(_without_content(error, doing)) from None


def given_gpus(*, promised: bool) -> tuple[str, ...]:
    """GPUs that Spark gave to the running task.

    Raises:
        ModelError: None, although one was promised.
    """
    from pyspark import TaskContext  # noqa: PLC0415 - a client of Spark Connect alone lacks it

    context = TaskContext.get()
    gpu = context.resources().get("gpu") if context is not None else None
    if promised and not gpu:
        raise ModelError(
            "Spark promised this task a GPU (spark.task.resource.gpu.amount) and gave it none.",
            remedy="Set spark.executor.resource.gpu.amount and .discoveryScript too "
            "(conf/spark/gpu.conf); Spark on one machine has no GPUs to give.",
        )
    return tuple(gpu.addresses) if gpu else ()


class Watchdog:
    """Ends this process when it has stood still for too long, so that Spark tries the task again.

    The timer is C code of Python's own: it also fires when a library hangs and holds the interpreter.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._renewed_at = -1.0
        # The traceback that comes with the end names no values, but nobody asked for it either.
        self._nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - open as long as the timer

    def renew(self) -> None:
        """Start the time anew; cheap enough for every batch."""
        now = time.monotonic()
        if self._renewed_at < 0 or now - self._renewed_at > min(1.0, self._timeout_s / 10):
            faulthandler.dump_traceback_later(self._timeout_s, exit=True, file=self._nowhere)
            self._renewed_at = now

    def stop(self) -> None:
        """Let the process wait for its next task as long as it likes."""
        faulthandler.cancel_dump_traceback_later()
        self._nowhere.close()


def _without_content(error: BaseException, doing: str) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
    return f"{type(error).__name__} while {doing}, at {where}"
