"""Synthetic corpora from a seeded grammar, for the demo, the tests and the benchmarks.

The grammar needs the standard library alone; planted names come from faker. The same arguments give
the same documents on every machine. Labels name features of wording that the grammar planted; they are
neither conditions nor diagnoses, and all people, addresses and numbers are invented.
"""

from psychescale.synthetic.documents import Document, PiiSpan
from psychescale.synthetic.features import LABELS
from psychescale.synthetic.generator import generate_corpus, generate_labelled
from psychescale.synthetic.texts.fictional import PII_LABELS

__all__ = [
    "LABELS",
    "PII_LABELS",
    "Document",
    "PiiSpan",
    "generate_corpus",
    "generate_labelled",
]
