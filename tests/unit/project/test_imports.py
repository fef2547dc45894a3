"""The core runs where there is no Spark, and starts quickly where it can fail early."""

import subprocess
import sys
from pathlib import Path

from psychescale.console.main import VERBS

LIB = Path(__file__).parents[3] / "lib"

BLOCK_SPARK = "import sys; sys.modules['pyspark'] = None; sys.modules['delta'] = None\n"


def run(code: str) -> str:
    """What `code` prints in a fresh interpreter that finds this package only."""
    lines = f"import sys; sys.path.insert(0, {str(LIB)!r})\n{code}"
    process = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_core_needs_no_spark() -> None:
    """Everything but spark/ and jobs/ can be imported where pyspark is not installed."""
    core = sorted(
        ".".join(path.relative_to(LIB).with_suffix("").parts).removesuffix(".__init__")
        for path in (LIB / "psychescale").rglob("*.py")
        if "spark" not in path.parts
    )
    imports = "".join(f"import {name}\n" for name in core)

    assert "psychescale.scoring.scorer" in core
    assert run(f"{BLOCK_SPARK}{imports}print('imported')") == "imported\n"


HEAVY = ("torch", "transformers", "pyspark", "pandas", "pyarrow", "numpy", "scipy", "sklearn")


def test_help_and_refusals_are_light(tmp_path: Path) -> None:
    """Help of every verb, a mistyped word, and what its places alone refuse import nothing heavy."""
    (tmp_path / "posts.csv").write_text("id,text\n", encoding="utf-8")
    (tmp_path / "key").write_bytes(b"short")
    code = f"""
import contextlib, io, os
import psychescale
from psychescale.console.main import VERBS, main
os.chdir({str(tmp_path)!r})
said = io.StringIO()
def call(*argv):
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            return main(argv)
        except SystemExit as stop:
            return stop.code
posts = ("--input", "posts.csv")
anonymize = ("anonymize", "--output", "o", "--key-file")
print([call(verb, "--help") for verb in VERBS], [call(verb, "--hlep") for verb in VERBS])
print(call("help"), call("help", "score"), call("-V"), call("socre"), call("score", "--set", "x=1"))
print(call(*anonymize, "key", *posts), call(*anonymize, "env:NO", *posts))
print(call("score", "--model", "nothing", "--output", "o", *posts))
print(call("train", "--train", "posts.csv", "--backbone", "b/m", "--output", {str(tmp_path)!r}))
print([m for m in {HEAVY} if m in sys.modules])
"""
    verbs = len(VERBS)
    expected = [f"{[0] * verbs} {[2] * verbs}", "0 0 0 2 2", "5 2", "4", "4", "[]"]
    assert run(code).splitlines() == expected
