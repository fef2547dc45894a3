"""Who could be singled out by the columns beside a text: k-anonymity of their combinations, counted.

Whoever knows some values of a person (when she wrote, where, how long) finds her in a table where
nobody else has the same values (Sweeney 2002, doi 10.1142/S0218488502001648). All rows are counted,
once for each combination, as hashes of 64 bits: exact but for a collision, of which there is one chance
in 300,000 among ten million values.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from psychescale.disclosure import LARGEST_SMALL, is_small, nearest

_MOST_COLUMNS = 3
_MOST_COMBINATIONS = 64
"""Each row is counted once for each; twelve kept columns are looked at in pairs, five in threes."""
_WORST = 5
_LOOKED_AT = 1000
"""First rows by which it is told what kind of values a column has."""
_FEWEST_ROWS = 50
_OWN_VALUE = 0.9
"""Of the rows: from which share on a column of values of their own is an id under another name."""
_OF_KIND = 0.95
_LINKS = 0.01
_BANDS = 10
_TIME = r"^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d.*)?)?$"
_NUMBER = r"^[+-]?\d+([.]\d+)?(E[+-]?\d+)?$"
_DECIMAL = r"^[+-]?\d+[.]\d+(E[+-]?\d+)?$"
_LINK = r"(?i)^(https?:|www[.])\S+$|^/?[^\s/]*[a-z][^\s/]*(/[^\s/]+){2,}/?$"


@dataclass(frozen=True)
class SharedValues:
    """Rows by how many share their values of some columns.

    Attributes:
        columns: Names.
        cells: Different values.
        alone: Rows whose values no other person has; where nobody is named, no other row.
        few: Rows whose values at most seven have, those included.
    """

    columns: tuple[str, ...]
    cells: int
    alone: int
    few: int


@dataclass(frozen=True)
class SingledOut:
    """Who could be singled out.

    Attributes:
        rows: Of the corpus.
        who: ``person`` where authors are known, else ``row``.
        size: Most columns of the combinations that were looked at, beside all of them together.
        each: Every column by itself, those that the table adds last.
        worst: The combinations that single out most.
        together: All kept columns, and all of them with what the table adds.
        ids: Columns that are an id under another name, or links.
        coarser: What would help, as entries of ``coarsen``.
    """

    rows: int
    who: str
    size: int
    each: Sequence[SharedValues] = ()
    worst: Sequence[SharedValues] = ()
    together: Sequence[SharedValues] = ()
    ids: Sequence[str] = ()
    coarser: Sequence[str] = field(default=())

    def shown(self) -> list[dict[str, str]]:
        """What may be told, ready for JSON: shares of rounded counts, no small count."""
        found = dict.fromkeys([*self.each, *self.worst, *self.together])
        return [
            {
                "columns": " + ".join(one.columns),
                "alone": told_share(one.alone, self.rows),
                f"shared_by_1_to_{LARGEST_SMALL}": told_share(one.few, self.rows),
            }
            for one in found
        ]


def told_share(count: int, total: int) -> str:
    """A share of rows as text; small counts, and what leaves a small count over, are not told."""
    if not count:
        return "none"
    if is_small(count):
        return f"1–{LARGEST_SMALL} rows"
    if count == total:
        return "all"
    if is_small(total - count):
        return "nearly all"
    share = nearest(count) / nearest(total)
    return "under 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")  # noqa: PLR2004


def count_singled_out(
    rows: DataFrame,
    kept: Mapping[str, Column],
    added: Mapping[str, Column],
    *,
    person: Column | None = None,
    coarse: Sequence[str] = (),
) -> SingledOut:
    """Count who could be singled out, in one pass over the rows.

    Args:
        rows: Of the corpus.
        kept: Columns that the output will have beside the text, as it will have them.
        added: What else the output says of a text, or what comes down to the same.
        person: Who wrote a row; None: each row is a person of its own.
        coarse: Columns that have been made coarser already.
    """
    own = {**kept, **added}
    named = [_plain(rows, column).alias(f"_{at}") for at, column in enumerate(own.values())]
    who = [] if person is None else [person.alias("_person")]
    frame = rows.select(*named, *who)
    kinds = _kinds(frame, list(kept))
    size, combinations = _combinations(list(kept), list(added))
    total, counted = _count(frame, list(own), combinations, by_person=person is not None)
    combined = [one for one in counted if len(one.columns) > 1]
    together = [tuple(kept), tuple(own)]
    worst = sorted(
        (one for one in combined if one.columns not in together and set(one.columns) <= set(kept)),
        key=lambda one: (-one.alone, -one.few, len(one.columns)),
    )
    each = [one for one in counted if len(one.columns) == 1]
    exposed = any(one.alone for one in counted if set(one.columns) <= set(kept))
    return SingledOut(
        total,
        "row" if person is None else "person",
        size,
        each,
        worst[:_WORST],
        [one for one in combined if one.columns in together],
        [
            name
            for one in each
            for name in one.columns
            if name not in coarse and _is_id(one, kinds.get(name), total)
        ],
        [
            f"{name}={grain}"
            for name in kept
            if exposed and name not in coarse and (grain := _grain(kinds[name]))
        ],
    )


def _plain(rows: DataFrame, column: Column) -> Column:
    """A column that can be hashed."""
    kind = rows.select(column.alias("c")).schema["c"].dataType
    nested = isinstance(kind, T.StructType | T.ArrayType | T.MapType)
    return F.to_json(column) if nested else column


def _combinations(kept: list[str], added: list[str]) -> tuple[int, list[tuple[str, ...]]]:
    """The largest size of which all combinations are looked at, and all that is looked at."""
    found: list[tuple[str, ...]] = []
    size = 0
    for size in range(_MOST_COLUMNS, 0, -1):
        found = [one for n in range(1, size + 1) for one in itertools.combinations(kept, n)]
        if len(found) <= _MOST_COMBINATIONS:
            break
    more = [tuple(kept), *((name,) for name in added), tuple(kept + added)]
    return size, list(dict.fromkeys(one for one in [*found, *more] if one))


def _count(
    frame: DataFrame, names: list[str], combinations: list[tuple[str, ...]], *, by_person: bool
) -> tuple[int, list[SharedValues]]:
    """All rows, and the cells of each combination."""
    place = {name: F.col(f"_{at}") for at, name in enumerate(names)}
    hashes = [
        # A missing value is one of its own: a hash passes over it, so that its place is told.
        F.xxhash64(*[part for name in one for part in (place[name].isNull(), place[name])])
        for one in combinations
    ]
    who = ["_person"] if by_person else []
    each = frame.select(F.posexplode(F.array(*hashes)).alias("_of", "_cell"), *who)
    cells = each.groupBy("_of", "_cell", *who).agg(F.count(F.lit(1)).alias("_rows"))
    if by_person:
        cells = cells.groupBy("_of", "_cell").agg(
            F.count(F.lit(1)).alias("_k"), F.sum("_rows").alias("_rows")
        )
    k = F.col("_k" if by_person else "_rows")
    counts = cells.groupBy("_of").agg(
        F.sum("_rows").alias("rows"),
        F.count(F.lit(1)).alias("cells"),
        F.coalesce(F.sum(F.when(k == 1, F.col("_rows"))), F.lit(0)).alias("alone"),
        F.coalesce(F.sum(F.when(k <= LARGEST_SMALL, F.col("_rows"))), F.lit(0)).alias("few"),
    )
    found = {row["_of"]: row for row in counts.collect()}
    total = max((int(row["rows"]) for row in found.values()), default=0)
    return total, [
        SharedValues(one, *(int(found[at][name]) if at in found else 0 for name in _COUNTS))
        for at, one in enumerate(combinations)
    ]


_COUNTS = ("cells", "alone", "few")


def _kinds(frame: DataFrame, names: list[str]) -> dict[str, Row]:
    """What the first values of each column are: times, numbers, links; and their range."""
    wanted = []
    for at in range(len(names)):
        text = F.trim(F.col(f"_{at}").cast("string"))
        number = F.expr(f"try_cast(CAST(_{at} AS string) AS double)")
        wanted += [
            F.struct(
                F.count(text).alias("given"),
                F.count_if(text.rlike(_TIME)).alias("times"),
                F.count_if(text.rlike(_NUMBER)).alias("numbers"),
                F.count_if(text.rlike(_DECIMAL)).alias("decimals"),
                F.count_if(text.rlike(_LINK)).alias("links"),
                F.percentile_approx(number, [0.05, 0.95]).alias("range"),
            ).alias(f"_{at}")
        ]
    if not wanted:
        return {}
    row = frame.limit(_LOOKED_AT).agg(*wanted).collect()[0]
    return dict(zip(names, row, strict=True))


def _is_id(one: SharedValues, found: Row | None, total: int) -> bool:
    """Whether a column seems to be an id under another name; a measurement is none."""
    if found is None or found["given"] < _FEWEST_ROWS:
        return False
    if found["decimals"] >= _OF_KIND * found["given"]:
        return False
    return bool(one.cells >= _OWN_VALUE * total or found["links"] >= _LINKS * found["given"])


def _grain(found: Row) -> str | None:
    """Months of times; of numbers a round width that makes about ten bands."""
    given = _OF_KIND * found["given"]
    if not found["given"]:
        return None
    if found["times"] >= given:
        return "month"
    if found["numbers"] < given or found["range"] is None:
        return None
    low, high = found["range"]
    width = (high - low) / _BANDS
    exponent = f"{width:e}".partition("e")[2]
    return f"{float(f'1e{exponent}'):g}" if width > 0 else None
