"""The model card of a bundle, written from facts."""

from collections.abc import Mapping, Sequence
from typing import Any

from psychescale.notice import NOTICE


def write_card(labels: Sequence[str], training: Mapping[str, Any]) -> str:
    """Markdown that says what a bundle is, how it came to be, and what it is not."""
    facts = "\n".join(f"| {name.replace('_', ' ')} | {value} |" for name, value in training.items())
    names = "\n".join(f"- {label}" for label in labels)
    return f"""---
library_name: transformers
pipeline_tag: text-classification
tags: [multi-label]
---
# Multi-label text classifier

{NOTICE}

Its labels, each with a probability of its own (sigmoid):

{names}

## How it was trained

| | |
| --- | --- |
{facts}

It has not been evaluated: nothing here shows that its probabilities are right, fair, calibrated, or
valid for any clinical construct.

## Use

`psychescale score --model FOLDER --input CORPUS --output TABLE`, or `AutoTokenizer` and
`AutoModelForSequenceClassification` of transformers.

Research on collections of texts, by people who may read them. Not for diagnosis, triage or decisions
about a person.
"""
