"""The core runs where there is no Spark, and starts quickly where it can fail early."""

import subprocess
import sys
from pathlib import Path

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


def test_package_alone_is_light() -> None:
    """`import psychescale` and the command's help import neither torch nor Spark."""
    code = (
        "import psychescale, psychescale.console.main\n"
        "psychescale.console.main.main(['--version'])\n"
        "print([m for m in ('torch', 'transformers', 'pyspark', 'pandas') if m in sys.modules])"
    )

    assert run(code).endswith("\n[]\n")
