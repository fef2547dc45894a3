"""Flags over --set over environment over file over defaults, and every refusal says what to do."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from psychescale.errors import UsageError
from psychescale.settings.config import (
    HIDDEN_SETTINGS,
    JobConfig,
    Loaded,
    Names,
    load_config,
    public_values,
)
from psychescale.settings.score import ScoreConfig
from psychescale.settings.train import TrainConfig

CANARY = "canary-7Q"  # stands for a secret: no message may repeat it
REQUIRED = ("--model", "m", "--input", "i", "--output", "o")


class Survey(JobConfig):
    """A job with one key of each kind."""

    depth: Annotated[int, Field(ge=1)] = Field(1, description="a number")
    share: float = Field(0.5, description="another")
    names: Names = Field((), description="several names")
    mode: Literal["fast", "slow"] = Field("fast", description="a choice")
    api_token: str | None = Field(None, description="a secret")
    deep_dive: bool = Field(False, description="a switch")


WriteFile = Callable[[str], str]


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """A function that writes a configuration file and returns its path."""

    def write(text: str) -> str:
        path = tmp_path / "job.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def load(*argv: str, environ: Mapping[str, str] | None = None) -> Loaded[Survey]:
    return load_config(Survey, "survey", argv, environ=environ or {})


def refuse(*argv: str, environ: Mapping[str, str] | None = None) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        load(*argv, environ=environ)
    assert refusal.value.exit_code == 2
    return refusal.value


class TestPrecedence:
    def test_each_layer_wins_over_those_below(self, write_file: WriteFile) -> None:
        """Flag > --set > environment > file > default, for one and the same key."""
        file = ["--config", write_file("depth: 2")]
        environ = {"PSYCHESCALE_SURVEY_DEPTH": "3"}
        assignment = ["--set", "depth=4"]
        flag = ["--depth", "5"]

        assert load().config.depth == 1
        assert load(*file).config.depth == 2
        assert load(*file, environ=environ).config.depth == 3
        assert load(*file, *assignment, environ=environ).config.depth == 4
        assert load(*flag, *assignment, *file, environ=environ).config.depth == 5

    def test_origins(self, write_file: WriteFile) -> None:
        """Every value names where it came from: the flag, the variable, the file."""
        path = write_file("share: 0.25\ndepth: 9")
        loaded = load(
            "--config",
            path,
            "--set",
            "mode=slow",
            "--deep-dive",
            environ={"PSYCHESCALE_SURVEY_DEPTH": "3"},
        )

        assert {
            "spark": "default",
            "dry_run": "default",
            "explain_config": "default",
            "json": "default",
            "quiet": "default",
            "verbose": "default",
            "depth": "environment PSYCHESCALE_SURVEY_DEPTH",
            "share": f"file {path}",
            "names": "default",
            "mode": "--set",
            "api_token": "default",
            "deep_dive": "flag",
        } == loaded.origins

    def test_only_the_verbs_own_variables_are_read(self) -> None:
        """A variable of another verb, or of another program, changes nothing."""
        environ = {"PSYCHESCALE_SCORE_DEPTH": "7", "DEPTH": "8", "PSYCHESCALE_DEPTH": "9"}

        assert load(environ=environ).config == load().config

    @pytest.mark.parametrize(
        ("name", "value"), [("DEPTH", "8"), ("VERBOSE", "1"), ("JSON", "1"), ("API_TOKEN", "x")]
    )
    def test_unprefixed_variables_of_the_process_are_not_read(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        """What another program left in the environment never becomes a setting."""
        before = load().config
        monkeypatch.setenv(name, value)

        assert before == load().config

    def test_process_environment_is_the_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an environment given, the process's own is read."""
        monkeypatch.setenv("PSYCHESCALE_SURVEY_DEPTH", "6")

        assert load_config(Survey, "survey", []).config.depth == 6

    def test_last_flag_wins(self) -> None:
        """A flag that is repeated has its last value."""
        assert load("--depth", "2", "--depth", "3").config.depth == 3

    def test_last_assignment_wins(self) -> None:
        """So has a repeated --set."""
        assert load("--set", "depth=2", "--set", "depth=3").config.depth == 3

    def test_dashes_and_underscores_are_the_same_key(self, write_file: WriteFile) -> None:
        """--set and the file take a key as the flag writes it, too."""
        assert load("--set", "deep-dive=true").config.deep_dive
        assert load("--config", write_file("deep-dive: true")).config.deep_dive

    def test_switch_can_be_turned_off(self, write_file: WriteFile) -> None:
        """--no-… overrides a switch that the file turned on."""
        path = write_file("deep_dive: true")

        assert not load("--config", path, "--no-deep-dive").config.deep_dive

    def test_json_is_a_key_of_every_layer(self, write_file: WriteFile) -> None:
        """The switch for JSON output is called json on every layer."""
        assert load("--json").config.json_output
        assert load("--set", "json=true").config.json_output
        assert load(environ={"PSYCHESCALE_SURVEY_JSON": "true"}).config.json_output
        assert load("--config", write_file("json: true")).config.json_output

    def test_configuration_is_frozen(self) -> None:
        """Nothing changes a configuration after it was validated."""
        with pytest.raises(ValueError, match="frozen"):
            load().config.depth = 3


