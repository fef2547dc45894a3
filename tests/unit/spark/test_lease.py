"""The lease on files of this machine, with other jobs getting in between any two steps."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from psychescale.errors import StorageError
from psychescale.spark.pipeline import state as module
from psychescale.spark.pipeline.state import EXPIRES_AFTER_S, StateFolder, held_lease
from psychescale.spark.session.connect import SharedFiles


class Plain(SharedFiles):
    """Without Spark, nothing to share; `before` is called before each step."""

    before: Callable[[str], None]

    def require_shared(self, folder: str) -> None:
        pass

    def create(self, path: str, content: str) -> bool:
        self.before("create")
        return super().create(path, content)

    def read(self, path: str) -> str | None:
        self.before("read")
        return super().read(path)

    def replace(self, path: str, content: str) -> None:
        self.before("replace")
        super().replace(path, content)

    def delete(self, path: str) -> None:
        self.before("delete")
        super().delete(path)


def plain(before: Callable[[str], None] = lambda _: None) -> Plain:
    files = Plain(None)  # type: ignore[arg-type]
    object.__setattr__(files, "before", before)
    return files


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(str(tmp_path / "state"))


def leave(state: StateFolder, *, age_s: float, whose: str = "gone") -> None:
    """A lease of another machine."""
    Path(state.path).mkdir(exist_ok=True)
    holder = {"token": whose, "host": "elsewhere", "pid": 1, "renewed_at": time.time() - age_s}
    Path(state.lease).write_text(json.dumps(holder), encoding="utf-8")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READ_ATTEMPTS", 2)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_unreadable_is_not_free(state: StateFolder, content: str) -> None:
    """A lease that is empty, or half there, is somebody's: refused, with what to do otherwise."""
    Path(state.path).mkdir()
    Path(state.lease).write_text(content, encoding="utf-8")
    with pytest.raises(StorageError, match="another job may hold it"), held_lease(plain(), state):
        pass
    assert Path(state.lease).read_text(encoding="utf-8") == content


@pytest.mark.parametrize("left", [False, True], ids=["free", "left"])
def test_many_at_once(state: StateFolder, *, left: bool) -> None:
    """Of many jobs that want a lease at once, free or left behind, one has it at a time."""
    if left:
        leave(state, age_s=EXPIRES_AFTER_S + 1)
    inside, most, refused = [], [], []
    start = threading.Barrier(6)

    def want() -> None:
        start.wait()
        try:
            with held_lease(plain(lambda _: time.sleep(0.001)), state):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.3)
                inside.pop()
        except StorageError:
            refused.append(1)

    threads = [threading.Thread(target=want) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (max(most), len(most) + len(refused)) == (1, 6)
    assert not list(Path(state.path).glob("lease*"))


@pytest.mark.parametrize("step", range(12))
def test_overtaken_between_any_two_steps(state: StateFolder, step: int) -> None:
    """A job that another one overtakes while it takes a lease that was left does not have it, too."""
    leave(state, age_s=EXPIRES_AFTER_S + 1)
    count, other = iter(range(100)), []

    def interrupt(_: str) -> None:
        if next(count) == step:
            token = f"other-{step}"
            taken = module._take(plain(), state.lease, token)
            other.append(token if taken is None else None)

    Path(state.path).mkdir(exist_ok=True)
    mine = module._take(plain(interrupt), state.lease, "mine") is None
    assert mine + sum(token is not None for token in other) <= 1
    holder = json.loads(Path(state.lease).read_text(encoding="utf-8"))["token"]
    assert holder in ({"mine"} if mine else {"gone", *other})


def test_a_claim_that_was_left(state: StateFolder) -> None:
    """A job that ended between its claim and its lease does not block the output for good."""
    leave(state, age_s=EXPIRES_AFTER_S + 1)
    claim = Path(f"{state.lease}-after-gone")
    claim.write_text(Path(state.lease).read_text(encoding="utf-8"), encoding="utf-8")
    with held_lease(plain(), state) as lease:
        lease.require_held()
    assert not list(Path(state.path).glob("lease*"))


def test_one_that_stood_still(state: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that was frozen until another had its lease finds that out before it goes on."""
    with held_lease(plain(), state) as lease:
        leave(state, age_s=0, whose="another")
        lease.require_held()  # it has looked just now
        monkeypatch.setattr(lease, "_seen", time.monotonic() - EXPIRES_AFTER_S)
        with pytest.raises(StorageError, match="took over"):
            lease.require_held()
    assert "another" in Path(state.lease).read_text(encoding="utf-8")
