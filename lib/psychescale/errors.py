"""What can go wrong: one exception root, one exit code a class, and the reasons a row can fail."""

from enum import StrEnum

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count: 128 and the number of the signal."""


class PsychescaleError(Exception):
    """Root of every error that psychescale raises on purpose.

    Args:
        problem: What is wrong, naming the offender. Never a word of a document.
        remedy: The next step, as exact as it can be (a flag, a command).
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling, and workers raise these.
        return _rebuild, (type(self), self.problem, self.remedy)


def _rebuild(kind: type[PsychescaleError], problem: str, remedy: str) -> PsychescaleError:
    return kind(problem, remedy=remedy)


class UsageError(PsychescaleError):
    """The command line or the configuration cannot be used."""

    exit_code = 2


class InputError(PsychescaleError):
    """The corpus, or a table, does not have the form it must have."""

    exit_code = 3


class ModelError(PsychescaleError):
    """The model cannot be used, or not without being told more about it."""

    exit_code = 4


class PrivacyError(PsychescaleError):
    """Going on would break a privacy rule."""

    exit_code = 5


class FailureBudgetError(PsychescaleError):
    """More rows could not be scored than the run allows."""

    exit_code = 6


class StorageError(PsychescaleError):
    """A table or a state folder cannot be used safely."""

    exit_code = 7


class RowError(StrEnum):
    """Why a row has no score, or was not passed on: only reasons intrinsic to the row."""

    NULL_TEXT = "null_text"
    """The text is missing."""
    EMPTY_TEXT = "empty_text"
    """The text holds nothing but white space."""
    NO_TOKENS = "no_tokens"
    """The tokenizer finds nothing in it (invisible characters only, say)."""
    INVALID_UNICODE = "invalid_unicode"
    """The text holds half of a surrogate pair, which no encoding of Unicode allows."""
    CORRUPT_ROW = "corrupt_row"
    """The line could not be parsed; the row has a made id."""
    REDACTION_TIMEOUT = "redaction_timeout"
    """Anonymization took too long; the text was not passed on."""
    REDACTION_FAILED = "redaction_failed"
    """Anonymization failed; the text was not passed on."""
