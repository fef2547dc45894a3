"""Whether a label-attention head's attention tells which words its predictions hang on."""

import warnings
from typing import Any

import numpy as np

from psychescale.model.attention.faithfulness import measure_faithfulness
from psychescale.model.attention.reader import Reader
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.training.classifier.start import head_of
from psychescale.workflows.evaluate.candidate import Candidate
from psychescale.workflows.rows import LabelledRows


def try_attention(
    config: EvaluateConfig, candidate: Candidate, rows: LabelledRows
) -> list[dict[str, Any]] | None:
    """Sufficiency and comprehensiveness of attention, occlusion and random words; means alone.

    Args:
        config: Of the evaluation.
        candidate: The model.
        rows: The judged rows, of which a random ``faithfulness_texts`` are read.

    Returns:
        One entry a ranking; None for a model without such a head, or where it was not asked for.
    """
    if not config.faithfulness_texts or head_of(candidate.checkpoint) != "label-attention":
        return None
    drawn = np.random.default_rng(config.seed).permutation(len(rows))[: config.faithfulness_texts]
    texts = [rows.texts[row] for row in drawn]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # nothing of a text comes out
        found = measure_faithfulness(
            Reader.from_folder(candidate.checkpoint.folder),
            texts,
            from_corpus=True,
            seed=config.seed,
        )
    return [dict(one.to_json()) for one in found]
