"""The state folder of an output, and the lease in it: one job at a time writes.

The lease is a file that its holder renews, and anyone can see expire. A lock that the operating
system lets go of would not reach across a cluster's machines, and Delta's own transactions notice a
second writer only when both have worked. The file holds no secret and nothing of a corpus: a token, a
host, a process, a time.
"""

import contextlib
import json
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from psychescale.errors import PsychescaleError, StorageError, UsageError
from psychescale.settings.places import is_catalog_name
from psychescale.spark.session.places import join
from psychescale.spark.session.protocol import Files, FilesError


@dataclass(frozen=True)
class StateFolder:
    """A folder of mode 0700; an output has one.

    Attributes:
        path: Where it is.
    """

    path: str

    @property
    def lease(self) -> str:
        """The file that says which job is writing."""
        return join(self.path, "lease")

    @property
    def runs(self) -> str:
        """The run table."""
        return join(self.path, "runs")

    def checkpoint(self, purpose: str, source_id: str) -> str:
        """Offsets and commits of the stream over one landed corpus."""
        return join(self.path, "checkpoints", f"{purpose}-{source_id}")

    @property
    def landed(self) -> str:
        """Folder of landed corpora, mode 0700."""
        return join(self.path, "landed")

    @property
    def reports(self) -> str:
        """Folder of reports in counts, mode 0700."""
        return join(self.path, "reports")


def state_folder(output: str, given: str | None) -> StateFolder:
    """Where checkpoints, landed corpora and the run table of an output are.

    Raises:
        UsageError: The output is a catalog table and no folder is given.
    """
    if given is not None:
        return StateFolder(given)
    if is_catalog_name(output):
        raise UsageError(
            f"‹output› {output} is a catalog table, which has no folder of its own.",
            remedy="Add ‹state› with a folder for its checkpoints and run table.",
        )
    return StateFolder(join(output, "_psychescale"))


RENEWED_EVERY_S = 5.0
EXPIRES_AFTER_S = 60.0
"""Longer than a storage system's hiccup; a killed job on another host blocks its output so long."""

_GONE_AFTER_S = 3 * RENEWED_EVERY_S
_READ_ATTEMPTS = 3


@dataclass(frozen=True)
class _Holder:
    token: str
    host: str
    pid: int
    renewed_at: float

    @property
    def is_gone(self) -> bool:
        """Whether it ended without giving the lease back."""
        return self.age_s > (_GONE_AFTER_S if self.seems_gone else EXPIRES_AFTER_S)

    @property
    def age_s(self) -> float:
        """Seconds since it was renewed."""
        return time.time() - self.renewed_at

    @property
    def seems_gone(self) -> bool:
        """Whether this machine does not know its process (or does not see it, in a container)."""
        return self.host == platform.node() and not _runs(self.pid)


class Lease:
    """The right to write to an output, as long as it is held.

    Attributes:
        lost: Set when another job has taken it, which it may only after this one stood still for
            `EXPIRES_AFTER_S`.
    """

    def __init__(self, files: Files, path: str, token: str) -> None:
        self.lost = threading.Event()
        self._files, self._path, self._token = files, path, token
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="psychescale-lease", daemon=True)
        self._thread.start()

    def require_held(self) -> None:
        """Stop a job that has lost its lease.

        Raises:
            StorageError: Another job holds it.
        """
        if self.lost.is_set():
            raise StorageError(
                "Another job took over the output, because this one stood still for "
                f"{EXPIRES_AFTER_S:.0f} s.",
                remedy="Let that one finish, and run again if rows are missing.",
            )

    def give_back(self) -> None:
        """Stop renewing, and remove the file if it is still this job's."""
        self._ended.set()
        self._thread.join()
        with contextlib.suppress(Exception):  # it expires by itself
            holder = _read(self._files, self._path)
            if holder is not None and holder.token == self._token:
                self._files.delete(self._path)

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED_EVERY_S):
            with contextlib.suppress(Exception):  # the storage may be back for the next renewal
                holder = _read(self._files, self._path)
                if holder is None or holder.token != self._token:
                    self.lost.set()
                    return
                self._files.replace(self._path, _write(self._token))


@contextlib.contextmanager
def held_lease(files: Files, state: StateFolder) -> Iterator[Lease]:
    """Hold the lease of a state folder while the block runs.

    Args:
        files: Of the session.
        state: The state folder, of which an output has one.

    Raises:
        StorageError: Another job holds it, or the folder cannot be written.
    """
    token = uuid.uuid4().hex
    try:
        files.make_private_folder(state.path)
        files.require_shared(state.path)
        holder = _take(files, state.lease, token)
    except PsychescaleError:
        raise
    except Exception as error:  # noqa: BLE001 - every storage system raises its own
        fault = error if isinstance(error, FilesError) else type(error).__name__
        raise StorageError(
            f"The state folder {state.path} cannot be written ({fault}).",
            remedy="Check its permissions and free space, or name another with ‹state›.",
        ) from None
    if holder is not None:
        raise StorageError(
            f"Another job is writing to this output: process {holder.pid} on {holder.host}.",
            remedy="Wait until it is done. If it was killed, the output is free again after "
            f"{EXPIRES_AFTER_S:.0f} s.",
        )
    lease = Lease(files, state.lease, token)
    try:
        yield lease
    finally:
        lease.give_back()


def _take(files: Files, path: str, token: str) -> _Holder | None:
    """None, or who holds the lease."""
    holder = _read(files, path)
    while holder is not None and holder.seems_gone and not holder.is_gone:
        time.sleep(1)
        holder = _read(files, path)
    if holder is not None and holder.is_gone:
        files.delete(path)
    files.create(path, _write(token))
    holder = _read(files, path)  # where two could create it, the last one has it
    return None if holder is None or holder.token == token else holder


def _read(files: Files, path: str) -> _Holder | None:
    for attempt in range(_READ_ATTEMPTS):
        try:
            content = files.read(path)
            return _Holder(**json.loads(content)) if content else None
        except (OSError, ValueError):  # it is being renewed
            if attempt == _READ_ATTEMPTS - 1:
                raise
            time.sleep(0.2)
    return None


def _write(token: str) -> str:
    return json.dumps(asdict(_Holder(token, platform.node(), os.getpid(), time.time())))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
