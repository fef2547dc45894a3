"""The keys of `demo`."""

from pydantic import Field

from psychescale.settings.config import JobConfig
from psychescale.settings.shared import Positive


class DemoConfig(JobConfig):
    """Generate synthetic texts and labels, fine-tune a small model, score with it, and evaluate it."""

    examples = ("psychescale demo", "psychescale demo --folder demo --documents 500")

    folder: str = Field(
        "demo", description="where everything is written; what is there already is used again"
    )
    documents: Positive = Field(3000, description="documents in the corpus")
    labelled: Positive = Field(2000, description="labelled texts to train on")
    seed: int = Field(0, description="of corpus, labelled texts and training")
