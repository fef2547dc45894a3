"""The model, checked on the driver before anything else is started."""

from dataclasses import dataclass, replace

from psychescale.model.checkpoint import Checkpoint
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import Applied, ScoringOptions, compute_scoring_id, settle
from psychescale.scoring.scorer import Scorer
from psychescale.steps import STEPS


@dataclass(frozen=True)
class CheckedModel:
    """A model that has been loaded once and gave numbers.

    Attributes:
        checkpoint: Its files.
        spec: What is known of it.
        options: How it is to score.
        applied: The long-text policy and calibration in force.
        scoring_id: The name of the numbers that it will give.
    """

    checkpoint: Checkpoint
    spec: ModelSpec
    options: ScoringOptions
    applied: Applied
    scoring_id: str


def check_model(
    checkpoint: Checkpoint, spec: ModelSpec, options: ScoringOptions, *, second_text: bool
) -> CheckedModel:
    """Load the model on this machine's processor, and try it.

    Args:
        checkpoint: Its files.
        spec: What is known of it.
        options: How it is to score.
        second_text: Whether texts will come with a second text.

    Raises:
        ModelError: Weights are missing, not finite, or do not fit tokenizer or labels; or a text's
            numbers depend on more than the text.
    """
    STEPS.info("loading the model, and trying it")
    on_driver = replace(options, precision="fp32", device="cpu")
    spec = Scorer.load(checkpoint.folder, spec, on_driver, pairs=second_text).spec
    scoring_id = compute_scoring_id(spec, options, second_text=second_text)
    return CheckedModel(checkpoint, spec, options, settle(spec, options), scoring_id)
