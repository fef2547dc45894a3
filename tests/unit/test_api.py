"""Jobs as functions: keywords from the settings, errors in Python's spelling, results that show."""

import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

import psychescale
from psychescale import results
from psychescale.console.main import VERBS, settings_of
from psychescale.console.progress import ProgressDisplay
from psychescale.errors import InputError, PsychescaleError, UsageError
from psychescale.notice import NOTICE
from psychescale.settings.config import JobConfig
from psychescale.settings.keywords import COMMAND_ONLY

CONFIGS = {verb: settings_of(verb) for verb in VERBS}
CANARY = "canaryword"  # stands for a word of a document
FRAMES = {
    "anonymize": {"input"},
    "score": {"input"},
    "verify": {"input"},
    "sample": {"input"},
    "train": {"train", "validation", "test"},
    "recalibrate": {"validation"},
    "evaluate": {"input", "train", "validation"},
}
RESULTS = [getattr(results, f"{verb.title()}Result") for verb in VERBS]
Work = Callable[[JobConfig, Console], object]


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """A function that puts `work` in the place of the job `score`."""

    def replace(work: Work) -> None:
        monkeypatch.setitem(sys.modules, "psychescale.jobs.score", SimpleNamespace(score=work))

    return replace


def parameters(verb: str) -> Mapping[str, inspect.Parameter]:
    """Of the verb's function."""
    return inspect.signature(getattr(psychescale, verb)).parameters


def score(**keys: Any) -> Any:
    """`psychescale.score` with its required keys."""
    return psychescale.score(**{"model": "m", "input": "i", "output": "o", **keys})


class Frame:
    """What a DataFrame is asked for."""

    def __init__(self) -> None:
        self.views: list[str] = []
        catalog = SimpleNamespace(dropTempView=self.views.remove)
        self.sparkSession = SimpleNamespace(catalog=catalog)

    def createTempView(self, name: str) -> None:  # noqa: N802 - Spark's own name
        self.views.append(name)


class TestSignatures:
    @pytest.mark.parametrize("verb", VERBS)
    def test_keywords_are_the_keys(self, verb: str) -> None:
        """Every key is a keyword with its default, but those of how a command prints."""
        given = parameters(verb)
        fields_ = CONFIGS[verb].model_fields
        assert {*given} - {"on_progress"} == {*fields_} - {*COMMAND_ONLY}
        for name, parameter in given.items():
            assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
            if name != "on_progress":
                required = fields_[name].is_required()
                expected = inspect.Parameter.empty if required else fields_[name].default
                assert parameter.default == expected

    @pytest.mark.parametrize("verb", VERBS)
    def test_frames(self, verb: str) -> None:
        """Where labelled texts or a corpus are asked for, and nowhere else, a DataFrame is taken."""
        taken = {n for n, p in parameters(verb).items() if "DataFrame" in str(p.annotation)}
        assert taken == FRAMES.get(verb, set())

    @pytest.mark.parametrize("verb", VERBS)
    def test_help(self, verb: str) -> None:
        """The docstring describes each keyword, with other keywords as Python spells them."""
        told = getattr(psychescale, verb).__doc__
        for name in parameters(verb):
            assert f"\n    {name}: " in told
        flags = {
            "--" + (f.alias or n).replace("_", "-") for n, f in CONFIGS[verb].model_fields.items()
        }
        assert [flag for flag in flags if f"{flag} " in told or f"{flag})" in told] == []

    @pytest.mark.parametrize("verb", VERBS)
    def test_results_and_names(self, verb: str) -> None:
        """The function has the verb's name, and says what it gives back."""
        function: Any = getattr(psychescale, verb)
        assert function.__name__ == verb
        told = inspect.signature(function).return_annotation
        assert told.__name__ == f"{verb.title()}Result"


