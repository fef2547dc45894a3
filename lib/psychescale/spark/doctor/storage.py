"""Whether driver and executors can write where a job would, and whether Delta works."""

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import SparkSession

from psychescale.errors import StorageError
from psychescale.settings.places import is_catalog_name
from psychescale.spark.doctor.checks import CheckResult, green, red, yellow
from psychescale.spark.session.access import access, is_connect, read_setting
from psychescale.spark.session.places import join
from psychescale.spark.session.protocol import FilesError
from psychescale.spark.session.session import delta_package

_DELTA_CLASS = "io.delta.sql.DeltaSparkSessionExtension"
_PRIVATE = "rwx------"


def examine_delta(spark: SparkSession, place: str | None) -> CheckResult:
    """Write a Delta table and read it back.

    Args:
        spark: The session.
        place: A folder that all executors can reach; None on one machine, for a temporary one.
    """
    remedy = (
        f"The Delta that fits is {delta_package()}: leave spark.jars and spark.jars.packages to "
        "psychescale, or name it there."
    )
    if not access(spark).has_class(_DELTA_CLASS):
        return red("delta", "Spark has no Delta.", remedy, fault=StorageError)
    with tempfile.TemporaryDirectory(prefix="psychescale-doctor-") as temporary:
        here = not is_connect(spark)
        local = here and (read_setting(spark, "spark.master") or "").startswith("local")
        folder = temporary if local else place and _nearest_folder(spark, place)
        if folder is None:
            return yellow(
                "delta",
                "Delta is there; it was not tried, for want of a folder that executors reach.",
                "Add ‹output› or ‹state›.",
            )
        try:
            with _probe_folder(spark, folder) as probe:
                table = join(probe, "table")
                spark.range(3).write.format("delta").save(table)
                rows = spark.read.format("delta").load(table).count()
        except Exception as error:  # noqa: BLE001 - Java's linkage errors come in many classes
            return red(
                "delta",
                f"Delta cannot write and read a table ({_cause(error)}): it does not fit this Spark.",
                remedy,
                fault=StorageError,
            )
    if rows != 3:  # noqa: PLR2004 - as written above
        return red("delta", "A Delta table lost rows.", remedy, fault=StorageError)
    return green("delta", "A table was written and read")


def examine_place(spark: SparkSession, check: str, place: str, slots: int) -> CheckResult:
    """Whether a folder can be made, made private, written by executors, and deleted.

    Args:
        spark: The session.
        check: ``output`` or ``state``.
        place: A path or a catalog name.
        slots: Tasks that write at the same time.
    """
    if is_catalog_name(place):
        return yellow(
            check,
            f"{place} is a table of the catalog, whose permissions only a write would show.",
            "Ask for CREATE TABLE and MODIFY on its schema.",
        )
    folder = _nearest_folder(spark, place)
    files = access(spark).files
    remedy = f"Check that {folder} is a folder, its permissions and its free space."
    try:
        with _probe_folder(spark, folder) as probe:
            private = files.mode(probe) == _PRIVATE
            kept = files.create(join(probe, "file"), "probe") and (
                files.read(join(probe, "file")) == "probe"
            )
            rows = join(probe, "rows")
            spark.range(slots, numPartitions=slots).write.parquet(rows)
            written = spark.read.schema("id long").parquet(rows).count()
    except Exception as error:  # noqa: BLE001 - every storage system raises its own
        return red(
            check, f"{place} cannot be written ({_cause(error)}).", remedy, fault=StorageError
        )
    if not kept or written != slots:
        return red(
            check,
            f"What executors write below {folder} does not reach the driver.",
            "Name a folder that all machines share.",
            fault=StorageError,
        )
    if not private:
        return yellow(
            check,
            f"{place} can be written, but its storage knows no modes: folders with texts cannot be "
            "closed to others there.",
            "Restrict the place itself to those who may read the corpus.",
        )
    return green(check, f"{place} can be written, and closed to others (0700)")


@contextmanager
def _probe_folder(spark: SparkSession, folder: str) -> Iterator[str]:
    """A private folder below `folder`, gone at the end."""
    files = access(spark).files
    probe = join(folder, f".psychescale-doctor-{uuid.uuid4().hex[:12]}")
    try:
        files.make_private_folder(probe)
        yield probe
    finally:
        files.delete(probe)


def _nearest_folder(spark: SparkSession, place: str) -> str:
    """`place`, or the nearest folder above it that is there."""
    files = access(spark).files
    path = files.qualified(place).rstrip("/")
    while not files.exists(path) and "/" in path.partition(":")[2].strip("/"):
        path = path.rpartition("/")[0]
    return path


def _cause(error: Exception) -> str:
    """The class of the innermost Java exception, or of the Python one."""
    told = error.__cause__ if isinstance(error, FilesError) else error
    thrown: Any = getattr(told, "java_exception", None) or getattr(told, "_origin", None)
    name = type(error).__name__
    while thrown is not None:
        name = str(thrown.getClass().getSimpleName())
        thrown = thrown.getCause()
    return name