class TestUnknownKeys:
    def test_flag(self) -> None:
        """An unknown flag is refused with the one that was meant."""
        error = refuse("--dept", "3")

        assert error.problem == "There is no flag --dept."
        assert error.remedy == "Did you mean --depth?"

    def test_flag_with_value_attached(self) -> None:
        """The value behind an unknown flag is not repeated."""
        error = refuse(f"--dept={CANARY}")

        assert error.problem == "There is no flag --dept."

    def test_flag_like_nothing_known(self) -> None:
        """Where nothing is close, the help is named."""
        assert refuse("--xyzzyx", "3").remedy == "`psychescale survey --help` lists the flags."

    def test_flags_are_not_abbreviated(self) -> None:
        """A prefix of a flag is no flag: a new flag may not change what an old command means."""
        assert refuse("--dep", "3").remedy == "Did you mean --depth?"

    def test_value_without_flag(self) -> None:
        """A stray value is refused without being repeated."""
        error = refuse(CANARY)

        assert "stands without a flag" in error.problem
        assert CANARY not in str(error)

    def test_assignment(self) -> None:
        """An unknown key of --set is refused with the one that was meant."""
        error = refuse("--set", f"dept={CANARY}")

        assert error.problem == "Unknown key 'dept' (--set)."
        assert error.remedy == "Did you mean depth?"

    def test_environment(self) -> None:
        """An unknown variable is refused by its name."""
        error = refuse(environ={"PSYCHESCALE_SURVEY_DEPHT": CANARY})

        expected = "Unknown key 'depht' (environment PSYCHESCALE_SURVEY_DEPHT)."
        assert expected == error.problem
        assert error.remedy == "Did you mean depth?"

    def test_file(self, write_file: WriteFile) -> None:
        """An unknown key of the file is refused with the file's path."""
        path = write_file(f"dept: {CANARY}")
        error = refuse("--config", path)

        assert f"Unknown key 'dept' (file {path})." == error.problem
        assert error.remedy == "Did you mean depth?"

    def test_key_like_nothing_known(self) -> None:
        """Where nothing is close, the help is named."""
        assert refuse("--set", "qqq=1").remedy == "`psychescale survey --help` lists the keys."


