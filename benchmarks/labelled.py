"""GoEmotions as labelled JSON lines, which `psychescale train` takes."""

import argparse
import json
from pathlib import Path

from corpora import data_folder, label_names


def main() -> None:
    """Write the first rows of a split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="file to write, .jsonl")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="train")
    parser.add_argument("--rows", type=int, help="first rows of the split; default: all")
    options = parser.parse_args()
    names = label_names()
    source = data_folder() / "goemotions" / f"{options.split}.tsv"
    lines = source.read_text(encoding="utf-8").splitlines()[: options.rows]
    with options.output.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines):
            text, labels = line.split("\t")[:2]
            row = {
                "id": f"{options.split}-{number:05}",
                "text": text,
                "labels": [names[int(index)] for index in labels.split(",")],
            }
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
