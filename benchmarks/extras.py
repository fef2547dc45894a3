"""Packages and megabytes of the base and of each extra, installed into fresh environments.

python benchmarks/extras.py
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")


def main() -> None:
    """Install, measure, and forget, one after the other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("| extra | packages | MB |\n| --- | --- | --- |")
    for extra in ("", *project["optional-dependencies"]):
        packages, size = measure(extra)
        print(f"| {f'`{extra}`' if extra else 'none'} | {packages} | {size:,} |", flush=True)


def measure(extra: str) -> tuple[int, int]:
    """Packages, psychescale among them, and megabytes of the files in site-packages."""
    folder = Path(tempfile.mkdtemp(prefix="psychescale-extra-"))
    try:
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
        subprocess.run(
            [UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", wanted],
            check=True,
        )
        (site,) = folder.glob("lib/python*/site-packages")
        size = sum(path.lstat().st_size for path in site.rglob("*") if path.is_file())
        return len([*site.glob("*.dist-info")]), round(size / 2**20)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
