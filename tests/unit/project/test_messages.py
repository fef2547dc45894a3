"""Every error that psychescale raises on purpose, with its exit code, on a page made of the code."""

import ast
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from psychescale import errors
from psychescale.errors import PsychescaleError, as_flag, spelled

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "messages.md"
WRITE = "PSYCHESCALE_WRITE_DOCS"
CLASSES: dict[str, type[PsychescaleError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, PsychescaleError)
}
VALUE = "…"
HEAD = """# What can go wrong, and what to do

Every message of psychescale, by the exit code that the command ends with (in Python: by the class
of the exception). "…" stands for what differs from case to case. No message holds a word of a
document. This page is made of the code by `tests/unit/project/test_messages.py`.
"""


class Message(NamedTuple):
    """A message as the code states it, `VALUE` for what differs."""

    kind: str
    problem: str
    remedy: str


class Module:
    """A file of the code, and what its names stand for."""

    def __init__(self, tree: ast.Module, known: dict[str, ast.expr]) -> None:
        self._tree = tree
        self._names = known | constants(tree)

    def messages(self) -> Iterator[Message]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and _name(node.func) in CLASSES and node.args:
                remedy = next((k.value for k in node.keywords if k.arg == "remedy"), None)
                yield self._message(_name(node.func), node.args[0], remedy)
            if isinstance(node, ast.Tuple):
                names = [_name(one) for one in node.elts]
                for at, name in enumerate(names[:-2]):
                    if name in CLASSES:
                        yield self._message(name, *node.elts[at + 1 : at + 3])

    def _message(self, kind: str, problem: ast.expr, remedy: ast.expr | None) -> Message:
        return Message(kind, self._text(problem), "" if remedy is None else self._text(remedy))

    def _text(self, node: ast.expr, seen: tuple[str, ...] = ()) -> str:  # noqa: PLR0911 - one a kind
        """What an expression comes to, as far as the code says."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr(values=parts):
                return "".join(self._text(part, seen) for part in parts)
            case ast.FormattedValue(value=value):
                return self._text(value, seen)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._text(left, seen) + self._text(right, seen)
            case ast.Name(id=name) if name in self._names and name not in seen:
                return self._text(self._names[name], (*seen, name))
            case ast.Call(func=ast.Attribute(value=template, attr="format")):
                return self._text(template, seen)
            case ast.BoolOp(values=[*_, last]):
                return self._text(last, seen)
            case ast.IfExp(body=one, orelse=other):
                return " / ".join(filter(None, (self._text(one, seen), self._text(other, seen))))
        return VALUE


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Strings that a module gives a name, and names that are given one value anywhere in it."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.expr):
            found.setdefault(target.id, []).append(value)
    texts = (ast.Constant, ast.JoinedStr, ast.BinOp)
    return {n: v[0] for n, v in found.items() if len(v) == 1 and isinstance(v[0], texts)}


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


@functools.cache
def collected() -> list[Message]:
    """All messages of the code, each once, in the order of files and lines.

    Without those that only pass on what another error or library says.
    """
    paths = sorted([*(ROOT / "lib").rglob("*.py"), *(ROOT / "jobs").glob("*.py")])
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    shared: dict[str, ast.expr] = {}
    for tree in trees:
        found = constants(tree)
        shared |= {name: value for name, value in found.items() if name.lstrip("_").isupper()}
    every = (message for tree in trees for message in Module(tree, shared).messages())
    return list(dict.fromkeys(one for one in every if any(map(str.isalpha, one.problem))))


def page(messages: list[Message]) -> str:
    """The messages by exit code, as a person reads them."""
    parts = [HEAD]
    for name, kind in sorted(CLASSES.items(), key=lambda item: item[1].exit_code):
        own = [message for message in messages if message.kind == name]
        meaning = (kind.__doc__ or "").partition("\n")[0]
        parts.append(f"\n## {kind.exit_code}: `{name}`\n\n{meaning}\n")
        parts.append("| message | what to do |\n| --- | --- |")
        parts += [f"| {_cell(one.problem)} | {_cell(one.remedy)} |" for one in own]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    told = spelled(text, as_flag).replace("{}", VALUE).replace("{file}", "A file of --input")
    return " ".join(told.split()).replace("|", "\\|").replace("<", "&lt;")


def test_page() -> None:
    """The page says what the code says."""
    wanted = page(collected())
    if os.environ.get(WRITE):
        PAGE.write_text(wanted, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == wanted, f"run this file with {WRITE}=1"


def test_every_message_helps() -> None:
    """Each says what to do, in sentences, or says nothing of it."""
    for message in collected():
        assert message.remedy.endswith((".", "?", ")", "`", "FOLDER", VALUE)) or not message.remedy


def test_run_again() -> None:
    """Only where time, another job, a machine or a person changes something does running again help."""
    again = [m for m in collected() if "run again" in (m.problem + m.remedy).lower()]
    assert again
    for message in again:
        fails_by_chance = message.kind in {"StorageError", "PsychescaleError"}
        changed = any(word in message.remedy for word in ("‹verbose›", "when they are complete"))
        assert fails_by_chance or changed, message