class TestBadValues:
    @pytest.mark.parametrize(
        ("argv", "flag"),
        [
            (("--depth", CANARY), "--depth (flag)"),
            (("--depth", "0"), "--depth (flag)"),
            (("--mode", CANARY), "--mode (flag)"),
            (("--set", f"share={CANARY}"), "--share (--set)"),
            (("--set", f"deep-dive={CANARY}"), "--deep-dive (--set)"),
            (("--set", f"spark={CANARY}"), "--spark (--set)"),
        ],
    )
    def test_message_names_flag_and_origin_but_not_the_value(
        self, argv: Sequence[str], flag: str
    ) -> None:
        """A value of the wrong form is told by its flag and origin: it may be a secret."""
        error = refuse(*argv)

        assert error.problem.startswith(f"{flag}: ")
        assert CANARY not in str(error)
        assert error.remedy == "See `psychescale survey --help`."

    def test_environment_value(self) -> None:
        """A bad value in the environment names its variable."""
        error = refuse(environ={"PSYCHESCALE_SURVEY_DEPTH": CANARY})

        assert error.problem.startswith("--depth (environment PSYCHESCALE_SURVEY_DEPTH): ")
        assert CANARY not in str(error)

    def test_file_value(self, write_file: WriteFile) -> None:
        """A bad value in the file names the file."""
        path = write_file(f"depth: {CANARY}")
        error = refuse("--config", path)

        assert error.problem.startswith(f"--depth (file {path}): ")
        assert CANARY not in str(error)

    def test_value_given_to_a_switch(self) -> None:
        """A switch that is given a value is refused without repeating it."""
        assert CANARY not in str(refuse(f"--deep-dive={CANARY}"))

    def test_spark_flag_that_is_not_json(self) -> None:
        """--spark without a mapping is a usage error."""
        assert CANARY not in str(refuse("--spark", CANARY))

    def test_spark_variable_that_is_not_yaml(self) -> None:
        """A variable that should hold a mapping and does not is a usage error."""
        assert CANARY not in str(refuse(environ={"PSYCHESCALE_SURVEY_SPARK": f"{{{CANARY}: "}))

    def test_flag_without_value(self) -> None:
        """A flag at the end of the line, without its value, is named."""
        assert "--depth" in refuse("--depth").problem

    def test_missing_value(self) -> None:
        """A required key that no layer gives is named as its flag, with its meaning."""
        with pytest.raises(UsageError) as refusal:
            load_config(ScoreConfig, "score", ["--model", "m", "--input", "i"], environ={})

        meaning = ScoreConfig.model_fields["output"].description
        assert refusal.value.problem == f"--output is missing: {meaning}."
        assert refusal.value.remedy == "See `psychescale score --help`."

    def test_assignment_without_equals_sign(self) -> None:
        """--set needs KEY=VALUE."""
        error = refuse("--set", "depth")

        assert error.problem == "--set depth has no value."
        assert error.remedy == "Write --set KEY=VALUE, without spaces."


class TestFile:
    def test_missing(self, tmp_path: Path) -> None:
        """A file that is not there is named with the reason."""
        path = tmp_path / "none.yaml"
        error = refuse("--config", str(path))

        expected = f"The configuration file {path} cannot be read: No such file or directory."
        assert expected == error.problem

    def test_folder(self, tmp_path: Path) -> None:
        """A folder is no configuration file."""
        assert f"{tmp_path} cannot be read" in refuse("--config", str(tmp_path)).problem

    @pytest.mark.parametrize("text", ["depth: [1, ", "a: b: c", "\tdepth: 1"])
    def test_not_yaml(self, write_file: WriteFile, text: str) -> None:
        """What is not YAML is refused without being quoted."""
        path = write_file(f"{text}\n# {CANARY}")
        error = refuse("--config", path)

        assert f"The configuration file {path} is not YAML." == error.problem
        assert CANARY not in str(error)

    def test_not_utf8(self, tmp_path: Path) -> None:
        """Bytes that are no UTF-8 are refused as no YAML."""
        path = tmp_path / "job.yaml"
        path.write_bytes(b"names: \xff\xfe")

        assert refuse("--config", str(path)).problem.endswith("is not YAML.")

    @pytest.mark.parametrize("text", ["- depth", "depth", "3"])
    def test_not_a_mapping(self, write_file: WriteFile, text: str) -> None:
        """A list or a single value is no configuration."""
        error = refuse("--config", write_file(text))

        assert "does not hold `key: value` pairs" in error.problem
        assert "conf/" in error.remedy

    def test_empty_file_changes_nothing(self, write_file: WriteFile) -> None:
        """A file of comments alone is the same as none."""
        assert load("--config", write_file("# depth: 3\n")).config == load().config

    def test_file_does_not_run_code(self, write_file: WriteFile) -> None:
        """YAML tags that build objects are refused."""
        path = write_file("depth: !!python/object/apply:os.getcwd []")

        assert refuse("--config", path).problem.endswith("is not YAML.")


