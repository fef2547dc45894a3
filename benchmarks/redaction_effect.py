"""What redaction does to scores: the same comments with identifiers planted, before and after it.

GoEmotions' test comments carry ``[NAME]`` where its makers masked a name; there, invented names are
put in. Into every second comment a clause with a handle, a mail address, a telephone number, a date
or a town goes as well. Scored are the planted text and what `anonymize` makes of it; a comment in
which nothing was planted shows what redaction does to texts that it should leave alone.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from corpora import read_comments
from harness import describe_machine, save, show
from numpy.typing import NDArray

from psychescale import Scorer
from psychescale.settings.shared import RedactorConfig
from psychescale.synthetic.texts.fictional import make_handle, make_name
from psychescale.text.redact import RedactionError, Redactor
from psychescale.workflows.redactors import open_redactor

_MASKED = re.compile(r"\[NAME\]")
_CLAUSES = (
    "u/{handle} said so too",
    "as @{handle} wrote",
    "write to {handle}@example.org",
    "call me on (312) 555-01{two}",
    "it was on March {day}, 2019",
    "I live in Tulsa",
)


def main() -> None:
    """Plant, redact, score, compare."""
    options = _parse()
    comments = list(dict.fromkeys(read_comments("test")))[: options.rows]
    rng = Random(options.seed)
    planted = [_plant(text, rng, clause=n % 2 == 0) for n, text in enumerate(comments)]
    redactor = open_redactor(RedactorConfig(tagger=options.tagger))
    redacted, plain = _redact(redactor, planted), _redact(redactor, comments)
    scorer = Scorer.from_pretrained(options.model)
    scores = {
        name: scorer(texts)
        for name, texts in {
            "planted": planted, "redacted": redacted, "comments": comments, "plain": plain,
        }.items()
    }  # fmt: skip
    touched = np.array([a != b for a, b in zip(planted, comments, strict=True)])
    compared = {
        "planted: before and after redaction": _compare(
            scores["planted"][touched], scores["redacted"][touched]
        ),
        "planted: the comment as it was, and after": _compare(
            scores["comments"][touched], scores["redacted"][touched]
        ),
        "nothing planted: before and after": _compare(
            scores["comments"][~touched], scores["plain"][~touched]
        ),
    }
    save("redaction_effect", {"machine": describe_machine(), "compared": compared})
    show(
        "Change of probabilities by redaction",
        ["", "texts", "changed", "mean", "95 % below", "largest", "most likely label kept"],
        [
            [
                name,
                f"{found['texts']:,}",
                f"{found['changed']:.1%}",
                *[f"{found[key]:.4f}" for key in ("mean", "p95", "largest")],
                f"{found['top_kept']:.1%}",
            ]
            for name, found in compared.items()
        ],
    )


def _plant(text: str, rng: Random, *, clause: bool) -> str:
    text = _MASKED.sub(lambda _: make_name(rng), text)
    if not clause:
        return text
    told = rng.choice(_CLAUSES).format(
        handle=make_handle(rng), two=f"{rng.randrange(100):02}", day=rng.randrange(1, 29)
    )
    return f"{text.rstrip()} {told[0].upper()}{told[1:]}."


def _redact(redactor: Redactor, texts: Sequence[str]) -> list[str]:
    redacted = []
    for result in redactor.redact_batch(texts):
        if isinstance(result, RedactionError):
            raise SystemExit("A text could not be redacted.")
        redacted.append(result.text)
    return redacted


def _compare(before: NDArray[np.float32], after: NDArray[np.float32]) -> dict[str, Any]:
    """Differences of probabilities, all labels together."""
    difference = np.abs(before - after)
    return {
        "texts": len(before),
        "changed": float((difference.max(axis=1) > 1e-4).mean()),
        "mean": float(difference.mean()),
        "p95": float(np.quantile(difference.max(axis=1), 0.95)),
        "largest": float(difference.max()),
        "top_kept": float((before.argmax(axis=1) == after.argmax(axis=1)).mean()),
    }


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="bundle trained on GoEmotions")
    parser.add_argument("--tagger", help="folder of the tagger; default: rules alone")
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
