"""What a study leaves: a folder for release, raw figures behind mode 0700, and a report."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from psychescale.notice import NOTICE
from psychescale.prevalence.releasable import COLUMNS, Findings
from psychescale.report.study import study_page
from psychescale.workflows.study.design import write_private

Json = dict[str, Any]
ESTIMATES, ABOUT = "estimates.csv", "about.json"


def write_study(folder: Path, found: Findings, rows: Sequence[Json], about: Json) -> dict[str, str]:
    """Write the release, the raw figures, and the report, which is made of the release alone.

    Args:
        folder: Made here.
        found: All figures.
        rows: What of them may be shown.
        about: What was done: facts of the methods.

    Returns:
        SHA-256 of each file of the release, by name.
    """
    restricted, shown = folder / "restricted", folder / "release"
    restricted.mkdir(mode=0o700, parents=True)
    restricted.chmod(0o700)
    shown.mkdir()
    write_private(restricted / "figures.json", json.dumps(raw_figures(found), indent=1) + "\n")
    texts = {
        ESTIMATES: _csv(list(COLUMNS), ([row[name] for name in COLUMNS] for row in rows)),
        "dictionary.csv": _csv(["column", "meaning"], COLUMNS.items()),
        ABOUT: json.dumps({"notice": NOTICE, **about}, indent=1) + "\n",
    }
    for name, content in texts.items():
        (shown / name).write_text(content, encoding="utf-8")
    _write_parquet(shown / "estimates.parquet", rows)
    (folder / "report.html").write_text(render_release(shown), encoding="utf-8")
    files = sorted(shown.iterdir())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def render_release(folder: Path) -> str:
    """The report, of a folder of a release and nothing else."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - not installed without Spark

    rows = pq.read_table(folder / "estimates.parquet").to_pylist()
    return study_page(rows, json.loads((folder / ABOUT).read_text(encoding="utf-8")))


def raw_figures(found: Findings) -> Json:
    """All figures, small ones included: for `restricted/`."""
    domains = [
        {
            "values": part.values,
            "texts": part.n,
            "missing": part.missing,
            "annotated": int(part.inside.sum()),
            "labels": {
                label: {
                    "above": int(part.above[i]),
                    "summed_probability": float(part.sums[i]),
                    "estimate": None
                    if found.estimates is None
                    else [None if np.isnan(x) else float(x) for x in found.estimates[number, i]],
                }
                for i, label in enumerate(found.labels)
            },
        }
        for number, part in enumerate(found.parts)
    ]
    return {"domains": domains}


def _csv(header: Sequence[str], lines: Any) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows(lines)
    return file.getvalue()


def _write_parquet(path: Path, rows: Sequence[Json]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - not installed without Spark
    import pyarrow.parquet as pq  # noqa: PLC0415

    whole = ("texts", "missing", "annotated")
    real = ("value", "low", "high", "low_if_missing_lack", "high_if_missing_have")
    kinds = {
        **dict.fromkeys(whole, pa.int64()),
        **dict.fromkeys(real, pa.float64()),
        "differs": pa.bool_(),
    }
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    pq.write_table(
        pa.Table.from_pylist([{n: row[n] for n in COLUMNS} for row in rows], schema), path
    )
