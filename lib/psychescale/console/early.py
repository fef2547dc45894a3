"""What a command line and this machine's files alone can refuse, before anything is loaded."""

import contextlib
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from psychescale.errors import InputError, StorageError, as_mark
from psychescale.labels import LOGIT_PREFIX, PROBABILITY_PREFIX
from psychescale.model.bundle import require_free
from psychescale.model.checkpoint import local_folder
from psychescale.model.spec import ModelSpec
from psychescale.scoring.options import ModelRequest
from psychescale.settings.config import JobConfig
from psychescale.settings.keys import key_of
from psychescale.settings.places import (
    PATTERN,
    each,
    is_plain_path,
    require_marked,
    require_state,
    role_of,
)
from psychescale.settings.shared import AnnotatedConfig, CorpusConfig, KeptConfig, ModelConfig
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.header import called, header_of, require_present
from psychescale.text.replacement.keys import SECRET, KeyFileWarning, PseudonymKey

_ELSEWHERE: Final = (
    "PYSPARK_GATEWAY_PORT",  # spark-submit
    "SPARK_REMOTE",
    "SPARK_HOME",  # its configuration may name another file system
    "SPARK_CONF_DIR",
    "HADOOP_CONF_DIR",
    "DATABRICKS_RUNTIME_VERSION",
)
"""Where one of these is set, a path without a scheme need not be one of this machine."""


def refuse_early(config: JobConfig, environ: Mapping[str, str] = os.environ) -> None:
    """Look at the places that a job was given, and at what its model's folder states.

    The job itself looks at all of it again: what is told here is told in seconds less, no more.

    Raises:
        InputError: Something to be read is not there, or lacks a column, or the output does.
        ModelError: There is no such model, or it has to be told more about.
        UsageError: Something to be made is there already, a catalog table has no folder for its state,
            or a key cannot be read.
        PrivacyError: A key is too short, or files of raw texts were not accepted.
        StorageError: A folder cannot be written.
    """
    if not _is_here(config, environ):
        return
    for name, field in type(config).model_fields.items():
        role, given = role_of(field), getattr(config, name)
        if role is not None and given is not None:
            for one in each(given):
                _CHECKS[role](key_of(name, field), one, config)
    columns = list(getattr(config, "keep", ()))
    if isinstance(config, KeptConfig):
        config.grains()
    if isinstance(config, ModelConfig) and getattr(config, "model", None) is not None:
        request = config.choices(ModelRequest)
        if Path(request.model).is_dir():
            columns += _of_model(request.resolve()[1], logits=getattr(config, "logits", False))
    if isinstance(config, CorpusConfig):
        output = str(getattr(config, "output", ""))
        require_state(output, config.state)
        _require_columns(output, columns)
    is_raw = getattr(config, "task", None) == "pii"  # by nature, and in one form
    if not is_raw and getattr(config, "model", "") is not None:  # or the job asks for it first
        _look_at_texts(config)


def _is_here(config: JobConfig, environ: Mapping[str, str]) -> bool:
    elsewhere = any(
        name == "spark.remote" or name.endswith("fs.defaultFS") for name in config.spark
    )
    return not elsewhere and not any(name in environ for name in _ELSEWHERE)


def _require_there(key: str, given: str, _config: JobConfig) -> None:
    if Path(given).exists() or PATTERN.search(given):
        return
    if is_plain_path(given):
        raise InputError(f"There is nothing at {given}.", remedy=f"Check {as_mark(key)}.")


def _require_model(_key: str, given: str, config: JobConfig) -> None:
    local_folder(given, revision=getattr(config, "revision", None))


def _require_key(_key: str, given: str, _config: JobConfig) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyFileWarning)  # the plan tells it
        if not given.startswith(SECRET):
            PseudonymKey.at(given)


def _require_new(key: str, given: str, config: JobConfig) -> None:
    require_free(Path(given))
    _require_writable(key, given, config)


