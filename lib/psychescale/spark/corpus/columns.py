"""Which columns of an input mean what, and whether it has them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.errors import InputError, PrivacyError, UsageError
from psychescale.spark.corpus.ids import ID_TYPES, OTHER_IDS
from psychescale.spark.corpus.times import Grain
from psychescale.spark.tables.delta import quoted

ID, TEXT, SECOND, ERROR = "id", "text", "second_text", "error"
"""Columns of every corpus as psychescale reads it; kept columns follow under their own names."""
AUTHOR = "author"
"""The column with pseudonyms that `anonymize` leaves."""
OWN_NAMES = (ID, TEXT, SECOND, ERROR)

_NO_DELTA_NAME = re.compile(r"[ ,;{}()\n\t=]|^$")
_TEXT_TYPES = (T.StringType, T.BinaryType)


@dataclass(frozen=True)
class Columns:
    """Which columns of the input mean what.

    Attributes:
        id: Their values together are unique over the corpus.
        text: The text to score.
        second_text: A text read together with it (a survey item's question), or None.
        keep: Columns that are passed through to the output.
        grains: Of kept columns that are made coarser.
        time_format: How times among these are written; None for ISO 8601.
    """

    id: tuple[str, ...] = ("id",)
    text: str = "text"
    second_text: str | None = None
    keep: tuple[str, ...] = ()
    grains: Mapping[str, Grain] = field(default_factory=dict)
    time_format: str | None = None

    @property
    def texts(self) -> list[str]:
        """The columns with text."""
        return [self.text] if self.second_text is None else [self.text, self.second_text]

    @property
    def needed(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys([*self.id, *self.texts, *self.keep]))

    @property
    def facts(self) -> dict[str, Any]:
        """What a fingerprint says of them; one column of ids stands as a name, as it always did."""
        facts = {**asdict(self), "id": self.id[0] if len(self.id) == 1 else self.id}
        if not self.grains:
            del facts["grains"], facts["time_format"]
        return facts


def require_keepable(columns: Columns) -> None:
    """Refuse kept columns that no table could hold, or may.

    Raises:
        PrivacyError: The text itself is among them.
        UsageError: One has the name of a column that psychescale reads every corpus into, or no name
            that a Delta table takes; or two have one name.
    """
    kept = [name.lower() for name in columns.keep]
    for name in columns.keep:
        if kept.count(name.lower()) > 1:
            raise UsageError(
                f"‹keep› {name}: another kept column has the same name, but for its case.",
                remedy="Rename one of them in the corpus, or leave it out.",
            )
        if _NO_DELTA_NAME.search(name):
            raise UsageError(
                f"‹keep› {name!r}: no column of a Delta table can have this name.",
                remedy="Rename the column in the corpus: no blanks, and none of , ; { } ( ) =.",
            )
        if name in columns.texts:
            raise PrivacyError(
                f"‹keep› {name}: a score table never holds the text.",
                remedy="Join the scores with the corpus by id where both may be read.",
            )
        if name.lower() in OWN_NAMES:
            raise UsageError(
                f"‹keep› {name}: psychescale has a column of that name itself.",
                remedy="Rename the column in the corpus, or leave it out of ‹keep›.",
            )


def path_of(schema: T.StructType, name: str) -> tuple[str, ...] | None:
    """Where a column is: by its own name, else in a struct (``data.text``); None: nowhere."""
    if name in schema.names:
        return (name,)
    for dot in re.finditer(r"\.", name):
        head, rest = name[: dot.start()], name[dot.end() :]
        inner = schema[head].dataType if head in schema.names else None
        below = path_of(inner, rest) if isinstance(inner, T.StructType) else None
        if below is not None:
            return (head, *below)
    return None


def field_of(schema: T.StructType, name: str) -> T.StructField:
    """The column, under the name that it was asked for by; it must be there."""
    field = T.StructField(name, schema)
    for part in path_of(schema, name) or ():
        field = field.dataType[part]  # type: ignore[index]
    return T.StructField(name, field.dataType, metadata=field.metadata)


def column_of(schema: T.StructType, name: str) -> Column:
    """The column of a DataFrame, under the name that it was asked for by; it must be there."""
    path = path_of(schema, name) or (name,)
    return F.col(".".join(map(quoted, path))).alias(name)


def names_in(schema: T.StructType) -> list[str]:
    """Names of columns, and of fields of structs behind a dot."""
    structs = {one.name: one.dataType for one in schema if isinstance(one.dataType, T.StructType)}
    nested = [f"{name}.{inner}" for name, one in structs.items() for inner in names_in(one)]
    return [*schema.names, *(name for name in nested if name not in schema.names)]


def require_types(schema: T.StructType, columns: Columns) -> None:
    """Refuse texts and ids of a type that is neither.

    Raises:
        InputError: Naming the column and its type.
    """
    of_text = _TEXT_TYPES, "Texts must be strings."
    wanted: dict[str, tuple[tuple[type, ...], str]] = dict.fromkeys(columns.texts, of_text)
    wanted |= dict.fromkeys(columns.id, (ID_TYPES, OTHER_IDS))
    for name, (types, remedy) in wanted.items():
        found = field_of(schema, name).dataType if path_of(schema, name) else None
        if found is not None and not isinstance(found, types):
            kind = found.simpleString()
            raise InputError(f"‹input›: column {name} is of type {kind}.", remedy=remedy)
