"""A scoring configuration → the model and the columns that it means."""

from psychescale.model.spec import read_model
from psychescale.scoring.options import ScoringOptions
from psychescale.scoring.preflight import CheckedModel, check_model
from psychescale.settings import ScoreConfig
from psychescale.spark.corpus import Columns


def configured_model(config: ScoreConfig) -> CheckedModel:
    """The model, with everything about it checked that can be without Spark.

    Raises:
        ModelError: It cannot be used as it is; the message says what to add.
        UsageError: An option is out of its range.
    """
    checkpoint, spec = read_model(
        config.model,
        revision=config.revision,
        labels=config.labels,
        allow_generic_labels=config.allow_generic_labels,
        activation=config.activation,
        max_length=config.max_length,
    )
    options = ScoringOptions(
        long_text=config.long_text,
        stride=config.stride,
        max_windows=config.max_windows,
        precision=config.precision,
        max_batch_tokens=config.max_batch_tokens,
    )
    second_text = config.second_text_column is not None
    return check_model(checkpoint, spec, options, second_text=second_text)


def configured_columns(config: ScoreConfig) -> Columns:
    """Which columns of the corpus mean what."""
    return Columns(config.id_column, config.text_column, config.second_text_column, config.keep)
