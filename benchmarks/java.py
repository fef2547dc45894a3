"""The heap of a running JVM, asked of the JDK's own tools."""

import re
import shutil
import subprocess

# One line a space or generation; metaspace is no heap and has no "total".
_USED = re.compile(r"(?:generation|heap)\s+total.*?\bused (\d+)K")


def heap_after_collection(pid: int) -> int | None:
    """Bytes in use right after a full collection, which this asks for; None without jcmd."""
    jcmd = shutil.which("jcmd")
    if jcmd is None:
        return None
    _ask(jcmd, pid, "GC.run")
    used = _USED.findall(_ask(jcmd, pid, "GC.heap_info"))
    return sum(map(int, used)) * 1024 if used else None


def _ask(jcmd: str, pid: int, question: str) -> str:
    done = subprocess.run(
        [jcmd, str(pid), question], capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout
