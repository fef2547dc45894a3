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
import secrets
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from psychescale.errors import PsychescaleError, StorageError
from psychescale.settings.places import require_state
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
        return join(self.checkpoints, f"{purpose}-{source_id}")

    @property
    def checkpoints(self) -> str:
        """Folder of all checkpoints."""
        return join(self.path, "checkpoints")

    @property
    def staged(self) -> str:
        """Folder of rows that wait for the end of their run."""
        return join(self.path, "redacted")

    @property
    def landed(self) -> str:
        """Folder of landed corpora, mode 0700."""
        return join(self.path, "landed")

    @property
    def reports(self) -> str:
        """Folder of reports in counts, mode 0700."""
        return join(self.path, "reports")

    def secret(self, files: Files) -> bytes:
        """The key of the digests in the run table: bytes that nobody has without this folder."""
        path = join(self.path, "secret")
        files.make_private_folder(self.path)
        if files.read(path) is None:
            files.create(path, secrets.token_hex(32))
        return (files.read(path) or "").encode()


def state_folder(output: str, given: str | None) -> StateFolder:
    """Where checkpoints, landed corpora and the run table of an output are.

    Raises:
        UsageError: The output is a catalog table and no folder is given.
    """
    require_state(output, given)
    return StateFolder(join(output, "_psychescale") if given is None else given)


RENEWED_EVERY_S = 5.0
EXPIRES_AFTER_S = 60.0
"""Longer than a storage system's hiccup; a killed job on another host blocks its output so long."""

_GONE_AFTER_S = 3 * RENEWED_EVERY_S
_READ_ATTEMPTS = 5


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
        self._seen = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="psychescale-lease", daemon=True)
        self._thread.start()

    def require_held(self) -> None:
        """Stop a job that has lost its lease.

        One that itself stood still looks into the file first: its own thread may not have looked yet.

        Raises:
            StorageError: Another job holds it.
        """
        if time.monotonic() - self._seen > 2 * RENEWED_EVERY_S:
            self._look()
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
            if self._look():
                self._files.delete(self._path)

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED_EVERY_S):
            if self._look():
                with contextlib.suppress(Exception):  # the storage may be back for the next renewal
                    self._files.replace(self._path, _write(self._token))
            elif self.lost.is_set():
                return

    def _look(self) -> bool:
        """Whether this job holds the lease; False too where nobody can tell just now."""
        try:
            holder = _read(self._files, self._path)
        except Exception:  # noqa: BLE001 - every storage system raises its own
            return False
        if holder is None or holder.token != self._token:
            self.lost.set()
            return False
        self._seen = time.monotonic()
        return True


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
    except FilesError as error:
        raise _not_written(state, error.kind) from None
    except PsychescaleError:
        raise
    except Exception as error:  # noqa: BLE001 - every storage system raises its own
        raise _not_written(state, type(error).__name__) from None
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


def _not_written(state: StateFolder, kind: str) -> StorageError:
    return StorageError(
        f"The state folder {state.path} cannot be written ({kind}).",
        remedy="Check its permissions and free space, or name another with ‹state›.",
    )


def _take(files: Files, path: str, token: str) -> _Holder | None:
    """None, or who holds the lease."""
    holder = _wait_for_dead(files, path)
    if holder is None:
        files.create(path, _write(token))
    elif holder.is_gone:
        _succeed(files, path, holder, token)
    holder = _read(files, path)  # where two could create it, the last one has it
    return None if holder is None or holder.token == token else holder


def _wait_for_dead(files: Files, path: str) -> _Holder | None:
    holder = _read(files, path)
    while holder is not None and holder.seems_gone and not holder.is_gone:
        time.sleep(1)
        holder = _read(files, path)
    return holder


def _succeed(files: Files, path: str, gone: _Holder, token: str) -> None:
    """Take a lease that its holder left; of several who want it only one writes it.

    Who makes a file that is named after the lease that was left may take it, if it is still that one.
    """
    claim = f"{path}-after-{gone.token}"
    other = _read(files, claim)
    if other is not None and other.is_gone:  # it ended between its claim and its lease
        files.delete(claim)
    if not files.create(claim, _write(token)):
        return
    try:
        left = _read(files, path)
        if left is not None and left.token == gone.token:
            files.replace(path, _write(token))
    finally:
        files.delete(claim)


def _read(files: Files, path: str) -> _Holder | None:
    """Who holds a lease; None where there is none. An empty file is one that somebody is writing."""
    for attempt in range(_READ_ATTEMPTS):
        try:
            content = files.read(path)
            return None if content is None else _Holder(**json.loads(content))
        except (FilesError, OSError, ValueError, TypeError):  # it is being renewed
            if attempt < _READ_ATTEMPTS - 1:
                time.sleep(0.2)
    raise StorageError(
        f"The lease {path} cannot be read: another job may hold it.",
        remedy="If no job writes to this output, delete that file.",
    )


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
