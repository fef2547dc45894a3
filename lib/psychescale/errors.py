"""What can go wrong: one exception root, one exit code a class, and the reasons a row can fail.

An error names the options it is about by their keys, between ‹ and ›: ``Add ‹accept_raw›.`` The front
end that shows it spells them: a flag on the command line, a keyword in Python.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Self

_OPTION = re.compile("‹([^‹›]+)›")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count: 128 and the number of the signal."""


class PsychescaleError(Exception):
    """Root of every error that psychescale raises on purpose.

    Args:
        problem: What is wrong, naming the offender. Never a word of a document.
        remedy: The next step, as exact as it can be (‹option›, a command).

    Attributes:
        template: Problem and remedy as they were given.
        spell: How its text writes an option: as a flag, until a front end says otherwise.
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.template = problem, remedy
        self.spell: Callable[[str], str] = as_flag

    @property
    def problem(self) -> str:
        """What is wrong."""
        return spelled(self.template[0], self.spell)

    @property
    def remedy(self) -> str:
        """The next step; empty where the problem says it."""
        return spelled(self.template[1], self.spell)

    @property
    def options(self) -> tuple[str, ...]:
        """Keys of the options it names, in their order."""
        return tuple(dict.fromkeys(_OPTION.findall(" ".join(self.template))))

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same error about other options: key → key."""
        problem, remedy = (
            spelled(text, lambda name: as_mark(names.get(name, name))) for text in self.template
        )
        return type(self)(problem, remedy=remedy)

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling, and workers raise these.
        return _rebuild, (type(self), *self.template)


def spelled(text: str, spell: Callable[[str], str]) -> str:
    """`text` with every ‹option› as `spell` writes it."""
    return _OPTION.sub(lambda found: spell(found[1]), text)


def as_flag(name: str) -> str:
    """An option on the command line; settings of Spark have no flag of their own."""
    return f"--set {name}" if name.startswith("spark.") else "--" + name.replace("_", "-")


def as_keyword(name: str) -> str:
    """An option as a keyword of Python, where `from` is a word of the language."""
    return f"`{PYTHON_NAMES.get(name, name)}`"


def as_mark(name: str) -> str:
    """An option as errors carry it."""
    return f"‹{name}›"


PYTHON_NAMES = {"from": "from_bundle", "slice": "slice_columns", "json": "json_output"}
"""Keys that are words of Python, and the fields that stand for them."""


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


class AlertError(PsychescaleError):
    """Texts or scores have changed; everything was written."""

    exit_code = 8


class RowError(StrEnum):
    """Why a row has no score, or was not passed on: only reasons intrinsic to the row."""

    NULL_TEXT = "null_text"
    """The text is missing."""
    EMPTY_TEXT = "empty_text"
    """The text holds nothing but white space."""
    PLACEHOLDER_TEXT = "placeholder_text"
    """The text stands where one was (``[deleted]``, ``N/A``); a reason on request only."""
    NO_TOKENS = "no_tokens"
    """The tokenizer finds nothing in it (invisible characters only, say)."""
    NO_EMBEDDING = "no_embedding"
    """The tokenizer gives it a token that the model has no embedding for."""
    INVALID_UNICODE = "invalid_unicode"
    """The text holds half of a surrogate pair, which no encoding of Unicode allows; or no UTF-8."""
    CORRUPT_ROW = "corrupt_row"
    """The line could not be parsed; the row has a made id."""
    REDACTION_TIMEOUT = "redaction_timeout"
    """Anonymization took too long; the text was not passed on."""
    REDACTION_FAILED = "redaction_failed"
    """Anonymization failed; the text was not passed on."""
