"""What a verb needs beside the base, and the one line that says so where it is not installed."""

from psychescale.errors import UsageError

OF_VERB = {
    "anonymize": "spark,anonymize",
    "score": "spark",
    "verify": "spark",
    "doctor": "spark",
    "tagger": "spark,train,anonymize",
    "train": "spark,train",
    "recalibrate": "spark,train",
    "evaluate": "spark,report",
    "monitor": "spark,report",
    "sample": "spark,report",
    "study": "spark,report",
    "demo": "demo",
}
"""Extras of each verb. A managed runtime has its own Spark: there `spark` is left out."""

_OF_EXTRAS = {
    "accelerate", "all_minilm_l6_v2", "delta", "faker", "jinja2", "markupsafe", "matplotlib",
    "packaging", "pandas", "phonenumbers", "py4j", "pyarrow", "pyspark", "scipy", "sklearn",
}  # fmt: skip
_OF_FILES = {"pyreadstat", "python_calamine"}


def not_installed(error: ModuleNotFoundError, verb: str) -> UsageError | None:
    """The error for a package of an extra; None where another module is missing."""
    package = (error.name or "").partition(".")[0]
    if package not in _OF_EXTRAS | _OF_FILES:
        return None
    extras = "files" if package in _OF_FILES else OF_VERB.get(verb, "all")
    return UsageError(
        f"`{package}` is not installed, and {verb} needs it.",
        remedy=f"pip install 'psychescale[{extras}]'.",
    )
