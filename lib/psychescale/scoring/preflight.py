"""The model, checked on the driver before it is sent anywhere."""

from dataclasses import dataclass, replace
from typing import Self

from psychescale.model.checkpoint import Checkpoint
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import Applied, ScoringOptions, compute_scoring_id, settle
from psychescale.scoring.scorer import Scorer
from psychescale.steps import STEPS


@dataclass(frozen=True)
class ChosenModel:
    """A model, how it is to score, and the name of the numbers that it gives.

    Attributes:
        checkpoint: Its files.
        spec: What is known of it; with a layout once it is `tried`.
        options: How it is to score.
        second_text: Whether texts will come with a second text.
    """

    checkpoint: Checkpoint
    spec: ModelSpec
    options: ScoringOptions
    second_text: bool

    @property
    def applied(self) -> Applied:
        """The long-text policy and calibration in force."""
        return settle(self.spec, self.options)

    @property
    def scoring_id(self) -> str:
        """The name of the numbers; its files and options determine it, so nothing is loaded."""
        return compute_scoring_id(self.spec, self.options, second_text=self.second_text)

    def tried(self) -> Self:
        """The same model, loaded once on this machine's processor and found to give numbers.

        Raises:
            ModelError: Weights are missing, not finite, or do not fit tokenizer or labels; or a text's
                numbers depend on more than the text.
        """
        if self.spec.layout is not None:
            return self
        STEPS.info("loading the model, and trying it")
        on_driver = replace(self.options, precision="fp32", device="cpu")
        folder = self.checkpoint.folder
        scorer = Scorer.load(folder, self.spec, on_driver, pairs=self.second_text)
        return replace(self, spec=scorer.spec)
