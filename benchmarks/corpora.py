"""Corpora that the benchmarks score, made of real comments and kept in `work/`.

Every text of a corpus is distinct, so that computing equal texts once gains nothing here.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from harness import ROOT, WORK, build_once

SCHEMA = pa.schema([("id", pa.string()), ("text", pa.string())])
SHORTEST_LONG_TEXT, LONGEST_LONG_TEXT = 80, 400
"""Words of a long text: from a long comment to a page of a note, most of them within one window."""
_CHUNK_ROWS = 50_000


def data_folder() -> Path:
    """The folder of public data sets: `$PSYCHESCALE_DATA`, or `shared/data` beside the repository.

    Raises:
        SystemExit: There is no GoEmotions in it.
    """
    given = os.environ.get("PSYCHESCALE_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not (folder / "goemotions" / "train.tsv").is_file():
        raise SystemExit(
            f"{folder} holds no goemotions/train.tsv (text, TAB, label ids). Set PSYCHESCALE_DATA to "
            "the folder that holds goemotions/."
        )
    return folder


def read_comments(split: str) -> list[str]:
    """All texts of a GoEmotions split (``train``, ``dev``, ``test``), as they stand in the file."""
    path = data_folder() / "goemotions" / f"{split}.tsv"
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line.partition("\t")[0] for line in lines if line]


def label_names() -> list[str]:
    """The 28 labels of GoEmotions; made-up names where the data is absent."""
    try:
        path = data_folder() / "goemotions" / "labels.txt"
    except SystemExit:
        return [f"emotion_{index}" for index in range(28)]
    return path.read_text(encoding="utf-8").split()


def mixed_corpus(
    n_short: int = 3_000, n_long: int = 700, *, copies: int = 1, n_files: int = 8, seed: int = 0
) -> Path:
    """The mixed corpus: comments, and long texts joined from other comments, shuffled.

    Args:
        n_short: Comments.
        n_long: Texts of 80 to 400 words.
        copies: How often all of them occur, each time with another number at the end.
        n_files: Parquet files, of even size.
        seed: Of choice and order.

    Returns:
        The folder of Parquet files with the columns `id` and `text`.
    """

    def build(folder: Path) -> None:
        rows = list(_mixed_rows(n_short, n_long, copies=copies, seed=seed))
        for index in range(n_files):
            table = pa.Table.from_pylist(rows[index::n_files], SCHEMA)
            pq.write_table(table, folder / f"part-{index:03}.parquet")

    return build_once(WORK / f"mixed-{n_short}-{n_long}-{copies}-{n_files}-{seed}", build)


def short_corpus(n_rows: int) -> Path:
    """Comments over and over, each with its running number at the end, as one large Parquet file."""

    def build(folder: Path) -> None:
        comments = _distinct(read_comments("train"))
        with pq.ParquetWriter(folder / "part-000.parquet", SCHEMA) as writer:
            for start in range(0, n_rows, _CHUNK_ROWS):
                numbers = range(start, min(n_rows, start + _CHUNK_ROWS))
                texts = [f"{comments[number % len(comments)]} {number}" for number in numbers]
                ids = [f"c{number:08}" for number in numbers]
                writer.write_table(pa.table([ids, texts], schema=SCHEMA))

    return build_once(WORK / f"short-{n_rows}", build)


def small_files_corpus(n_files: int, rows_per_file: int) -> Path:
    """The comments of `short_corpus` as a folder of many small JSON-lines files."""

    def build(folder: Path) -> None:
        comments = _distinct(read_comments("train"))
        for index in range(n_files):
            numbers = range(index * rows_per_file, (index + 1) * rows_per_file)
            rows = [
                {"id": f"c{number:08}", "text": f"{comments[number % len(comments)]} {number}"}
                for number in numbers
            ]
            content = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"part-{index:06}.jsonl").write_text(content, encoding="utf-8")

    return build_once(WORK / f"small-{n_files}-{rows_per_file}", build)


def read_texts(corpus: Path) -> list[str]:
    """All texts of a corpus of this module, file after file."""
    texts: list[str] = pq.read_table(corpus, columns=["text"]).column("text").to_pylist()
    return texts


def _mixed_rows(n_short: int, n_long: int, *, copies: int, seed: int) -> Iterator[dict[str, str]]:
    rng = random.Random(seed)
    comments = _distinct(read_comments("train"))
    rng.shuffle(comments)
    if len(comments) <= n_short:
        raise SystemExit(f"There are {len(comments)} distinct comments, --short wants {n_short}.")
    texts = comments[:n_short] + [_join(comments[n_short:], rng) for _ in range(n_long)]
    rows = [
        {"id": f"{copy}-{index:05}", "text": f"{text} ({copy})" if copy else text}
        for copy in range(copies)
        for index, text in enumerate(texts)
    ]
    rng.shuffle(rows)
    yield from rows


def _join(comments: list[str], rng: random.Random) -> str:
    """A text of 80 to 400 words, evenly distributed."""
    n_words = rng.randint(SHORTEST_LONG_TEXT, LONGEST_LONG_TEXT)
    words: list[str] = []
    while len(words) < n_words:
        words += rng.choice(comments).split()
    return " ".join(words[:n_words])


def _distinct(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text.strip()))