class TestPackage:
    def test_names(self) -> None:
        """Each verb is a name of the package, and dir() lists it; another is an AttributeError."""
        assert {*VERBS, "Scorer"} <= set(psychescale.__all__)
        assert set(psychescale.__all__) <= set(dir(psychescale))
        with pytest.raises(AttributeError, match="no attribute 'socre'"):
            psychescale.socre  # noqa: B018

    def test_is_lazy(self) -> None:
        """The package needs no settings, and a function with its help neither torch nor Spark."""
        code = (
            "import sys, psychescale\n"
            "print([m for m in ('pydantic', 'rich') if m in sys.modules])\n"
            "from psychescale import score\n"
            "heavy = ('torch', 'transformers', 'pyspark', 'pandas')\n"
            "print([m for m in heavy if m in sys.modules], len(score.__doc__) > 0)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n[] True\n"


class TestCalls:
    def test_gives_back_what_the_job_does(
        self, job: Callable[[Work], None], capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The job gets a configuration and a console that prints nothing; its result comes back."""
        seen = []

        def work(config: JobConfig, console: Console) -> object:
            seen.append(config)
            console.print(CANARY)
            return "outcome"

        job(work)
        given = {"model": Path("m"), "keep": ["a", "b"], "spark": {"spark.x": True}}
        assert score(**given) == "outcome"
        values = seen[0].model_dump()
        assert (values["model"], values["keep"]) == ("m", ("a", "b"))
        assert values["spark"] == {"spark.x": "true"}
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("verb", "keyword"), [("train", "from_bundle"), ("evaluate", "slice_columns")]
    )
    def test_aliases(self, verb: str, keyword: str) -> None:
        """Keys that are words of Python have a name of their own here, in errors too."""
        required = {n: "x" for n, f in CONFIGS[verb].model_fields.items() if f.is_required()}
        with pytest.raises(UsageError, match=f"`{keyword}` .keyword"):
            getattr(psychescale, verb)(**required, **{keyword: 3})

    def test_environment_is_not_read(
        self, job: Callable[[Work], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A variable that the command would read changes nothing."""
        monkeypatch.setenv("PSYCHESCALE_SCORE_MAX_WINDOWS", "3")
        job(lambda config, _: config.model_dump()["max_windows"])
        assert score() == 64

    def test_progress(self, job: Callable[[Work], None]) -> None:
        """What a job shows of its progress goes to the function: title, done, total."""

        def work(_config: JobConfig, console: Console) -> None:
            with ProgressDisplay(console, title="scoring") as display:
                display.update(0, 10)
                display.update(20, 10)
            with ProgressDisplay(console, title="more", total=2) as display:
                display.update(1)

        job(work)
        told: list[tuple[str, int, int]] = []
        score(on_progress=lambda *step: told.append(step))
        assert told == [("scoring", 0, 10), ("scoring", 10, 10), ("more", 0, 2), ("more", 1, 2)]
        score()  # nobody has to listen

    @pytest.mark.parametrize("error", [None, InputError("It is empty.", remedy="")])
    def test_frame(self, job: Callable[[Work], None], error: InputError | None) -> None:
        """A DataFrame is a temporary view, under a name of its own, only while the job runs."""
        frame, places = Frame(), []

        def work(config: JobConfig, _console: Console) -> None:
            places.append(config.model_dump()["input"])
            assert places[-1] == f"dataframe:{frame.views[0]}"
            if error is not None:
                raise error

        job(work)
        for _ in range(2):
            if error is None:
                score(input=frame)
            else:
                with pytest.raises(InputError):
                    score(input=frame)
        assert frame.views == []
        assert len(set(places)) == 2

    def test_frame_elsewhere(self) -> None:
        """Where another place is asked for, a DataFrame is refused, and none is registered."""
        frame = Frame()
        with pytest.raises(UsageError, match="`output`"):
            score(output=frame, input=frame)
        assert frame.views == []


class TestErrors:
    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ({"inptu": 1}, "psychescale.score has no keyword 'inptu'. Did you mean input?"),
            ({"accept-raw": True}, "Did you mean accept_raw?"),
            ({"xyzzy": 1}, "help(psychescale.score) lists the keywords."),
            ({"quiet": True}, "no keyword 'quiet'"),
            (
                {"max_windows": 0},
                "`max_windows` (keyword): Input should be greater than or equal to 1.",
            ),
            ({"model": 3}, "`model` (keyword): Input should be a valid string."),
            ({"spark": "x"}, "`spark` (keyword)"),
        ],
    )
    def test_keywords(self, keys: dict[str, Any], message: str) -> None:
        """A keyword that is wrong is told as the command tells a key, in Python's spelling."""
        with pytest.raises(UsageError) as raised:
            score(**keys)
        assert message in str(raised.value)
        assert "--" not in str(raised.value)

    @pytest.mark.parametrize(("verb", "keyword"), [("train", "from"), ("evaluate", "slice")])
    def test_key_of_another_name(self, verb: str, keyword: str) -> None:
        """Who gives a key that has another name in Python is told that name."""
        with pytest.raises(UsageError, match=f"Did you mean {keyword}_"):
            getattr(psychescale, verb)(**{keyword: "x"})

    def test_missing(self) -> None:
        """A keyword that is required is named with its meaning."""
        with pytest.raises(UsageError, match="`input` is missing: corpus"):
            psychescale.score(model="m", output="o")

    def test_values_are_not_repeated(self) -> None:
        """A value that is refused can be a secret."""
        with pytest.raises(UsageError) as raised:
            score(max_windows=CANARY)
        assert CANARY not in str(raised.value)

    def test_spelling(self, job: Callable[[Work], None]) -> None:
        """An error of a job comes with its class, names keywords, and hides what it came of."""

        def work(_config: JobConfig, _console: Console) -> None:
            try:
                int(CANARY)
            except ValueError as error:
                raise InputError("No mark.", remedy="Add ‹accept_raw›.") from error

        job(work)
        with pytest.raises(InputError) as raised:
            score()
        assert str(raised.value) == "No mark. Add `accept_raw`."
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__

    def test_unforeseen(self, job: Callable[[Work], None]) -> None:
        """Of what was not foreseen only class and place are told, unless `verbose` asks for more."""

        def work(_config: JobConfig, _console: Console) -> None:
            raise ValueError(CANARY)

        job(work)
        with pytest.raises(PsychescaleError, match="unexpected ValueError at") as raised:
            score()
        assert raised.value.__suppress_context__
        assert CANARY not in str(raised.value)
        with pytest.raises(ValueError, match=CANARY):
            score(verbose=True)


