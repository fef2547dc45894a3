"""A session on a Spark Connect server: found, reached, and told only what a client may tell it."""

import importlib.util
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from psychescale.errors import StorageError, UsageError
from psychescale.spark.session.settings import change_setting

_DEFAULT_PORT = 15002
_PATIENCE_S = 10.0

# A sort window ends with its Arrow batch; a landed file fits into one.
_WANTED = {"spark.sql.execution.arrow.maxRecordsPerBatch": "10000"}


def open_remote(server: str, settings: Mapping[str, str]) -> SparkSession:
    """A session on a Connect server.

    Args:
        server: As in ``sc://host:15002`` or ``sc://host:443/;use_ssl=true;token=…``.
        settings: Spark settings of the job; `spark.remote` aside, they must be of a kind that a
            session can change.

    Raises:
        UsageError: This is no address of a server; a setting belongs to the server; the client's
            half of Connect is not installed.
        StorageError: Nobody answers there.
    """
    host, port = _address(server)
    _require_client()
    try:
        socket.create_connection((host, port), timeout=_PATIENCE_S).close()
    except OSError:  # pyspark itself would try for ten minutes
        raise StorageError(
            f"No Spark Connect server answers at {host}:{port}.",
            remedy="Start it (sbin/start-connect-server.sh in Spark's folder), or check spark.remote "
            "and SPARK_REMOTE.",
        ) from None
    return _configured(_connected(server, host, port), settings)


def _connected(server: str, host: str, port: int) -> SparkSession:
    try:
        spark: SparkSession = SparkSession.builder.remote(server).getOrCreate()
        _ = spark.version  # the first word with the server
    except PySparkException as error:
        raise StorageError(
            f"The server at {host}:{port} gives no Spark Connect session ({type(error).__name__}).",
            remedy="Check its token and use_ssl in spark.remote, and that it is a Connect server of "
            "Spark's own version.",
        ) from None
    return spark


def _configured(spark: SparkSession, settings: Mapping[str, str]) -> SparkSession:
    own = {key: value for key, value in settings.items() if key != "spark.remote"}
    for key, value in {**_WANTED, **own}.items():
        if not change_setting(spark, key, value) and key in own:
            raise UsageError(
                f"--set {key}: a client of Spark Connect cannot set it.",
                remedy="It belongs to the server: set it where that starts (conf/spark/), and leave "
                "it out here.",
            )
    return spark


def _address(server: str) -> tuple[str, int]:
    parts = urlsplit(server)
    try:
        host, port = parts.hostname, parts.port or _DEFAULT_PORT
    except ValueError:
        host, port = None, 0
    if parts.scheme != "sc" or not host:
        raise UsageError(
            "spark.remote is not the address of a Spark Connect server.",
            remedy="It looks like sc://HOST:15002. To compute on this machine, leave it out (and unset "
            "SPARK_REMOTE).",
        )
    return host, port


def _require_client() -> None:
    if importlib.util.find_spec("grpc") is None:
        raise UsageError(
            "The client's half of Spark Connect is not installed.",
            remedy="pip install 'psychescale[spark]'.",
        )