def _require_writable(key: str, given: str, _config: JobConfig) -> None:
    if not is_plain_path(given):
        return
    path = Path(given).absolute()
    there = next(one for one in (path, *path.parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise StorageError(
            f"{given} cannot be written: {there} is no folder that you may write to.",
            remedy=f"Check {as_mark(key)}.",
        )


def _look_at_texts(config: JobConfig) -> None:
    """Whether texts were anonymized or accepted raw, and whether CSV and Delta have the columns."""
    accept_raw = getattr(config, "accept_raw", True)  # verbs without that key take any corpus
    for name, field in type(config).model_fields.items():
        if role_of(field) != "texts":
            continue
        places = [Path(one) for one in each(getattr(config, name) or ())]
        for one in places:
            marked = not one.exists() or (one / "_delta_log").is_dir()  # or the job will tell
            require_marked(marked=marked, accept_raw=accept_raw)
        if len(places) == 1 and isinstance(config, CorpusConfig | AnnotatedConfig):
            _require_header(config, key_of(name, field), places[0])


def _require_header(config: CorpusConfig | AnnotatedConfig, key: str, path: Path) -> None:
    named = [*config.id_column, config.text_column, config.second_text_column]
    named += [getattr(config, "author_column", None), *getattr(config, "keep", ())]
    if isinstance(config, AnnotatedConfig):
        named += config.label_columns or [config.labels_column]
    needed = list(dict.fromkeys(name for name in named if name is not None))
    with called(key) if isinstance(config, AnnotatedConfig) else contextlib.nullcontext():
        of_table = columns_of(path)
        present = header_of(path, config.choices(Dialect)) if of_table is None else of_table
        if present is not None and "=" not in str(path):  # names of folders can be columns
            if of_table is not None:
                needed = [name for name in needed if "." not in name]  # of a struct, perhaps
            require_present(needed, present, form="csv" if of_table is None else "delta")


def _of_model(spec: ModelSpec, *, logits: bool) -> list[str]:
    prefixes = (PROBABILITY_PREFIX, LOGIT_PREFIX) if logits else (PROBABILITY_PREFIX,)
    return [prefix + column for prefix in prefixes for column in spec.columns]


def _require_columns(output: str, columns: Sequence[str]) -> None:
    there = columns_of(Path(output)) if is_plain_path(output) else None
    missing = [name for name in columns if there is not None and name not in there]
    if missing:
        raise InputError(
            f"{output} is a table without a column {missing[0]}.",
            remedy="Write to another ‹output›; labels, ‹keep› and ‹logits› decide the columns.",
        )


def columns_of(table: Path) -> list[str] | None:
    """Columns of a Delta table, read from its log; None where there is none.

    See https://github.com/delta-io/delta/blob/master/PROTOCOL.md#change-metadata.
    """
    schema = next(_schemas_in(table / "_delta_log"), None)
    return None if schema is None else [one["name"] for one in json.loads(schema)["fields"]]


def _schemas_in(log: Path) -> Iterator[str]:
    """Schemas that commits state, newest first; then those of checkpoints, which outlive commits."""
    for commit in sorted(log.glob("*.json"), reverse=True):
        for line in commit.read_text(encoding="utf-8").splitlines():
            described = json.loads(line).get("metaData")
            if described:
                yield described["schemaString"]
    for checkpoint in sorted(log.glob("*.checkpoint*.parquet"), reverse=True):
        from pyarrow import parquet  # noqa: PLC0415 - only where old commits are gone

        found = parquet.ParquetFile(checkpoint).read(["metaData.schemaString"])["metaData"]
        yield from (one["schemaString"] for one in found.to_pylist() if one)


_CHECKS: Final[Mapping[str, Callable[[str, str, JobConfig], None]]] = {
    "there": _require_there,
    "texts": _require_there,
    "model": _require_model,
    "key": _require_key,
    "new": _require_new,
    "written": _require_writable,
}
