"""The command line of a job: a flag for each key, and help in groups, made of the settings alone."""

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic.fields import FieldInfo

from psychescale.errors import UsageError, as_flag, spelled
from psychescale.notice import NOTICE
from psychescale.settings.keys import (
    REQUIRED,
    choices_of,
    grouped_keys,
    is_of,
    is_repeated,
    is_several,
    shown_default,
)

if TYPE_CHECKING:
    from psychescale.settings.config import JobConfig

_HELP_COLUMN = 30


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of exiting, and knows the flags it could have meant."""

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"unrecognized arguments: (\S+)", message)
        if unknown:
            flag = unknown.group(1).partition("=")[0]
            if not flag.startswith("-"):
                raise UsageError(
                    "An argument stands without a flag before it.",
                    remedy=f"Every value follows its flag; `{self.prog} --help` lists them.",
                )
            known = [option for action in self._actions for option in action.option_strings]
            raise UsageError(
                f"There is no flag {flag}.",
                remedy=suggest(flag, known) or f"`{self.prog} --help` lists the flags.",
            )
        # argparse repeats the value that a switch was given, which may be a secret.
        told = re.sub(r"ignored explicit argument .*", "takes no value", message, flags=re.DOTALL)
        raise UsageError(f"{told[:1].upper()}{told[1:]}.", remedy=f"See `{self.prog} --help`.")


def read_flags(
    kind: "type[JobConfig]", verb: str, argv: Sequence[str]
) -> tuple[dict[str, Any], Path | None, list[str]]:
    """What a command line says.

    Args:
        kind: The job's settings.
        verb: Its name.
        argv: Arguments, without the program's name.

    Returns:
        Values by key, as text; the file of ``--config``; the assignments of ``--set``.

    Raises:
        UsageError: A flag is unknown (with a suggestion) or lacks its value.
        SystemExit: After ``--help``.
    """
    parser = _parser(kind, verb)
    given = vars(parser.parse_args(argv))
    file, assignments = given.pop("config"), given.pop("set")
    # A list of names that is given twice goes on.
    names = {k for k, f in kind.model_fields.items() if is_several(f)}
    values = {k: ",".join(v) if k in names else v for k, v in given.items()}
    return values, file, assignments


def _parser(kind: "type[JobConfig]", verb: str) -> argparse.ArgumentParser:
    groups = grouped_keys(kind)
    parser = _Parser(
        prog=f"psychescale {verb}",
        usage=_usage(verb, groups.get(REQUIRED, ())),
        description=spelled(kind.__doc__ or "", as_flag),
        epilog=_epilog(kind, verb),
        allow_abbrev=False,
        add_help=False,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
            prog, max_help_position=_HELP_COLUMN
        ),
    )
    for title, fields in groups.items():
        group = parser.add_argument_group(title)
        for key, field in fields.items():
            _add_flag(group, key, field)
    group.add_argument("--config", metavar="FILE", type=Path, help="YAML file with any of the keys")
    group.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="any key, also spark.KEY"
    )
    group.add_argument("-h", "--help", action="help", help="print this, then stop")
    return parser


def _add_flag(group: argparse._ArgumentGroup, key: str, field: FieldInfo) -> None:
    flag, default = as_flag(key), shown_default(field)
    if field.default is True:
        default = f"on; {as_flag(f'no_{key}')} turns it off"
    told = spelled(field.description or "", as_flag) + (f" (default: {default})" if default else "")
    common: dict[str, Any] = {"dest": key, "default": argparse.SUPPRESS}
    shown = told.replace("%", "%%")
    if is_of(field, bool):
        group.add_argument(flag, action="store_true", help=shown, **common)
        off = as_flag(f"no_{key}")
        group.add_argument(off, action="store_false", help=argparse.SUPPRESS, **common)
    else:
        action = "append" if is_several(field) or is_repeated(field) else "store"
        group.add_argument(flag, metavar=_metavar(field), action=action, help=shown, **common)


def _metavar(field: FieldInfo) -> str:
    if choices_of(field):
        return "{" + ",".join(choices_of(field)) + "}"
    if is_several(field):
        return "NAME,…"
    return "N" if is_of(field, int, float) else "JSON" if is_of(field, dict) else "TEXT"


def _usage(verb: str, required: Iterable[str]) -> str:
    needed = "".join(f" {as_flag(key)} {key.upper()}" for key in required)
    return f"psychescale {verb}{needed} [--KEY VALUE …]"


def _epilog(kind: "type[JobConfig]", verb: str) -> str:
    examples = "\n".join(f"  {one}" for one in kind.examples)
    pages = ", ".join([*kind.pages, f"docs/configuration.md#keys-of-{verb}"])
    return f"Examples:\n{examples}\n\nMore: {pages}\n{NOTICE}"


def suggest(name: str, known: Sequence[str]) -> str | None:
    """A known name that an unknown one may have meant, as a question; None where none is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else None
