"""The keys of `recalibrate`."""

from pydantic import Field

from psychescale.settings.places import Inputs, Model, New
from psychescale.settings.shared import AbstainConfig, AnnotatedConfig, RestrictedConfig


class RecalibrateConfig(AnnotatedConfig, AbstainConfig, RestrictedConfig):
    """Fit a bundle's calibration anew to labelled texts of another place or time."""

    examples = (
        "psychescale recalibrate --from bundle --validation new.csv --label-columns stress "
        "--author-column author --output bundle-here",
    )
    pages = ("docs/training.md",)

    from_bundle: Model = Field(alias="from", description="bundle whose calibration is updated")
    validation: Inputs = Field(
        description="labelled texts drawn like those that will be scored, in any form that `score` "
        "takes; nothing else may be judged on them any more"
    )
    output: New = Field(description="folder of the new bundle; must not exist")
    thresholds: str = Field(
        "keep",
        description="keep: the probabilities from which labels are given stay; or what they are chosen "
        "for anew on ‹validation›, as for `train`",
    )
    seed: int = Field(0, description="of the folds that thresholds are chosen on")