class TestResults:
    @pytest.mark.parametrize("kind", RESULTS, ids=lambda kind: kind.__name__)
    def test_shows_itself(self, kind: Any) -> None:
        """Lines, and a table with the notice; both with each field that is not too large for it."""
        shown = [field.name for field in fields(kind) if field.repr]
        values = {field.name: f"<b>&{field.name}" for field in fields(kind)}
        if kind is results.DoctorResult:
            check = {"check": "<java>", "status": "red", "found": "<none>", "remedy": "<get one>"}
            values["checks"] = [check]  # type: ignore[assignment]
            shown = ["status", "java"]
        result = kind(**values)
        lines, table = repr(result), result._repr_html_()
        assert lines.startswith(f"{kind.__name__}\n")
        assert NOTICE in table
        assert "<b>" not in table
        assert "<java>" not in table
        assert table.count("<tr>") == lines.count("\n") == len(shown)
        assert [name for name in shown if name not in lines or name not in table] == []

    def test_values(self) -> None:
        """Numbers, names and counts are shown as people read them."""
        result = results.ScoreResult(
            run_id="r", table="t", scoring_id="s", rows_in=12_345, rows_known=0, rows_scored=12_340,
            rows_failed=5, failed_by_reason={"null_text": 5}, placeholders=0, files={"read": 1},
            run={"config": CANARY},
        )  # fmt: skip
        assert "rows_in: 12,345\n" in repr(result)
        assert "failed_by_reason: null_text 1–7" in repr(result)
        assert CANARY not in repr(result) + result._repr_html_()
        trained = results.TrainResult("b", ("x", "y"), {}, {}, None)
        assert "labels: x, y\n  rows: none\n  mlflow_run: none" in repr(trained)
        verified = results.VerifyResult("r", True, 3, 0, 3, 0, 0, 1e-7)
        assert "holds: yes" in repr(verified)
        assert "largest_difference: 1e-07" in repr(verified)


def test_doctor_names_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red checks are no error in Python, and say keywords where the command says flags."""
    job = importlib.import_module("psychescale.jobs.doctor")
    checks = importlib.import_module("psychescale.spark.doctor.checks")
    red = checks.red("mark", "No ‹accept_raw›.", "Add ‹accept_raw›.")
    monkeypatch.setattr(job, "_examine", lambda _config: [red])
    result = psychescale.doctor()
    assert result.status == "red"
    expected = {
        "check": "mark",
        "status": "red",
        "found": "No `accept_raw`.",
        "remedy": "Add `accept_raw`.",
    }
    assert result.checks == [expected]
    assert job.main(["--quiet"]) == UsageError.exit_code


def test_tagger_gives_back_nothing_on_a_dry_run(tmp_path: Path) -> None:
    """With `dry_run` all is read and nothing is written."""
    spans = tmp_path / "spans.jsonl"
    spans.write_text('{"id": "a", "text": "Ann left", "spans": []}\n', encoding="utf-8")
    called: Any = psychescale.tagger
    assert (
        called(clean=[spans], posts=spans, output=tmp_path / "out", planted=1, dry_run=True) is None
    )
    assert not (tmp_path / "out").exists()
