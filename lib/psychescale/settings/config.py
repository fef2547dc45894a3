"""Configuration of a job: flags over environment over file over defaults, each value with its origin.

A job states its keys once, as fields of a `JobConfig`; flags, environment variables, file keys and
help come from that.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from psychescale.errors import UsageError
from psychescale.settings.flags import read_flags, suggest
from psychescale.settings.keys import key_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def _split_names(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_split_names)]
"""Several names; on the command line and in the environment with commas between them."""

_SECRETS = (
    "secret|passw(?:or)?d|passphrase|pwd|token(?!s)|credential"
    "|(?:access|private|account|api|shared).?key|fs[.]azure[.]sas|[?&;]sig="
)
"""What makes a key, or a value, of Spark settings a secret: Spark's own rule, and what Azure, JDBC and
Java options add to it. Java reads it as Python does; no backslash, for files of properties."""
HIDDEN_SETTINGS = f"(?i){_SECRETS}|executorEnv|appMasterEnv"
"""For `spark.redaction.regex`: environments of executors too, whose names tell nothing."""
SECRET_KEY = re.compile(_SECRETS, re.IGNORECASE)
"""Keys whose values are never shown or stored."""
# A value that holds a secret among others: ;token=… of Spark Connect, -Dpassword=…, user:pass@host.
_ASSIGNED = re.compile(rf"((?:{_SECRETS})[\w.-]*=|[?&;]sig=)[^;&,\s]+", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+@")


Options = TypeVar("Options", bound="DataclassInstance")


class JobConfig(BaseModel):
    """How the command behaves.

    Attributes:
        examples: Command lines, for help and files of defaults.
        pages: Where more is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    examples: ClassVar[tuple[str, ...]] = ()
    pages: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Help shows a job's own keys first, then those it shares, then those of every job."""
        super().__pydantic_init_subclass__(**kwargs)
        stated = [name for base in cls.__mro__ for name in vars(base).get("__annotations__", ())]
        fields = cls.__pydantic_fields__
        cls.__pydantic_fields__ = {n: fields[n] for n in dict.fromkeys(stated) if n in fields}

    spark: dict[str, str] = Field(
        {},
        description="Spark settings, as a mapping in the file or --set spark.KEY=VALUE",
    )
    dry_run: bool = Field(False, description="check everything, write nothing")
    explain_config: bool = Field(False, description="print each value with its origin, then stop")
    json_output: bool = Field(
        False, alias="json", description="print the outcome as one line of JSON"
    )
    quiet: bool = Field(False, description="print errors only")
    verbose: bool = Field(
        False,
        description="let Spark's own messages through; they can hold words of the corpus",
    )

    def choices(self, kind: type[Options], **others: object) -> Options:
        """Options of a room below: each field has the value of the key of its name.

        Args:
            kind: A dataclass; a field without a key keeps its default.
            others: Fields that are not, or not so, among the keys.
        """
        named = {f.name for f in fields(kind)} & type(self).model_fields.keys()
        return kind(**{name: getattr(self, name) for name in named - others.keys()}, **others)


Config = TypeVar("Config", bound=JobConfig)


@dataclass(frozen=True)
class Loaded(Generic[Config]):
    """A validated configuration and where each of its values came from.

    Attributes:
        config: The configuration.
        origins: For every key: ``flag``, ``--set``, ``environment NAME``, ``file PATH`` or
            ``default``.
    """

    config: Config
    origins: Mapping[str, str]

    def explain(self) -> list[tuple[str, str, str]]:
        """Rows of (key, value as text, origin), with secrets masked."""
        values = public_values(self.config)
        return [(key, str(values[key]), self.origins[key]) for key in values]


def load_config(
    kind: type[Config], verb: str, argv: Sequence[str], *, environ: Mapping[str, str] | None = None
) -> Loaded[Config]:
    """Read, merge and validate the configuration of a job.

    Args:
        kind: The job's configuration class.
        verb: The job's name; environment variables are ``PSYCHESCALE_<VERB>_<KEY>``.
        argv: Command-line arguments, without the program's name.
        environ: Environment to read; the process's own by default.

    Raises:
        UsageError: An unknown key (with a suggestion), a value of the wrong form, a missing value,
            or an unreadable file.
    """
    environ = os.environ if environ is None else environ
    flags, file, assignments = read_flags(kind, verb, argv)
    if "spark" in flags:
        flags["spark"] = _read_mapping(flags["spark"], "--spark")
    assigned = _read_assignments(assignments)
    _require_no_secrets(flags.get("spark"), "--spark")
    _require_no_secrets(assigned.get("spark"), "--set")
    layers = [("flag", flags), ("--set", assigned)]
    layers += [
        (f"environment {prefix}", values) for prefix, values in _read_environment(verb, environ)
    ]
    if file is not None:
        layers.append((f"file {file}", _read_file(file)))

    keys = _keys(kind)
    merged: dict[str, Any] = {}
    origins = dict.fromkeys(keys, "default")
    for origin, values in reversed(layers):  # weakest first, so that a stronger layer overwrites
        for key, value in values.items():
            if key not in keys:
                raise UsageError(
                    f"Unknown key {key!r} ({origin}).",
                    remedy=suggest(key, keys) or f"`psychescale {verb} --help` lists the keys.",
                )
            merged[key] = merge_spark(merged, value) if key == "spark" else value
            origins[key] = origin
    try:
        return Loaded(kind.model_validate(merged), origins)
    except ValidationError as error:
        raise usage_error(error, kind, verb, origins) from None


