"""Files that are read in one piece: each form's rows, nested fields, packings, and what is refused."""

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import math
import typing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import InputError
from psychescale.settings.shared import FormName
from psychescale.spark.corpus.content.dialect import Dialect, readable
from psychescale.spark.corpus.content.first_bytes import _NO_TEXT
from psychescale.spark.corpus.content.forms import FORM_BY_SUFFIX, FORMS, UNREAD, suffix_of
from psychescale.spark.corpus.content.header import require_present
from psychescale.spark.corpus.content.objects import plain, value_of
from psychescale.spark.corpus.content.packed import PACKINGS
from psychescale.spark.corpus.content.parse import names_in, parse_batches
from psychescale.spark.corpus.content.parsed import Layout
from psychescale.spark.session.places import concealed, is_catalog_name

Rows = list[tuple[Any, ...]]
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
PACK = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda content: pa.compress(content, "zstd", asbytes=True),
}


def read(form: str, content: bytes, name: str, *others: str, **said: Any) -> Rows:
    """Id, text, further columns and error of every row of one whole file."""
    path = f"file:/c/{name}"
    columns = ("id", "text", *others) if "text_column" not in said else ("id", said["text_column"])
    dialect = readable(Dialect(**{k: v for k, v in said.items() if k != "text_column"}))
    layout = Layout(form, columns, dialect, "file:/c", (path,), whole_files=True)
    assert set(columns) <= set(names_in(content, layout, path))
    names = [str(i) for i in range(len(columns))] + ["error", "file"]
    fields = [(n, pa.string()) for n in names] + [("block", pa.int64()), ("line", pa.int64())]
    batch = pa.RecordBatch.from_pydict({"value": [content], "file": [path], "block": [0]})
    found = parse_batches([batch], layout=layout, schema=pa.schema(fields))
    return [tuple(row.values())[:-3] for one in found for row in one.to_pylist()]


