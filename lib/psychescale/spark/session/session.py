"""One Spark session: the platform's own where there is one, a server's, else a tuned local one."""

import atexit
import contextlib
import importlib.metadata
import importlib.util
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pyspark
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from psychescale.errors import StorageError, UsageError
from psychescale.settings.config import HIDDEN_SETTINGS
from psychescale.spark.session.access import access, change_setting, read_setting
from psychescale.spark.session.java import use_java
from psychescale.steps import STEPS

_DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# For the embedded default only: a cluster brings its own.
_LOCAL = {
    # Four attempts a task: with plain local[*] one killed Python worker ends the job.
    "spark.master": "local[*,4]",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    # Delta spreads its snapshot over 50 partitions, and Spark its shuffles over 200: on a few cores
    # that would be most of the run time.
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.shuffle.partitions": "8",
}

_ALWAYS = {
    # What a killed executor leaves of a text in its spill files cannot be read.
    "spark.io.encryption.enabled": "true",
    # What Spark's event log and its UI do not show.
    "spark.redaction.regex": HIDDEN_SETTINGS,
    # Tables, checkpoints and logs are for their owner alone, as their corpus is.
    "spark.hadoop.fs.permissions.umask-mode": "077",
    # Workers are forked from a process that has imported torch and transformers already.
    "spark.python.daemon.module": "psychescale.spark.daemon",
    # Spark sets this for UDFs alone (not for mapInArrow), and starts another such process for them.
    "spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled": "false",
    # A sort window ends with its Arrow batch; a landed file fits into one.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}

# pyspark writes whole exceptions to stderr through these, rows and all; py4j tracebacks, where Ctrl-C
# breaks its connections.
_TALKATIVE = (
    "DataFrameQueryContextLogger",
    "SQLQueryContextLogger",
    "py4j.clientserver",
    "py4j.java_gateway",
)


def open_session(settings: Mapping[str, str], *, verbose: bool = False) -> SparkSession:
    """The session to work in.

    A session that exists already (a notebook, a managed runtime) is used as it is. With
    `spark.remote`, or SPARK_REMOTE, the session is on that Spark Connect server. Under
    spark-submit its settings win over psychescale's. Otherwise Spark starts on this machine, with
    Delta from Maven Central, beside other `spark.jars.packages`, unless these, `spark.jars` or
    pyspark's own folder of jars bring it.

    Args:
        settings: Spark settings that win over all defaults here.
        verbose: Let Spark's and the resolver's own messages through.

    Raises:
        UsageError: There is no Java to start Spark with, or a setting belongs to the Connect server.
        StorageError: Spark did not start, has no Delta, or no Connect server answers.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    for name in _TALKATIVE:
        logging.getLogger(name).disabled = not verbose
    if not verbose:
        logging.getLogger().addFilter(_is_not_of_py4j)
    server = settings.get("spark.remote") or os.environ.get("SPARK_REMOTE")
    STEPS.info("starting Spark" if not server else "connecting to Spark")
    if server:
        return open_remote(server, settings)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        use_java()
        # Workers take `python3` from PATH unless told otherwise.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        _leave_no_empty_warehouse()
    builder = SparkSession.builder.appName("psychescale")
    for key, value in _effective_settings(settings, submitted=submitted).items():
        builder = builder.config(key, value)
    with contextlib.nullcontext() if verbose else _captured_stderr() as messages:
        try:
            spark = builder.getOrCreate()
        except Exception as error:  # noqa: BLE001 - py4j's, Spark's and the system's own
            raise StorageError(
                f"Spark did not start ({type(error).__name__}). {_tail(messages)}".strip(),
                remedy="Run again with ‹verbose› to see its own messages.",
            ) from None
    spark.sparkContext.setLogLevel("WARN" if verbose else "OFF")
    _interrupt_plainly(spark.sparkContext)
    return spark


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """py4j logs tracebacks to the root logger when Ctrl-C breaks its connections."""
    return "py4j" not in Path(record.pathname).parts


def _interrupt_plainly(context: pyspark.SparkContext) -> None:
    """Let Ctrl-C cancel all jobs and raise KeyboardInterrupt.

    pyspark's own handler asks the JVM over the connection that may just wait for an answer, which
    breaks it and cancels nothing (tried: pyspark 4.2); a thread has a connection of its own.
    """

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        STEPS.info("stopping")
        threading.Thread(target=_cancel_jobs, args=[context], daemon=True).start()
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, interrupt)


def _cancel_jobs(context: pyspark.SparkContext) -> None:
    with contextlib.suppress(Exception):  # the JVM may be gone
        context.cancelAllJobs()


def _leave_no_empty_warehouse() -> None:
    """Have the folder that Spark makes for tables of its catalog go if it is empty at the end."""
    folder = Path("spark-warehouse").absolute()
    if not folder.exists():
        atexit.register(_remove_if_empty, folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _effective_settings(settings: Mapping[str, str], *, submitted: bool) -> dict[str, str]:
    if submitted:
        # What spark-submit was given is in the configuration of the JVM that it started.
        pyspark.SparkContext._ensure_initialized()
        given = dict(pyspark.SparkConf().getAll())
        return {**{k: v for k, v in (_ALWAYS | _DELTA).items() if k not in given}, **settings}
    merged = {**_ALWAYS, **_DELTA, **_LOCAL, **settings}
    brought = [settings.get(key, "") for key in ("spark.jars", "spark.jars.packages")]
    if not any("delta-spark" in names for names in brought) and not _delta_among_jars():
        packages = settings.get("spark.jars.packages")
        merged["spark.jars.packages"] = ",".join(filter(None, [delta_package(), packages]))
    return merged


def delta_package() -> str:
    """Maven coordinates of the Delta that fits the installed pyspark and delta-spark.

    Raises:
        UsageError: delta-spark is not installed.
    """
    try:
        version = importlib.metadata.version("delta-spark")
    except importlib.metadata.PackageNotFoundError:
        raise UsageError(
            "delta-spark is not installed, and Spark has no Delta of its own.",
            remedy="pip install 'psychescale[spark]', or give Spark the jars with "
            "‹spark.jars›=… (an air-gapped machine).",
        ) from None
    spark_line = ".".join(pyspark.__version__.split(".")[:2])
    if tuple(map(int, spark_line.split("."))) < (4, 0):
        return f"io.delta:delta-spark_2.12:{version}"
    # From Delta 4.1 on there is an artifact for each Spark release.
    middle = "" if version.startswith("4.0") else f"{spark_line}_"
    return f"io.delta:delta-spark_{middle}2.13:{version}"


def total_slots(spark: SparkSession) -> int:
    """Tasks that can run at the same time, at least 1."""
    cpus = int(read_setting(spark, "spark.task.cpus") or "1")
    return max(1, access(spark).slots() // cpus)


def _delta_among_jars() -> bool:
    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    return any((home / "jars").glob("delta-spark*.jar"))


@contextlib.contextmanager
def _captured_stderr() -> Iterator[Path]:
    """Let the JVM inherit a file instead of the terminal, for good.

    The file is unlinked at the end: what Spark writes there later can hold words of the corpus, and
    goes when the process ends.
    """
    with tempfile.NamedTemporaryFile(prefix="psychescale-spark-") as file:
        sys.stderr.flush()
        terminal = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield Path(file.name)
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _tail(messages: Path | None) -> str:
    """The last line in which Spark says what is wrong; nothing of a corpus is read by then."""
    if messages is None:
        return ""
    lines = messages.read_text(errors="replace").splitlines()
    telling = [line.strip() for line in lines if "Exception" in line or "not found" in line]
    return telling[-1][:300] if telling else ""


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
