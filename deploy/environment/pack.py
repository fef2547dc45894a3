"""Wheel, jobs and a relocatable environment into a folder: all that a cluster needs of psychescale.

Run it by `make dist`. The environment holds the locked versions of what psychescale needs to run, as a
virtual environment without an interpreter of its own: `bin/python` looks up the machine's Python, of
the minor version that packed it, each time it starts (decision 0012). Spark is the cluster's.
"""

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ARCHIVE = "psychescale-environment.tar.gz"
MINOR = "{}.{}".format(*sys.version_info[:2])

# Level 6 is 12 % smaller than level 1 and takes 2.4 times as long (decision 0012).
GZIP_LEVEL = 1

EXTRAS = "anonymize,report,spark,train"

# The cluster's own: another copy of Spark would add 485 MB and could differ from the one that runs.
OF_THE_CLUSTER = ("pyspark",)


def main() -> None:
    """Pack what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--torch", type=Path, help="a wheel of torch in place of the locked one")
    arguments = parser.parse_args()
    pack(arguments.output.resolve(), torch=arguments.torch)


def pack(output: Path, *, torch: Path | None = None) -> None:
    """Write `output`: the wheel, `jobs/`, the archive of the environment, and `SHA256SUMS`.

    Args:
        output: A folder, made anew.
        torch: A wheel of torch to take instead of the locked one, such as a CPU build.
    """
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    uv("build", "--wheel", "--out-dir", output, ROOT)
    (output / ".gitignore").unlink(missing_ok=True)
    shutil.copytree(ROOT / "jobs", output / "jobs", ignore=shutil.ignore_patterns("__pycache__"))
    with tempfile.TemporaryDirectory(prefix="psychescale-pack-", dir=output) as scratch:
        environment = Path(scratch) / "environment"
        install(environment, output, constraints(Path(scratch), torch), torch)
        make_relocatable(environment)
        write_archive(environment, output / ARCHIVE)
    files = sorted(path for path in output.rglob("*") if path.is_file())
    lines = [f"{digest(path)}  {path.relative_to(output)}\n" for path in files]
    (output / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    for path in files:
        print(f"{path.stat().st_size / 1e6:10,.1f} MB  {path.relative_to(output)}")


def constraints(scratch: Path, torch: Path | None) -> Path:
    """The lock file as constraints, with the version of `torch` in place of its own."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.removesuffix(" \\") for line in lines if "==" in line and line[0].isalpha()]
    if torch is not None:
        name, version = torch.name.split("-")[:2]
        pins = [pin for pin in pins if not pin.startswith(f"{name}==")]
        pins.append(f"{name}=={version}")
    path = scratch / "constraints.txt"
    path.write_text("\n".join(pins), encoding="utf-8")
    return path


def install(environment: Path, wheels: Path, pinned: Path, torch: Path | None) -> None:
    """Install psychescale from its wheel, and what it needs to run, at the pinned versions."""
    excluded = pinned.with_name("excluded.txt")
    excluded.write_text("\n".join(OF_THE_CLUSTER), encoding="utf-8")
    folders = [wheels] if torch is None else [wheels, torch.parent]
    sources = [part for folder in folders for part in ("--find-links", folder)]
    uv("venv", "--relocatable", "--python", sys.executable, environment)
    uv(
        *("pip", "install", "--python", environment / "bin" / "python"),
        *(
            "--constraint",
            pinned,
            "--excludes",
            excluded,
            *sources,
            f"psychescale[{EXTRAS}]",
        ),
    )


def make_relocatable(environment: Path) -> None:
    """Take every trace of this machine out of a virtual environment."""
    scripts = environment / "bin"
    compile_all = ("-m", "compileall", "-qq", "-j", "0", "-s", environment, environment / "lib")
    subprocess.run([scripts / "python", *compile_all], check=False)  # templates do not compile
    for pattern in ("python*", "activate*", "*.bat"):
        for path in scripts.glob(pattern):
            path.unlink()
    for path in environment.rglob("uv_cache.json"):
        path.unlink()
    launcher = Path(__file__).with_name("python.sh").read_text(encoding="utf-8")
    (scripts / "python").write_text(launcher.replace("@MINOR@", MINOR), encoding="utf-8")
    (scripts / "python").chmod(0o755)
    for name in ("python3", f"python{MINOR}"):
        (scripts / name).symlink_to("python")
    settings = "include-system-site-packages = false\n"  # no `home`: the launcher finds it
    (environment / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    facts = {
        "python": MINOR,
        "platform": f"{platform.system()} {platform.machine()}".lower(),
        "libc": " ".join(platform.libc_ver()),
        "of_the_cluster": OF_THE_CLUSTER,
    }
    (environment / "environment.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")


def write_archive(environment: Path, target: Path) -> None:
    """The environment as a gzipped tar file, without owners; Spark unpacks it on every executor."""
    with tarfile.open(target, "w:gz", compresslevel=GZIP_LEVEL) as archive:
        for path in members(environment):
            archive.add(path, path.relative_to(environment), recursive=False, filter=nobodys)


def members(environment: Path) -> Iterator[Path]:
    """All that goes in, in one order."""
    left_out = {".gitignore", ".lock", "CACHEDIR.TAG"}
    return (path for path in sorted(environment.rglob("*")) if path.name not in left_out)


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names and numbers of this machine's users."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def uv(*arguments: object) -> None:
    """Run uv, which `make install` puts beside this interpreter."""
    command = [str(Path(sys.executable).with_name("uv")), *map(str, arguments), "--quiet"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