def refusal(form: str, content: bytes, name: str, **said: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read(form, content, name, **said)
    return caught.value


def sheets(**tables: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def stream(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def test_registry() -> None:
    """‹format› names every form; each ending has one meaning, and none that is refused is read."""
    assert set(typing.get_args(FormName)) == {*FORMS, "parquet"}
    endings = [suffix for form in FORMS.values() for suffix in form.suffixes]
    assert len(endings) == len(set(endings))
    assert not set(UNREAD) & set(FORM_BY_SUFFIX)
    assert set(PACK) == set(PACKINGS)


@pytest.mark.parametrize("suffix", FORM_BY_SUFFIX)
def test_names_of_files_are_concealed(suffix: str) -> None:
    """A file of any form is no table of the catalog, and its name is not in the run table."""
    for name in (f"meier.{suffix}", f"meier.{suffix}.zst"):
        assert not is_catalog_name(name)
        assert "meier" not in concealed(f"posts/{name}", b"secret")
        assert concealed(("posts", name), b"secret")[0] == "posts"
    assert suffix_of(f"Meier.{suffix.upper()}.GZ") == (suffix, "gz")


class TestWorkbooks:
    HEADER = ("id", "text", "when", "n")

    def test_values(self) -> None:
        """Numbers are whole where they are, dates ISO 8601; empty rows and cells are nothing."""
        when = dt.datetime(2020, 1, 2, 3, 4)  # noqa: DTZ001 - Excel has no zones
        content = sheets(
            A=[[], self.HEADER, [1, "a\nb", when, 1.5], [None] * 4, [10**11, None, True, "007"]],
            B=[],
        )
        assert read("excel", content, "c.xlsx", "when", "n") == [
            ("1", "a\nb", "2020-01-02T03:04:00", "1.5", None),
            ("100000000000", None, "true", "007", None),
        ]

    def test_sheets(self) -> None:
        """Several sheets that hold something are told, and one of them has to be named."""
        content = sheets(Posts=[["id", "text"], [1, "a"]], Codes=[["code"], [1]])
        assert "2 sheets that hold something: Posts, Codes" in str(
            refusal("excel", content, "c.xlsx")
        )
        assert read("excel", content, "c.xlsx", sheet="Posts") == [("1", "a", None)]
        assert "no sheet Post; it has" in str(refusal("excel", content, "c.xlsx", sheet="Post"))

    def test_like_csv(self) -> None:
        """Header records behind the header, and headers again, are what they are in CSV."""
        content = sheets(A=[["id", "text"], ["Id", "Text?"], [1, "a"], ["id", "text"], [2, "b"]])
        assert "row" not in refusal("excel", content, "c.xlsx").problem
        rows = read("excel", content, "c.xlsx", skip_rows=1, repeated_headers=True)
        assert rows == [("1", "a", None), ("2", "b", None)]


class TestStatistics:
    FRAME = pd.DataFrame(
        {
            "id": [1, 2],
            "text": ["größer", ""],
            "day": [dt.date(2020, 1, 2), None],
            "score": [1.5, None],
        }
    )

    @pytest.mark.parametrize(
        ("name", "form", "write"),
        [
            ("c.sav", "spss", "write_sav"),
            ("c.zsav", "spss", "write_sav"),
            ("c.dta", "stata", "write_dta"),
        ],
    )
    def test_values(self, tmp_path: Path, name: str, form: str, write: str) -> None:
        """SPSS and Stata: ids whole, dates ISO 8601, what is missing nothing."""
        getattr(pyreadstat, write)(self.FRAME, str(tmp_path / name))
        content = (tmp_path / name).read_bytes()
        expected = [
            ("1", "größer", "2020-01-02", "1.5", None),
            ("2", None, None, None, None),
        ]
        assert read(form, content, name, "day", "score") == expected
        assert read(form, content, "odd.name", "day", "score") == expected


class TestArrow:
    TABLE = pa.table(
        {
            "id": [1, 2],
            "data": [{"text": "a", "n": 1.0}, {"text": None, "n": math.nan}],
            "data.n": ["own", "own"],
            "price": [Decimal("1.50"), None],
        }
    )

    def test_nested(self) -> None:
        """A field of a struct by its path; a column whose own name has the dot comes first."""
        rows = read("arrow", stream(self.TABLE), "d.arrow", text_column="data.text")
        assert rows == [("1", "a", None), ("2", None, None)]
        rows = read("arrow", stream(self.TABLE), "d.arrow", text_column="data.n")
        assert rows == [("1", "own", None), ("2", "own", None)]

    def test_missing(self) -> None:
        """A file that lacks a column is named by its number."""
        layout = Layout(
            "arrow", ("id", "body"), Dialect(), "file:/c", ("file:/c/a", "file:/c/b"), True
        )
        batch = pa.RecordBatch.from_pydict(
            {"v": [stream(self.TABLE)], "f": ["file:/c/b"], "b": [0]}
        )
        with pytest.raises(InputError, match=r"File 2 of 2 .* has no column body"):
            list(parse_batches([batch], layout=layout, schema=pa.schema([])))


class TestJsonArrays:
    def test_elements(self) -> None:
        """Each object a row; long numbers stay; what is no object is corrupt; NaN is nothing."""
        content = (
            b'\n [{"id": 12345678901234567890, "data": {"text": "a"}, "tags": [1, {"b": 2.50}]},\n 3,'
            b'{"id": "x", "data": {"text": NaN}}, {"id": {"no": 1}, "data": {}},'
            b'{"id": "y", "id": "z", "data": {}}, {"id": "u", "data": {"text": "a", "text": "b"}},'
            b'{"id": "v", "v": 1, "v": 2}]'
        )
        layout = Layout(
            "json", ("id", "data.text", "tags"), Dialect(), "file:/c", ("file:/c/a",), True
        )
        batch = pa.RecordBatch.from_pydict({"v": [content], "f": ["file:/c/a"], "b": [0]})
        schema = pa.schema([(n, pa.string()) for n in "abcef"] + [(n, pa.int64()) for n in "gh"])
        (found,) = parse_batches([batch], layout=layout, schema=schema)
        rows = [(*list(row.values())[:4], row["h"]) for row in found.to_pylist()]
        assert rows == [
            ("12345678901234567890", "a", '[1, {"b": 2.5}]', None, 1),
            ("row:a", None, None, "corrupt_row", 2),
            ("x", None, None, None, 3),
            *(("row:a", None, None, "corrupt_row", number) for number in (4, 5, 6)),
            ("v", None, None, None, 7),
        ]

    @given(st.lists(st.tuples(texts.filter(bool), texts), min_size=1), st.sampled_from([None, 1]))
    def test_whatever_json_writes(self, pairs: list[tuple[str, str]], indent: int | None) -> None:
        """Any array comes back, however it is laid out; in UTF-16 too."""
        written = json.dumps([{"id": i, "text": t} for i, t in pairs], indent=indent)
        expected = [(*pair, None) for pair in pairs]
        assert read("json", written.encode(), "c.json") == expected
        assert read("json", written.encode("utf-16"), "c.json") == expected

    @pytest.mark.parametrize(
        "content", [b'[{"id": 1}', b'[{"id": 1},\n{"id" 2}]', b"", b"{}", b"[1 x]"]
    )
    def test_broken(self, content: bytes) -> None:
        """An array that does not close is told with a line, none of its words."""
        assert "is no JSON array of objects: what stands in line" in str(
            refusal("json", content, "c.json")
        )


class TestPackings:
    ROWS = (("1", "größer\r\nals", None), ("2", "b", None))
    CSV = 'id,text\r\n1,"größer\r\nals"\r\n2,b\r\n'.encode()

    @pytest.mark.parametrize("packing", PACK)
    def test_packed(self, packing: str) -> None:
        """Lines of packed files, and of packs put end to end; a damaged one is told."""
        packed = PACK[packing](self.CSV)
        assert tuple(read("csv", packed, f"c.csv.{packing}")) == self.ROWS
        halves = PACK[packing](self.CSV[:9]) + PACK[packing](self.CSV[9:])
        assert tuple(read("csv", halves, f"c.csv.{packing}")) == self.ROWS
        for broken in (packed[: len(packed) // 2], b"junk"):
            assert "damaged" in str(refusal("csv", broken, f"c.csv.{packing}"))
        array = PACK[packing](b'[{"id": 1, "text": "a"}]')
        assert read("json", array, f"c.json.{packing}") == [("1", "a", None)]

    @given(
        st.lists(st.tuples(texts.filter(str.strip), texts), min_size=1),
        st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
        st.sampled_from([",", ";", "\t"]),
        st.sampled_from([None, "xz"]),
    )
    def test_wide_encodings(
        self, pairs: list[tuple[str, str]], encoding: str, separator: str, packing: str | None
    ) -> None:
        """UTF-16 and UTF-32, with a mark or without, as pandas writes CSV, come back row by row."""
        frame = pd.DataFrame(pairs, columns=["id", "text"])
        content = frame.to_csv(index=False, sep=separator, quoting=1).encode(encoding)
        content = content if packing is None else PACK[packing](content)
        name = "c.csv" if packing is None else f"c.csv.{packing}"
        rows = read("csv", content, name, encoding=encoding, separator=separator, escape="none")
        assert rows == [(i, text or None, None) for i, text in pairs]

    def test_half_a_character(self) -> None:
        """What is no UTF-16 costs its row, not the file; a file cut in a character is damaged."""
        content = "id,text\n1,a\ud800b\n2,c\n".encode("utf-16", "surrogatepass")
        assert read("csv", content, "c.csv", encoding="utf-16") == [
            ("1", None, "invalid_unicode"),
            ("2", "c", None),
        ]
        assert "damaged" in str(refusal("csv", content[:-1], "c.csv", encoding="utf-16"))


@given(
    st.lists(st.tuples(texts.filter(str.strip), texts), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(['"', "\\"]),
)
def test_dialects_of_duckdb(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[str, str]],
    separator: str,
    escape: str,
) -> None:
    """What DuckDB writes comes back row by row, whatever stands between and escapes."""
    path = tmp_path_factory.mktemp("duckdb") / "c.csv"
    table = pa.table({"id": [i for i, _ in pairs], "text": [t for _, t in pairs]})
    duckdb.from_arrow(table).write_csv(
        str(path), sep=separator, header=True, escapechar=escape, quoting="all"
    )
    said = "backslash" if escape == "\\" else "none"
    rows = read("csv", path.read_bytes(), "c.csv", separator=separator, escape=said)
    assert rows == [(i, t or None, None) for i, t in pairs]


@pytest.mark.parametrize("name", ["ward/1.txt", "ä.txt"])
def test_notes(name: str) -> None:
    """A text file is one row: its path below the folder, and all of it."""
    assert read("text", b"\xef\xbb\xbfa\r\nb\n", name) == [(name, "a\r\nb\n", None)]
    assert read("text", "ä".encode("utf-16"), name) == [(name, "ä", None)]
    assert read("text", b"\xe4", name, encoding="cp1252") == [(name, "ä", None)]
    assert read("text", b"\xe4", name) == [(name, None, "invalid_unicode")]


@pytest.mark.parametrize("form", ["excel", "spss", "stata", "sas", "arrow"])
@pytest.mark.parametrize("content", [b"junk", b"PK\x03\x04", b"ARROW1", b"ORC", b""])
def test_damaged(form: str, content: bytes) -> None:
    """A file that is none of its form is said to be damaged, without a word of it."""
    (suffix, *_) = FORMS[form].suffixes
    told = refusal(form, content, f"c.{suffix}")
    assert "damaged" in str(told)
    assert "junk" not in str(told)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"data": [{"id": 1}]}', "jq -c '.data[]'"),
        (b'{\n "data": [\n  {"id": 1}\n ]\n}', "jq -c '.data[]'"),
        (b'{"meta": {"n": 1},\n "rows": []}', "jq -c '.'"),
        (b'{\n "id": 1,\n "text": "a"\n}\n', "jq -c '.'"),
    ],
)
def test_wrapped_json(content: bytes, line: str) -> None:
    """Rows within one object: the line that takes them out."""
    layout = Layout("jsonl", ("id", "text"), Dialect(), "file:/c", ("file:/c/a",), whole_files=True)

    def look() -> None:
        require_present(layout.columns, names_in(content, layout, "file:/c/a"), form="jsonl")

    with pytest.raises(InputError) as caught:
        look()
    assert line in caught.value.remedy


def test_first_bytes() -> None:
    """What is no text is named, with the flag that reads it or the line that converts it."""
    for magic, what, remedy in _NO_TEXT:
        told = refusal("csv", magic + b"x", "c.csv")
        assert what in told.problem
        assert remedy.replace("‹", "--").replace("›", "") in told.remedy


@given(
    st.dictionaries(
        st.text("ab.", min_size=1), st.integers() | st.dictionaries(st.text("ab."), st.integers())
    )
)
def test_value_of(row: dict[str, Any]) -> None:
    """Every own name gives its own value, every path the value behind it, unless a name is the path."""
    for name, value in row.items():
        assert value_of(row, name) == value
        for inner, below in value.items() if isinstance(value, dict) else ():
            path = f"{name}.{inner}"
            others = [n for n in row if path.startswith(f"{n}.") and n != name]
            if path not in row and not others:
                assert value_of(row, path) == below


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (-0.0, "0"), (1.5, "1.5"), (2.0**60, "1.152921504606847e+18"),
        (math.inf, "inf"), (math.nan, None), (pd.NaT, None), (pd.NA, None), ("", None),
        (True, "true"), (b"\xff", "\udcff"), (dt.time(1, 2), "01:02:00"),
        (Decimal("1.50"), "1.50"), ({"a": dt.date(2020, 1, 2)}, '{"a": "2020-01-02"}'),
    ],
)  # fmt: skip
def test_plain(value: Any, text: str | None) -> None:
    """A value as text."""
    assert plain(value) == text
