"""Errors name the problem and the next step, and survive the way from a worker to the driver."""

import pickle

import pytest

from psychescale import errors
from psychescale.errors import (
    AlertError,
    FailureBudgetError,
    InputError,
    ModelError,
    PrivacyError,
    PsychescaleError,
    RowError,
    StorageError,
    UsageError,
)

EXIT_CODES = {
    PsychescaleError: 1,
    UsageError: 2,
    InputError: 3,
    ModelError: 4,
    PrivacyError: 5,
    FailureBudgetError: 6,
    StorageError: 7,
    AlertError: 8,
}


@pytest.mark.parametrize(("kind", "exit_code"), EXIT_CODES.items())
def test_exit_code_of_each_class(kind: type[PsychescaleError], exit_code: int) -> None:
    """Each class has the exit code that the help promises."""
    assert exit_code == kind.exit_code


def test_every_error_class_is_covered() -> None:
    """No error class of the module is without an exit code of its own in this table."""
    found = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, PsychescaleError)
    }

    assert set(EXIT_CODES) == found
    assert len(found) == len({kind.exit_code for kind in found})


@pytest.mark.parametrize("kind", EXIT_CODES)
def test_pickling_keeps_everything(kind: type[PsychescaleError]) -> None:
    """An error that a worker raises reaches the driver with class, problem and remedy."""
    error = pickle.loads(pickle.dumps(kind("It broke.", remedy="Mend it.")))  # noqa: S301 - our own

    assert (kind, "It broke.", "Mend it.") == (type(error), error.problem, error.remedy)
    assert kind.exit_code == error.exit_code


def test_text_is_problem_then_remedy() -> None:
    """The text of an error is the problem and then the remedy."""
    assert str(UsageError("It broke.", remedy="Mend it.")) == "It broke. Mend it."


def test_text_without_remedy_has_no_trailing_space() -> None:
    """An empty remedy leaves no trace in the text."""
    assert str(UsageError("It broke.", remedy="")) == "It broke."


def test_row_errors_are_plain_strings() -> None:
    """A reason is written to a table as its value, which never changes."""
    expected = [
        "null_text",
        "empty_text",
        "placeholder_text",
        "no_tokens",
        "no_embedding",
        "invalid_unicode",
        "corrupt_row",
        "redaction_timeout",
        "redaction_failed",
    ]

    assert expected == [str(reason) for reason in RowError]
