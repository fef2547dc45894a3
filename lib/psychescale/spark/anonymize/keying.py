"""The key of the pseudonyms on the executors, and what it does to ids, authors and times.

Where the key is: a file; ``env:NAME``, a variable that the cluster fills from its secret scope, on the
driver and on executors alike; or ``secret:SCOPE/KEY``, a Databricks secret, which only the driver can
ask for, so that it must be shipped with the job.
"""

import functools
import importlib
import warnings
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.errors import PrivacyError, UsageError
from psychescale.spark.anonymize.times import moment_of
from psychescale.spark.corpus.columns import ID
from psychescale.text.replacement.dating import DateShift
from psychescale.text.replacement.keys import SECRET, KeyFileWarning, PseudonymKey
from psychescale.text.replacement.pseudonyms import Pseudonymizer

AUTHOR, TIME = "author", "time"


@dataclass(frozen=True)
class KeySource:
    """Where a worker finds the key: in a file that it can read, or with the job.

    Attributes:
        path: The file, or ``env:NAME``.
        key_id: Which key must be in it.
        source: Name of the corpus, a domain of its own.
        secret: The key itself, if it is shipped.
        exposed: Whether others than its owner may read the file on the driver.
    """

    path: str
    key_id: str
    source: str
    secret: bytes | None = field(default=None, repr=False)
    exposed: bool = False

    def pseudonymizer(self) -> Pseudonymizer:
        """The key on this machine, ready for use.

        Raises:
            UsageError: The file cannot be read here.
            PrivacyError: It holds another key than on the driver.
        """
        return _open(self)


@functools.lru_cache(maxsize=4)
def _open(source: KeySource) -> Pseudonymizer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KeyFileWarning)  # the driver has told it
        key = PseudonymKey.at(source.path) if source.secret is None else PseudonymKey(source.secret)
    if key.key_id != source.key_id:
        raise PrivacyError(
            "The key file on this executor holds another key than on the driver.",
            remedy="Put the same file on every machine, or add ‹ship_key›.",
        )
    return Pseudonymizer(key, source.source)


def _read_secret(spark: SparkSession, place: str) -> PseudonymKey:
    scope, _, name = place.removeprefix(SECRET).partition("/")
    try:
        utilities = importlib.import_module("pyspark.dbutils").DBUtils(spark)
        value: bytes = utilities.secrets.getBytes(scope=scope, key=name)
    except Exception as error:  # noqa: BLE001 - of whatever kind, its message may hold what it read
        kind = type(error).__name__
        raise UsageError(
            f"The secret cannot be read ({kind}).",
            remedy="secret:SCOPE/KEY works on Databricks; elsewhere give a file, or env:NAME.",
        ) from None
    return PseudonymKey(value)


def read_key(spark: SparkSession, path: str, *, source: str, ship: bool) -> KeySource:
    """Read the key on the driver, and decide how executors come by it.

    Raises:
        UsageError: The file cannot be read.
        PrivacyError: The key is too short; or it is to be shipped over an unencrypted Spark.
    """
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", KeyFileWarning)
        key = _read_secret(spark, path) if path.startswith(SECRET) else PseudonymKey.at(path)
    if path.startswith(SECRET) and not ship:
        raise UsageError(
            "Executors cannot ask for a secret of Databricks.",
            remedy="Add ‹ship_key›, or give the cluster an environment variable that refers to the "
            "secret and say env:NAME.",
        )
    encrypted = spark.conf.get("spark.io.encryption.enabled", "false")
    if ship and encrypted != "true":
        raise PrivacyError(
            "‹ship_key›, but Spark would write the key to disk as it is.",
            remedy="Add ‹spark.io.encryption.enabled›=true, or put the key file on every machine.",
        )
    return KeySource(path, key.key_id, source, key.secret if ship else None, exposed=bool(told))


def pseudonymized(
    rows: DataFrame,
    key: KeySource,
    *,
    author: str | None,
    time: str | None,
    time_format: str | None = None,
    shift: bool,
) -> DataFrame:
    """The same rows with pseudonyms for `id` and the author, and a coarser or shifted time.

    Args:
        rows: As `reading` gives them.
        key: Of the pseudonyms.
        author: Column with the author; comes out as `author`.
        time: Column with the time; comes out as `time`, a timestamp.
        time_format: How it is written; None: ISO 8601.
        shift: Shift the time by the author's constant; else it becomes the beginning of its year.
    """
    named = pandas_udf(_with(key, _ids), "string")(F.col(ID))  # type: ignore[call-overload]
    result = rows.withColumn(ID, named)
    pseudonym = None
    if author is not None:
        pseudonym = pandas_udf(_with(key, _authors), "string")(F.col(f"`{author}`"))  # type: ignore[call-overload]
    if time is not None:
        moment = moment_of(time, rows.schema[time].dataType, time_format)
        coarse = F.date_trunc("year", moment)
        if shift and pseudonym is not None:
            coarse = _shifted(moment, shift_name(pseudonym, F.col(ID)), key)
        result = _replaced(result, time, TIME, coarse)
    if author is not None and pseudonym is not None:
        result = _replaced(result, author, AUTHOR, pseudonym)
    return result


def shift_name(author: Column, row_id: Column) -> Column:
    """Whose constant shifts a row: its author's pseudonym, or its own where nobody is named."""
    return F.coalesce(author, row_id)


def _replaced(rows: DataFrame, old: str, new: str, value: Column) -> DataFrame:
    if old == new:
        return rows.withColumn(new, value)
    return rows.withColumn(new, value).drop(old)


def _shifted(moment: Column, name: Column, key: KeySource) -> Column:
    days = pandas_udf(_with(key, _shifts), "int")(name)  # type: ignore[call-overload]
    return moment + F.make_dt_interval(days)


def _with(key: KeySource, work: Any) -> Any:
    """A function of one series, as pandas_udf wants it: with annotations that it can read."""

    def apply(values: pd.Series) -> pd.Series:
        pseudonymizer = key.pseudonymizer()
        return values.map(lambda value: None if value is None else work(pseudonymizer, str(value)))

    return apply


def _ids(pseudonymizer: Pseudonymizer, value: str) -> str:
    return pseudonymizer.id(value)


def _authors(pseudonymizer: Pseudonymizer, value: str) -> str:
    return pseudonymizer.author(value)


def _shifts(pseudonymizer: Pseudonymizer, pseudonym: str) -> int:
    return DateShift.of_author(pseudonymizer, pseudonym).days
