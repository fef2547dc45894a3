"""A configuration of redaction → what it means: types left alone, the model for names, a redactor."""

from pathlib import Path
from typing import Final

from psychescale.errors import UsageError
from psychescale.model.checkpoint import Checkpoint, find_model, open_checkpoint
from psychescale.model.spec import Precision
from psychescale.settings.shared import RedactorConfig
from psychescale.text.findings import PiiType
from psychescale.text.ner import NerModel, SpacyNer, TaggerNer
from psychescale.text.redact import RedactionOptions, Redactor

SPACY_PREFIX: Final = "spacy:"


def excluded_types(names: tuple[str, ...]) -> frozenset[PiiType]:
    """The types of `--leave`.

    Raises:
        UsageError: One is unknown.
    """
    return frozenset(read_type(name, option="leave") for name in names)


def read_type(name: str, *, option: str) -> PiiType:
    """A type by its name, in any case.

    Raises:
        UsageError: It is unknown.
    """
    known = {kind.value: kind for kind in PiiType}
    if name.upper() not in known:
        raise UsageError(
            f"‹{option}› {name}: there is no such type of identifier.",
            remedy=f"There are {', '.join(known)}.",
        )
    return known[name.upper()]


def find_tagger(place: str | None) -> Checkpoint | str | None:
    """Files of the model for names, or the name of a spaCy pipeline; None for rules alone.

    Raises:
        ModelError: The folder cannot be used.
    """
    if place is None:
        return None
    if place.startswith(SPACY_PREFIX):
        return place.removeprefix(SPACY_PREFIX)
    return open_checkpoint(find_model(place, revision=None))


def load_tagger(place: str | Path, *, threshold: float, precision: Precision) -> NerModel:
    """The model for names: a string is the name of a spaCy pipeline, a path a folder.

    Raises:
        ModelError: The folder cannot be used.
        UsageError: The pipeline is not installed.
    """
    if isinstance(place, str):
        return SpacyNer.load(place)
    from psychescale.model.tagging.token_classifier import TextTagger  # noqa: PLC0415 - torch

    return TaggerNer(TextTagger.from_pretrained(place, threshold=threshold, precision=precision))


def open_redactor(config: RedactorConfig) -> Redactor:
    """The redactor of a configuration, with placeholders, without a list of handles.

    Raises:
        UsageError: A type is unknown, or spaCy's pipeline is not installed.
        ModelError: The tagger cannot be used.
    """
    place = find_tagger(config.tagger)
    tagger = None
    if place is not None:
        tagger = load_tagger(
            place if isinstance(place, str) else place.folder,
            threshold=config.tagger_threshold,
            precision=config.tagger_precision,
        )
    options = RedactionOptions(excluded=excluded_types(config.leave), timeout_s=config.timeout_s)
    return Redactor(options, tagger=tagger)


def redactor_facts(config: RedactorConfig) -> dict[str, object]:
    """What decides on what is found, beside the versions of the code; for a digest or a record."""
    place = find_tagger(config.tagger)
    return {
        "excluded": sorted(kind.value for kind in excluded_types(config.leave)),
        "tagger": place.content_digest if isinstance(place, Checkpoint) else place,
        "tagger_threshold": config.tagger_threshold if place else None,
        "tagger_precision": config.tagger_precision if place else None,
    }