class TestNames:
    @pytest.mark.parametrize(
        "argv",
        [
            ("--names", "a, b c,d"),
            ("--names", "a,b c", "--names", "d"),
            ("--set", "names=a,b c,,d,"),
        ],
    )
    def test_commas_separate(self, argv: Sequence[str]) -> None:
        """Names are split at commas and stripped; empty ones fall away."""
        assert load(*argv).config.names == ("a", "b c", "d")

    def test_environment(self) -> None:
        """The environment takes commas too."""
        environ = {"PSYCHESCALE_SURVEY_NAMES": "a, b"}

        assert load(environ=environ).config.names == ("a", "b")

    @pytest.mark.parametrize("text", ["names: [a, b]", "names: a, b", "names:\n- a\n- b"])
    def test_file(self, write_file: WriteFile, text: str) -> None:
        """The file takes a list, or commas."""
        assert load("--config", write_file(text)).config.names == ("a", "b")

    @given(st.lists(st.from_regex(r"[^\s,]([^,\x00]{0,8}[^\s,])?", fullmatch=True), max_size=4))
    def test_names_without_commas_survive(self, names: list[str]) -> None:
        """Any characters but commas come through the flag as they were written."""
        assert tuple(names) == load("--names=" + ",".join(names)).config.names

    @pytest.mark.parametrize("value", ['6" scale', 'say "hi'])
    def test_assignment_with_a_quote(self, value: str) -> None:
        """--set takes a value with a quotation mark in it."""
        assert load("--set", f"names={value}").config.names == (value,)


class TestSparkSettings:
    def test_layers_merge_setting_by_setting(self, write_file: WriteFile) -> None:
        """A stronger layer replaces the settings that it names and leaves the others."""
        path = write_file("spark: {spark.a: file, spark.b: file, spark.c: file, spark.d: file}")
        loaded = load(
            "--config",
            path,
            "--set",
            "spark.c=set",
            "--set",
            "spark.d=set",
            "--spark",
            '{"spark.d": "flag"}',
            environ={"PSYCHESCALE_SURVEY_SPARK": "{spark.b: env, spark.c: env}"},
        )

        expected = {"spark.a": "file", "spark.b": "env", "spark.c": "set", "spark.d": "flag"}
        assert expected == loaded.config.spark

    def test_assignment_keeps_equals_signs(self) -> None:
        """Only the first equals sign separates: Java options have their own."""
        loaded = load("--set", "spark.driver.extraJavaOptions=-Da=b")

        assert loaded.config.spark == {"spark.driver.extraJavaOptions": "-Da=b"}

    def test_yaml_values_are_written_the_way_spark_reads_them(self, write_file: WriteFile) -> None:
        """YAML's true is Spark's "true", and a number is its digits."""
        path = write_file("spark:\n  spark.a: true\n  spark.b: no\n  spark.c: 200\n  spark.d: 0.5")

        expected = {"spark.a": "true", "spark.b": "false", "spark.c": "200", "spark.d": "0.5"}
        assert expected == load("--config", path).config.spark

    def test_file_alone_without_settings(self, write_file: WriteFile) -> None:
        """spark: with nothing under it holds no settings."""
        assert load("--config", write_file("spark:\n  # a: b")).config.spark == {}

    def test_file_without_settings_below_another_layer(self, write_file: WriteFile) -> None:
        """A file whose Spark settings are all commented out does not get in the way of --set."""
        path = write_file("spark:\n  # spark.a: b\n")

        assert load("--config", path, "--set", "spark.x=y").config.spark == {"spark.x": "y"}


