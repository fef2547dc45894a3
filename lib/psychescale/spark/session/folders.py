"""Files and folders of this machine that are there whole or not at all, whoever else writes them."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from psychescale.errors import ModelError
from psychescale.model.checkpoint import file_digest


def write_once(target: Path, digests: Mapping[str, str], fill: Callable[[Path], None]) -> Path:
    """Make the folder `target` exist with the given files, whoever else tries at the same time.

    Args:
        target: The folder; its name stands for its content, so an existing one is right.
        digests: SHA-256 (hex) that each file must have.
        fill: Puts the files into a folder; called by one process only.

    Raises:
        ModelError: A file did not arrive whole.
    """
    if target.is_dir():
        return target
    with FileLock(target.with_name(target.name + ".lock")):
        if target.is_dir():
            return target
        unfinished = Path(tempfile.mkdtemp(prefix=target.name + ".", dir=target.parent))
        try:
            fill(unfinished)
            _require_whole(unfinished, digests)
            unfinished.rename(target)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return target


def put_whole(target: Path, content: str, *, over: bool) -> bool:
    """Write a small file in one step: nobody finds it empty, or half of it.

    Args:
        target: The file.
        content: Its text.
        over: Whether it may be there already.

    Returns:
        Whether it was written; False where it is there and may not be.
    """
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        beside.write_text(content, encoding="utf-8")
        if over:
            beside.replace(target)
        else:
            os.link(beside, target)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    # Remove what Hadoop left beside a file that it wrote, and would miss in this one.
    target.with_name(f".{target.name}.crc").unlink(missing_ok=True)
    return True


def _require_whole(folder: Path, digests: Mapping[str, str]) -> None:
    for name, digest in digests.items():
        if file_digest(folder / name) != digest:
            raise ModelError(
                f"{name} of the model did not arrive whole on this executor.",
                remedy="Check the executor's disk; Spark tries the task again.",
            )
