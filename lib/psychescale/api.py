"""Every job as a function: the keys of its settings as keywords, a result back, exceptions for errors.

    >>> import psychescale
    >>> result = psychescale.score(model="bundle", input="redacted", output="scores")
    >>> result.rows_scored

Signatures and docstrings are made from the settings, so each key is stated once. A function prints
nothing, and reads no environment variables of settings.
"""

import contextlib
import importlib
import inspect
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol, TypeVar, overload

from psychescale.console.extras import not_installed
from psychescale.console.progress import OnProgress, SilentConsole
from psychescale.console.run import place_of
from psychescale.errors import PsychescaleError, as_keyword
from psychescale.results import (
    AnonymizeResult,
    DemoResult,
    DoctorResult,
    EvaluateResult,
    MonitorResult,
    RecalibrateResult,
    Result,
    SampleResult,
    ScoreResult,
    StudyResult,
    TaggerResult,
    TrainResult,
    VerifyResult,
)
from psychescale.settings.anonymize import AnonymizeConfig
from psychescale.settings.config import JobConfig
from psychescale.settings.demo import DemoConfig
from psychescale.settings.doctor import DoctorConfig
from psychescale.settings.evaluate import EvaluateConfig
from psychescale.settings.keywords import from_keywords, help_of, parameters_of
from psychescale.settings.monitor import MonitorConfig
from psychescale.settings.places import FRAME
from psychescale.settings.recalibrate import RecalibrateConfig
from psychescale.settings.sample import SampleConfig
from psychescale.settings.score import ScoreConfig
from psychescale.settings.study import StudyConfig
from psychescale.settings.tagger import TaggerConfig
from psychescale.settings.train import TrainConfig
from psychescale.settings.verify import VerifyConfig

_TOLD = """
    on_progress: called with the title of a step, documents done, and documents in all

Returns:
    The outcome; None with `dry_run`.

Raises:
    PsychescaleError: Of the class whose exit code the command would end with.
"""

Outcome_co = TypeVar("Outcome_co", bound=Result, covariant=True)


class Job(Protocol[Outcome_co]):
    """A job as a function: a result back, or None where all is checked and nothing done."""

    @overload
    def __call__(self, *, dry_run: Literal[True], **keys: Any) -> None: ...
    @overload
    def __call__(self, *, dry_run: Literal[False] = False, **keys: Any) -> Outcome_co: ...
    @overload
    def __call__(self, *, dry_run: bool, **keys: Any) -> Outcome_co | None: ...


def _job(
    kind: type[JobConfig],
    outcome: type[Outcome_co],
    *,
    frames: tuple[str, ...] = (),
    function: str | None = None,
) -> Job[Outcome_co]:
    """The function of a job.

    Args:
        kind: Its settings, whose name holds the verb.
        outcome: What it gives back.
        frames: Keys that take a Spark DataFrame too.
        function: Of the job's module, where it is not that of the verb.
    """
    verb = kind.__name__.removesuffix("Config").lower()

    def call(*, on_progress: OnProgress | None = None, **keys: Any) -> Any:
        views = _views({key: keys[key] for key in frames if _is_frame(keys.get(key))})
        places = {key: FRAME + name for key, (name, _) in views.items()}
        with _told_in_python(verb, verbose=bool(keys.get("verbose"))):
            config = from_keywords(kind, verb, {**keys, **places})
            job = importlib.import_module(f"psychescale.jobs.{verb}")
            with _registered(dict(views.values())):
                return getattr(job, function or verb)(config, SilentConsole(on_progress))

    told = inspect.Parameter(
        "on_progress", inspect.Parameter.KEYWORD_ONLY, annotation=OnProgress | None, default=None
    )
    call.__name__ = call.__qualname__ = verb
    call.__doc__ = help_of(kind, frames) + _TOLD
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*parameters_of(kind, frames), told], return_annotation=outcome
    )
    return call


def _is_frame(value: object) -> bool:
    """Whether it is a DataFrame of Spark, which may not be installed."""
    return hasattr(value, "createTempView")


def _views(frames: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """A name of its own for each DataFrame: key → (name, frame)."""
    return {key: (f"psychescale_{uuid.uuid4().hex}", frame) for key, frame in frames.items()}


@contextlib.contextmanager
def _registered(frames: Mapping[str, Any]) -> Iterator[None]:
    """DataFrames as temporary views of their names, for as long as the block runs."""
    with contextlib.ExitStack() as stack:
        for name, frame in frames.items():
            frame.createTempView(name)
            stack.callback(frame.sparkSession.catalog.dropTempView, name)
        yield


@contextlib.contextmanager
def _told_in_python(verb: str, *, verbose: bool) -> Iterator[None]:
    """Errors name keywords, and do not show what they came of: its message can hold a row.

    Raises:
        PsychescaleError: What a job raised; or, for what was not foreseen, its class and place alone.
            With `verbose` such an error comes through as it is.
    """
    try:
        yield
    except PsychescaleError as error:
        error.spell = as_keyword
        raise error from None
    except ModuleNotFoundError as error:
        raise not_installed(error, verb) or error from None
    except Exception as error:
        if verbose:
            raise
        unforeseen = PsychescaleError(
            f"psychescale.{verb}: {place_of(error)}.",
            remedy="This was not foreseen; please report it. `verbose` lets all of it through.",
        )
        raise unforeseen from None


anonymize = _job(AnonymizeConfig, AnonymizeResult, frames=("input",))
score = _job(ScoreConfig, ScoreResult, frames=("input",))
verify = _job(VerifyConfig, VerifyResult, frames=("input",))
doctor = _job(DoctorConfig, DoctorResult, function="examine")
tagger = _job(TaggerConfig, TaggerResult)
train = _job(TrainConfig, TrainResult, frames=("train", "validation", "test"))
recalibrate = _job(RecalibrateConfig, RecalibrateResult, frames=("validation",))
evaluate = _job(EvaluateConfig, EvaluateResult, frames=("input", "train", "validation"))
monitor = _job(MonitorConfig, MonitorResult)
sample = _job(SampleConfig, SampleResult, frames=("input",))
study = _job(StudyConfig, StudyResult)
demo = _job(DemoConfig, DemoResult)


def with_labels(scores: Any, bundle: str, *, scoring_id: str | None = None) -> Any:
    """Scores with ``label_<label>`` for each label, and ``abstain_<label>`` where the bundle abstains.

    A label is true where the probability reaches the bundle's frozen threshold, and null where there is
    no probability, or where the row was scored otherwise than the thresholds were validated. The score
    table itself stays as it is.

    Args:
        scores: Rows of a score table: a frame of Spark, pandas or polars.
        bundle: Folder of the model that scored them.
        scoring_id: Take the rows of this id, instead of those that the bundle gives by itself.

    Returns:
        A frame of the same kind.

    Raises:
        ModelError: The bundle has no thresholds, or its activation is softmax.
        InputError: A column is missing, or no row was scored under such an id.
    """
    module, name = "psychescale.scoring.labelling", "decide_frame"
    if _is_frame(scores):
        module, name = "psychescale.spark.score.decisions", "with_labels"
    return getattr(importlib.import_module(module), name)(scores, bundle, scoring_id=scoring_id)