class TestSecrets:
    def test_secret_keys_are_masked(self) -> None:
        """A key that sounds like a secret is shown as ***, wherever it stands."""
        spark = {
            "spark.hadoop.fs.s3a.secret.key": CANARY,
            "spark.hadoop.fs.s3a.access.key": CANARY,
            "spark.ssl.keyPassword": CANARY,
            "spark.hadoop.fs.azure.account.key.hospital.dfs.core.windows.net": CANARY,
            "spark.hadoop.fs.azure.sas.notes.hospital": CANARY,
            "spark.executorEnv.SITE": CANARY,
            "spark.driver.extraJavaOptions": f"-Xss4m -Ddb.password={CANARY} -Da=b",
            "spark.my.url": f"jdbc:x://h/db;user=me;pwd={CANARY};x=1",
            "spark.my.place": f"https://me:{CANARY}@h/x?sv=1&sig={CANARY}",
            "spark.executor.memory": "4g",
        }
        loaded = load(
            "--api-token", CANARY, environ={"PSYCHESCALE_SURVEY_SPARK": json.dumps(spark)}
        )

        values = public_values(loaded.config)
        assert CANARY not in json.dumps(values)
        assert CANARY not in str(loaded.explain())
        assert values["api_token"] == "***"  # noqa: S105 - that is the mask
        assert values["spark"]["spark.executor.memory"] == "4g"
        assert "-Da=b" in values["spark"]["spark.driver.extraJavaOptions"]
        shown = [key for key in spark if not re.search(HIDDEN_SETTINGS, f"{key}={spark[key]}")]
        assert shown == ["spark.executor.memory"]  # in Spark's event log and UI

    @pytest.mark.parametrize(
        "setting",
        [
            f"spark.hadoop.fs.s3a.secret.key={CANARY}",
            f"spark.hadoop.fs.azure.account.key.h.dfs.core.windows.net={CANARY}",
            f"spark.ssl.keyPassword={CANARY}",
            f"spark.driver.extraJavaOptions=-Ddb.password={CANARY}",
            f"spark.remote=sc://host:443/;token={CANARY}",
            f'spark={{"spark.ssl.keyPassword": "{CANARY}"}}',
        ],
    )
    def test_secrets_on_the_command_line(self, setting: str) -> None:
        """A secret after --set stands in the list of processes: refused, with the other ways."""
        flags = [("--set", setting)]
        key, _, value = setting.partition("=")
        flags.append(("--spark", value if key == "spark" else json.dumps({key: value})))
        for flag in flags:
            with pytest.raises(UsageError, match="command line") as caught:
                load(*flag)
            assert CANARY not in str(caught.value)

    def test_absent_secret_is_shown_as_absent(self) -> None:
        """Nothing is masked where nothing is set."""
        assert public_values(load().config)["api_token"] is None

    def test_token_budget_is_no_secret(self) -> None:
        """A count of tokens is shown, and stored with the run."""
        argv = [*REQUIRED, "--max-batch-tokens", "512"]
        loaded = load_config(ScoreConfig, "score", argv, environ={})

        assert public_values(loaded.config)["max_batch_tokens"] == 512

    def test_azure_account_key_is_masked(self) -> None:
        """The usual place of an Azure storage key is a secret."""
        key = "spark.hadoop.fs.azure.account.key.hospital.dfs.core.windows.net"
        loaded = load(environ={"PSYCHESCALE_SURVEY_SPARK": json.dumps({key: CANARY})})

        assert public_values(loaded.config)["spark"] == {key: "***"}

    def test_explain_has_every_key_once(self) -> None:
        """The explanation has one row a key: key, value, origin."""
        loaded = load("--depth", "3")

        assert list(loaded.origins) == [key for key, _, _ in loaded.explain()]
        assert ("depth", "3", "flag") in loaded.explain()
        assert ("json", "False", "default") in loaded.explain()

    def test_public_values_can_be_stored(self) -> None:
        """The public values are plain JSON."""
        loaded = load_config(ScoreConfig, "score", [*REQUIRED, "--keep", "a,b"], environ={})
        values = public_values(loaded.config)

        assert json.loads(json.dumps(values)) == values
        assert values["keep"] == ["a", "b"]


@pytest.mark.parametrize("kind", [ScoreConfig, TrainConfig])
class TestJobs:
    def test_every_key_is_described(self, kind: type[JobConfig]) -> None:
        """Every key says in the help what it is."""
        assert [name for name, field in kind.model_fields.items() if not field.description] == []

    def test_help_lists_every_flag(
        self, kind: type[JobConfig], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """--help shows a flag for every key, and stops with exit code 0."""
        with pytest.raises(SystemExit) as stop:
            load_config(kind, "verb", ["--help"], environ={})

        shown = capsys.readouterr().out
        flags = [
            "--" + (field.alias or name).replace("_", "-")
            for name, field in kind.model_fields.items()
        ]
        assert stop.value.code == 0
        assert [flag for flag in flags if flag not in shown] == []

    def test_no_key_is_an_option_of_the_loader(self, kind: type[JobConfig]) -> None:
        """No key hides --config or --set."""
        assert not {"config", "set"} & {
            field.alias or name for name, field in kind.model_fields.items()
        }


def test_defaults_of_score() -> None:
    """A plain `score` is exact, keeps no column, and refuses raw text."""
    config = load_config(ScoreConfig, "score", REQUIRED, environ={}).config

    assert config.keep == ()
    assert config.precision == "fp32"
    assert config.activation is None
    assert config.long_text is None
    assert not config.accept_raw
    assert not config.logits
