"""`psychescale monitor`: one scored corpus, a month for every way in which texts change."""

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake

import psychescale
from psychescale.errors import AlertError
from psychescale.synthetic import generate_corpus, generate_labelled
from psychescale.synthetic.documents import Document
from tests.spark.conftest import Row, write_json_lines

MONTH = 300
REFERENCE = "2024-01,2024-02"
CHANGES = {
    "2024-04": "in small letters",
    "2024-05": "each text doubled",
    "2024-06": "half of them empty",
    "2024-07": "their first six words",
    "2024-08": "another source",
    "2024-09": "a label more common",
    "2024-10": "each sent twice",
    "2024-11": "mojibake",
}
"""What became of the texts of a month; the others are as they were: Each Word With A Capital."""


def _changed(month: str, texts: list[str], model: Path) -> list[str]:
    match CHANGES.get(month):
        case "in small letters":
            texts = [text.lower() for text in texts]
        case "each text doubled":
            texts = [f"{text} {text}" for text in texts]
        case "half of them empty":
            texts = [text if number % 2 else "" for number, text in enumerate(texts)]
        case "their first six words":
            texts = [" ".join(text.split()[:6]) for text in texts]
        case "another source":
            every = generate_corpus(5 * MONTH, seed=5)
            texts = [_text(one) for one in every if one.source == "notes"][:MONTH]
        case "a label more common":
            more = [*texts, *map(_text, generate_labelled(MONTH, seed=6))]
            ranked = np.argsort(psychescale.Scorer.from_pretrained(str(model))(more)[:, 0])
            texts = [more[number] for number in ranked[-MONTH:]]
        case "each sent twice":
            texts = [*texts[: MONTH // 2], *texts[: MONTH // 2]]
        case "mojibake":
            texts = [text.replace("e", "Ã©") for text in texts]
    return texts[:20] if month == "2024-12" else texts


def _text(document: Document) -> str:
    return (document.text or "").title()


def _corpus(model: Path) -> Iterator[Row]:
    documents = generate_labelled(12 * MONTH, seed=5)
    for number in range(1, 13):
        month = f"2024-{number:02}"
        drawn = list(itertools.islice(documents, MONTH))
        for at, text in enumerate(_changed(month, [*map(_text, drawn)], model)):
            yield {
                "id": f"secret-{month}-{at}",
                "text": text,
                "author": drawn[at].author,
                "time": f"{month}-{1 + at % 28:02}",
            }


@pytest.fixture(scope="module")
def scores(
    run: Callable[..., int],
    architecture: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A year of texts, scored by a model that knows small letters from capitals."""
    folder, model = tmp_path_factory.mktemp("monitored"), architecture("roberta")
    corpus = write_json_lines(folder / "corpus.jsonl", list(_corpus(model)))
    code = run(
        "score", "--model", model, "--input", corpus, "--accept-raw", "--output", folder / "scores",
        "--keep", "time,author", "--max-failed-share", "0.5",
    )  # fmt: skip
    assert code == 0
    return folder / "scores"


def _monitor(run: Callable[..., int], scores: Path, output: Path, *more: str | Path) -> int:
    return run(
        "monitor", "--scores", scores, "--output", output, "--time-column", "time",
        "--author-column", "author", *more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def watched(run: Callable[..., int], scores: Path) -> Path:
    """What `monitor` wrote of it."""
    output = scores.with_name("drift")
    assert _monitor(run, scores, output, "--reference", REFERENCE) == 8
    return output


def _alerts(output: Path) -> dict[str, Any]:
    document = json.loads((output / "alerts.json").read_text(encoding="utf-8"))
    return {period["period"]: period for period in document["periods"]}


def test_every_change_is_an_alert(watched: Path) -> None:
    """A month of the same population is none, each changed one is, with what to do about it."""
    found = _alerts(watched)
    measures = {month: {one["measure"] for one in of["alerts"]} for month, of in found.items()}
    assert list(found) == [f"2024-{month:02}" for month in range(3, 13)]
    assert not measures["2024-03"]
    assert {month for month, named in measures.items() if named} == set(CHANGES)
    assert "failed" in measures["2024-06"]
    assert "length_psi" in measures["2024-05"] & measures["2024-07"]
    assert "repeated" in measures["2024-10"]
    assert all(bool(of["advice"]) == bool(of["alerts"]) for of in found.values())
    assert found["2024-06"]["advice"][0].startswith("Do not use the numbers of 2024-06")


def test_too_few(watched: Path) -> None:
    """A month of twenty texts is told of, and not measured."""
    december = _alerts(watched)["2024-12"]
    assert (december["texts"], december["alerts"]) == (20, [])
    assert "fewer than 50" in december["reason"]


def test_table_of_measures(watched: Path) -> None:
    """Each month has each measure of each label once, and shares are of counts rounded to 5."""
    table = DeltaTable(str(watched / "measures")).to_pandas()
    assert not table.duplicated(["period", "measure", "label"]).any()
    march = table[table["period"] == "2024-03"]
    assert set(march[march["label"].notna()]["measure"]) == {
        "psi", "jensen_shannon", "ks", "prevalence",
    }  # fmt: skip
    prevalence = march[march["measure"] == "prevalence"]["current"].dropna()
    assert len(prevalence)
    assert ((prevalence * MONTH / 5 - (prevalence * MONTH / 5).round()).abs() < 1e-3).all()


def test_nothing_of_a_text(watched: Path) -> None:
    """No id, no author and no text is in any file, and the profile has no bin of few texts."""
    names = {one.author for one in generate_labelled(20, seed=5)}
    for file in watched.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"secret-" not in content, file
            assert not any(str(name).encode() in content for name in names), file
    profile = json.loads((watched / "profile.json").read_text(encoding="utf-8"))
    bins = [count for one in [*profile["scores"], profile["lengths"]] for count in one["counts"]]
    assert min(bins) >= 8
    assert all(count % 5 == 0 for count in bins)


def test_only_new_periods(
    run: Callable[..., int], scores: Path, watched: Path, tmp_path: Path
) -> None:
    """A second run measures what came in since, once; what was found before stays, and is no alert."""
    table, output = tmp_path / "scores", tmp_path / "drift"
    shutil.copytree(scores, table)
    shutil.copytree(watched, output)
    assert _monitor(run, table, output, "--reference", REFERENCE) == 0
    before = DeltaTable(str(output / "measures")).to_pandas()
    old = DeltaTable(str(table)).to_pandas()
    again = old[old["time"].str.startswith("2024-03")]
    write_deltalake(
        str(table),
        again.assign(id="new-" + again["id"], time="2023-" + again["time"].str[5:]),
        mode="append",
        schema_mode="merge",
    )
    assert _monitor(run, table, output, "--reference", REFERENCE) == 0
    after = DeltaTable(str(output / "measures")).to_pandas()
    added = after[after["period"] == "2023-03"]
    assert len(after) == len(before) + len(added)
    assert len(added) == len(before[before["period"] == "2024-03"])
    _same_but_order(after[after["period"] != "2023-03"], before)


def _same_but_order(one: pd.DataFrame, other: pd.DataFrame) -> None:
    keys = ["period", "measure", "label"]
    pd.testing.assert_frame_equal(
        *(frame.sort_values(keys).reset_index(drop=True) for frame in (one, other))
    )


def test_profile_as_reference(
    run: Callable[..., int], scores: Path, watched: Path, tmp_path: Path
) -> None:
    """A profile in the place of its periods finds the same, but for what needs their rows."""
    kept = tmp_path / "profile.json"
    shutil.copy(watched / "profile.json", kept)
    assert _monitor(run, scores, tmp_path / "drift", "--reference", kept) == 8
    here, there = _alerts(tmp_path / "drift"), _alerts(watched)
    assert set(here) == {"2024-01", "2024-02", *there}
    for month in ("2024-04", "2024-06", "2024-11"):
        named = [one for one in there[month]["alerts"] if one["measure"] != "domain_auc"]
        assert {(a["measure"], a["label"]) for a in here[month]["alerts"]} >= {
            (a["measure"], a["label"]) for a in named if a["measure"] != "prevalence"
        }
    assert not here["2024-01"]["alerts"]


def test_refusals(
    run: Callable[..., int],
    scores: Path,
    watched: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another reference, a period that is not there, too few texts, and no profile are refused."""
    assert _monitor(run, scores, watched, "--reference", "2024-03") == 2
    assert "compares with another --reference (2024-01, 2024-02)" in capsys.readouterr().err
    assert _monitor(run, scores, tmp_path / "a", "--reference", "2023-01") == 3
    assert "its periods are from 2024-01 to 2024-12" in capsys.readouterr().err
    assert _monitor(run, scores, tmp_path / "b", "--reference", "2024-12") == 3
    assert "fewer than 200" in capsys.readouterr().err
    other = tmp_path / "profile.json"
    other.write_text("{}", encoding="utf-8")
    assert _monitor(run, scores, tmp_path / "c", "--reference", other) == 3
    assert "is no profile" in capsys.readouterr().err
    profile = json.loads((watched / "profile.json").read_text(encoding="utf-8"))
    other.write_text(json.dumps(profile | {"scoring_id": "0" * 64}), encoding="utf-8")
    assert _monitor(run, scores, tmp_path / "d", "--reference", other) == 3
    assert "not one series" in capsys.readouterr().err


def test_in_python(scores: Path, tmp_path: Path) -> None:
    """An alert is an exception; a watch without one gives back what was measured."""
    keys: dict[str, Any] = {"scores": str(scores), "time_column": "time", "period": "quarter"}
    with pytest.raises(AlertError, match=r"2024-Q4.* differs from the reference"):
        psychescale.monitor(**keys, reference="2024-Q1", output=str(tmp_path / "drift"))
    result = psychescale.monitor(**keys, reference="2024-Q1", output=str(tmp_path / "drift"))
    assert result.new == ()
    assert [one["period"] for one in result.alerts["periods"]] == ["2024-Q2", "2024-Q3", "2024-Q4"]
