"""The key of the pseudonyms on the executors, and what it does to ids, authors and times.

Where the key is: a file; ``env:NAME``, a variable that the cluster fills from its secret scope, on the
driver and on executors alike; or ``secret:SCOPE/KEY``, a Databricks secret, which only the driver can
ask for, so that it must be shipped with the job.
"""

import functools
import importlib
import warnings
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T
from pyspark.sql.pandas.functions import pandas_udf

from psychescale.errors import PrivacyError, UsageError
from psychescale.spark.corpus.columns import AUTHOR, ID
from psychescale.spark.corpus.read import is_valid
from psychescale.spark.corpus.times import moment_of
from psychescale.spark.tables.delta import quoted
from psychescale.text.replacement.dating import DateShift
from psychescale.text.replacement.keys import SECRET, KeyFileWarning, PseudonymKey
from psychescale.text.replacement.pseudonyms import NOBODY, Pseudonymizer

TIME = "time"


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


@dataclass(frozen=True)
class KeyedColumns:
    """The columns that do not pass as they are, and what becomes of them.

    Attributes:
        author: Column with the author; comes out as `author`.
        by_handle: Whether case and marks of an author do not count, as in mentions.
        time: Column with the time; comes out as `time`, a timestamp.
        time_format: How times are written; None for ISO 8601.
        grain: The beginning of which year, month or week is left of a time.
        shift: Shift the time by the author's constant instead.
    """

    author: str | None = None
    by_handle: bool = False
    time: str | None = None
    time_format: str | None = None
    grain: Literal["year", "month", "week"] = "year"
    shift: bool = False

    def time_of(self, rows: DataFrame) -> Column:
        """The time of each row as far as it is told: to its grain, or whole where it is shifted."""
        if self.time is None:
            return F.lit(None).cast("timestamp")
        moment = moment_of(self.time, rows.schema[self.time].dataType, self.time_format)
        return moment if self.shift else F.date_trunc(self.grain, moment)


def pseudonymized(rows: DataFrame, key: KeySource, columns: KeyedColumns) -> DataFrame:
    """The same rows with pseudonyms for `id` and the author, and a coarser or shifted time.

    Args:
        rows: As `reading` gives them.
        key: Of the pseudonyms.
        columns: Which, and how.
    """
    result = rows.withColumn(ID, _applied(key, _ids, F.col(ID)))
    pseudonym = None
    if columns.author is not None:
        work = _handles if columns.by_handle else _authors
        pseudonym = _applied(key, work, author_name(rows, columns.author))
    if columns.time is not None:
        coarse = columns.time_of(rows)
        if columns.shift and pseudonym is not None:
            coarse = _shifted(coarse, shift_name(pseudonym, F.col(ID)), key)
        result = _replaced(result, columns.time, TIME, coarse)
    if columns.author is not None and pseudonym is not None:
        result = _replaced(result, columns.author, AUTHOR, pseudonym)
    return result


def author_name(rows: DataFrame, author: str) -> Column:
    """The author as text, whatever the column's type; null where it names nobody.

    Spark does this, not pandas, which makes floats of whole numbers where one is missing. A number
    has no zeros behind its point, and bytes that are no text are shown as hex digits.
    """
    value, kind = F.col(quoted(author)), rows.schema[author].dataType
    name = value.cast("string")
    if isinstance(kind, T.BinaryType):
        name = F.when(is_valid(value), name).otherwise(F.lower(F.hex(value)))
    elif isinstance(kind, T.FractionalType):
        whole = value.cast("decimal(38,0)").cast("string")
        part = F.regexp_replace(name, r"(\.\d*[1-9])0+$", "$1")
        name = F.when(value == F.floor(value), whole).otherwise(part)
    bare = F.regexp_replace(F.lower(name), r"^\s+|\s+$", "")
    return F.when(~bare.isin(*NOBODY), name)


def shift_name(author: Column, row_id: Column) -> Column:
    """Whose constant shifts a row: its author's pseudonym, or its own where nobody is named."""
    return F.coalesce(author, row_id)


def _replaced(rows: DataFrame, old: str, new: str, value: Column) -> DataFrame:
    if old == new:
        return rows.withColumn(new, value)
    return rows.withColumn(new, value).drop(old)


def _shifted(moment: Column, name: Column, key: KeySource) -> Column:
    return moment + F.make_dt_interval(_applied(key, _shifts, name, "int"))


def _applied(key: KeySource, work: Any, value: Column, kind: str = "string") -> Column:
    """`work` on every string of a column, null where that is."""

    def apply(values: pd.Series) -> pd.Series:
        pseudonymizer = key.pseudonymizer()
        return values.map(lambda value: None if value is None else work(pseudonymizer, value))

    applied: Column = pandas_udf(apply, kind)(value)  # type: ignore[call-overload]
    return applied


def _ids(pseudonymizer: Pseudonymizer, value: str) -> str:
    return pseudonymizer.id(value)


def _authors(pseudonymizer: Pseudonymizer, value: str) -> str:
    return pseudonymizer.author(value)


def _handles(pseudonymizer: Pseudonymizer, value: str) -> str:
    return pseudonymizer.handle(value)


def _shifts(pseudonymizer: Pseudonymizer, pseudonym: str) -> int:
    return DateShift.of_author(pseudonymizer, pseudonym).days
