"""Checkpoints of a run: whose they are, and the last one that is whole."""

import json
import os
import shutil
from pathlib import Path

from psychescale.errors import UsageError

_FINGERPRINT = "run.json"
_STATE = "trainer_state.json"  # the last file that transformers writes of a checkpoint


def claim(folder: Path, fingerprint: str) -> Path | None:
    """Take a folder for the checkpoints of a run, and find where the run stopped.

    Checkpoints that a kill left half-written are deleted.

    Args:
        folder: Made if it is not there.
        fingerprint: Hash of all that the run's weights depend on.

    Returns:
        The last whole checkpoint, or None for a new run.

    Raises:
        UsageError: The folder holds something else, or the checkpoints of another run.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = folder / _FINGERPRINT
    if not mark.is_file():
        # Other processes of the same run may be writing the mark just now.
        if any(not path.name.startswith(_FINGERPRINT) for path in folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty, and holds no checkpoints of psychescale.",
                remedy="Give another ‹checkpoints› folder.",
            )
        unfinished = mark.with_name(f"{_FINGERPRINT}.{os.getpid()}")
        unfinished.write_text(json.dumps({"fingerprint": fingerprint}), encoding="utf-8")
        unfinished.replace(mark)  # never seen half-written
        return None
    if json.loads(mark.read_text(encoding="utf-8")).get("fingerprint") != fingerprint:
        raise UsageError(
            f"{folder} holds checkpoints of a run with other data, options or backbone.",
            remedy="Give the same ones to resume it, or delete the folder to begin anew.",
        )
    return _last_whole(folder)


def _last_whole(folder: Path) -> Path | None:
    by_step = {int(path.name.rpartition("-")[2]): path for path in folder.glob("checkpoint-*")}
    for step in sorted(by_step, reverse=True):
        if _is_whole(by_step[step]):
            return by_step[step]
        shutil.rmtree(by_step[step], ignore_errors=True)  # another process may be at it too
    return None


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True