def merge_spark(merged: Mapping[str, Any], value: object) -> object:
    """Spark settings of a stronger layer over those of weaker ones, setting by setting."""
    if value is None:  # a file with an empty `spark:`
        value = {}
    weaker = merged.get("spark", {})
    if not isinstance(value, dict) or not isinstance(weaker, dict):
        return value
    return {**weaker, **{str(key): _spark_text(inner) for key, inner in value.items()}}


def public_values(config: JobConfig) -> dict[str, Any]:
    """The configuration as plain values, with secrets masked; safe to print and to store."""

    def mask(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: mask(name, inner) for name, inner in value.items()}
        if SECRET_KEY.search(key) and value:
            return "***"
        if key.startswith("spark.") and re.search(HIDDEN_SETTINGS, key) and value:
            return "***"
        return _masked(value) if isinstance(value, str) else value

    values = config.model_dump(mode="json", by_alias=True)
    return {key: mask(key, values[key]) for key in _keys(type(config))}


def _masked(value: str) -> str:
    return _USER_INFO.sub(r"\1:***@", _ASSIGNED.sub(r"\1***", value))


def _require_no_secrets(settings: object, origin: str) -> None:
    """Refuse secrets on the command line, which every user of the machine may list.

    Raises:
        UsageError: A key sounds like a secret, or a value holds one.
    """
    for key, value in settings.items() if isinstance(settings, Mapping) else ():
        if SECRET_KEY.search(str(key)) or _masked(str(value)) != str(value):
            raise UsageError(
                f"{origin} {key} is a secret: every user of the machine can read what stands on the "
                "command line (ps).",
                remedy="Write it into the file of --config, mode 600, under spark:, or into the "
                "environment variable PSYCHESCALE_<VERB>_SPARK.",
            )


def _keys(kind: type[JobConfig]) -> list[str]:
    return [key_of(name, field) for name, field in kind.model_fields.items()]


def _read_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(
                f"--set {key} has no value.", remedy="Write --set KEY=VALUE, without spaces."
            )
        if key == "spark":
            values[key] = _read_mapping(value, "--set spark")
        elif key.startswith("spark."):
            values.setdefault("spark", {})[key] = value
        else:
            values[key.replace("-", "_")] = value
    return values


def _read_environment(verb: str, environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """One layer a variable, so that the origin names the variable."""
    prefix = f"PSYCHESCALE_{verb.upper()}_"
    layers = []
    for name in sorted(environ):
        if name.startswith(prefix):
            key = name.removeprefix(prefix).lower()
            value: Any = environ[name]
            if key == "spark":
                value = _read_mapping(value, name)
            layers.append((name, {key: value}))
    return layers


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"The configuration file {path} cannot be read: {error.strerror}.",
            remedy="Check the path and its permissions.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise UsageError(
            f"The configuration file {path} is not YAML.",
            remedy="Write one `key: value` a line; conf/ holds complete examples.",
        ) from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UsageError(
            f"The configuration file {path} does not hold `key: value` pairs.",
            remedy="conf/ holds complete examples.",
        )
    return {str(key).replace("-", "_"): value for key, value in values.items()}


def _read_mapping(text: str, origin: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(
            f"{origin} is no mapping.",
            remedy='Write {"spark.KEY": "VALUE"}, or --set spark.KEY=VALUE for each.',
        ) from None


def _spark_text(value: object) -> str:
    """A YAML value the way Spark writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def usage_error(
    error: ValidationError, kind: type[JobConfig], verb: str, origins: Mapping[str, str]
) -> UsageError:
    """The first fault, without the value that was given: it may be a secret."""
    fault = error.errors(include_input=False, include_url=False)[0]
    key = str(fault["loc"][0]) if fault["loc"] else "configuration"
    if fault["type"] == "missing":
        meaning = kind.model_fields[key].description
        return UsageError(
            f"‹{key}› is missing: {meaning}.", remedy=f"See `psychescale {verb} --help`."
        )
    return UsageError(
        f"‹{key}› ({origins.get(key, 'default')}): {fault['msg']}.",
        remedy=f"See `psychescale {verb} --help`.",
    )
