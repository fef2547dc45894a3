"""A scoring configuration → the model and the columns that it means."""

from dataclasses import replace

from psychescale.errors import ModelError
from psychescale.scoring.identity import compute_scoring_id, of_texts
from psychescale.scoring.preflight import CheckedModel, check_model
from psychescale.scoring.resolve import ModelRequest
from psychescale.settings.score import ScoreConfig
from psychescale.spark.corpus.source import Columns


def configured_model(config: ScoreConfig) -> CheckedModel:
    """The model, with everything about it checked that can be without Spark.

    Raises:
        ModelError: It cannot be used as it is; the message says what to add.
        UsageError: An option is out of its range.
    """
    second_text = config.second_text_column is not None
    return check_model(*config.choices(ModelRequest).resolve(), second_text=second_text)


def meet_corpus(
    model: CheckedModel, mark: tuple[str, str] | None, config: ScoreConfig
) -> CheckedModel:
    """The model as it will read this corpus: the scoring id names the versions of its texts.

    Args:
        model: The model, with the id that it has by itself.
        mark: Normalizer and redactor versions of the corpus; None for a raw one, which
            ``accept_raw`` has let in.
        config: Of the run.

    Raises:
        ModelError: The model learned from texts of another normalizer or redactor, and that was not
            accepted.
    """
    learned = (model.spec.normalizer, model.spec.redactor)
    if mark is None:
        return model
    if None not in learned and learned != mark and not config.accept_other_redaction:
        raise ModelError(
            f"The model learned from texts of normalizer {learned[0]} and redactor {learned[1]}; the "
            f"corpus went through {mark[0]} and {mark[1]}.",
            remedy="Anonymize the corpus with the version the model was trained under, train the "
            "model anew, or, if the difference is known to be harmless, add "
            "‹accept_other_redaction› (it is recorded with the run).",
        )
    spec = of_texts(model.spec, mark)
    second_text = config.second_text_column is not None
    scoring_id = compute_scoring_id(spec, model.options, second_text=second_text)
    return replace(model, spec=spec, scoring_id=scoring_id)


def configured_columns(config: ScoreConfig) -> Columns:
    """Which columns of the corpus mean what."""
    return Columns(config.id_column, config.text_column, config.second_text_column, config.keep)
