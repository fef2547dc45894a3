"""Which checks there are, in the order of the report."""

from psychescale.settings.doctor import DoctorConfig
from psychescale.spark.doctor.spark_settings import SETTINGS_CHECKS

SPARK_CHECKS = ("spark", "delta", "executors", "gpu", *SETTINGS_CHECKS)
PLACES = ("model", "output", "state")


def wanted_checks(config: DoctorConfig) -> list[str]:
    """The checks that need Spark: all of them, and those of the places that are named."""
    return [*SPARK_CHECKS, *(name for name in PLACES if getattr(config, name) is not None)]
