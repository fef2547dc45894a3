"""CSV and JSON lines: nothing lost, nothing changed, no word of a line in a message."""

import csv
import io
import json
from dataclasses import replace
from typing import Any, Literal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psychescale.errors import InputError
from psychescale.spark.corpus.content import csv_lines as module
from psychescale.spark.corpus.content.csv_lines import csv_header, parse_csv
from psychescale.spark.corpus.content.dialect import Dialect, separator_of
from psychescale.spark.corpus.content.first_bytes import WIDE_MARKS
from psychescale.spark.corpus.content.json_lines import json_keys, parse_json_lines
from psychescale.spark.corpus.content.parse import parse_batches
from psychescale.spark.corpus.content.parsed import Layout, ParsedRow, relative_name

CORRUPT, INVALID = "corrupt_row", "invalid_unicode"
valid_text = st.text(st.characters(codec="utf-8"))


def layout(form: str = "csv", *others: str, **dialect: Any) -> Layout:
    files = ("file:/c/a", "file:/c/b")
    said = Dialect(**{"escape": "none", **dialect})
    return Layout(form, ("id", "text", *others), said, "file:/c", files)  # type: ignore[arg-type]


def read_csv(content: bytes, *others: str, **dialect: Any) -> list[ParsedRow]:
    chosen = layout("csv", *others, **dialect)
    separator = separator_of("file:/c/a", chosen.dialect)
    return list(parse_csv(content.split(b"\n"), chosen, separator=separator))


def read_json(content: bytes, *others: str, **dialect: Any) -> list[ParsedRow]:
    return list(parse_json_lines(content.split(b"\n"), layout("jsonl", *others, **dialect)))


def short(rows: list[ParsedRow]) -> list[tuple[str | None, ...]]:
    return [row.values if row.error is None else (row.error, row.values[0]) for row in rows]


class TestCsv:
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"1,a\n2,b\n", [("1", "a"), ("2", "b")]),
            (b'1,"a\nb"\n2,c', [("1", "a\nb"), ("2", "c")]),
            (b'1,"a\r\nb"\r\n2,"c\rd"\r\n', [("1", "a\r\nb"), ("2", "c\rd")]),
            (b'1,"say ""hi"""\n', [("1", 'say "hi"')]),
            (b'1,5" pipe\n2,b\n', [("1", '5" pipe'), ("2", "b")]),
            (b'1,"x\0""y"\n', [("1", 'x\0"y')]),
            (b' 1 , a \n\n2," b "\n', [(" 1 ", " a "), ("2", " b ")]),
            (b'1,""\n2,\n', [("1", None), ("2", None)]),
            ("1,café\n".encode(), [("1", "café")]),
            (b"1,\xf0\x9f\x99\x82\n", [("1", "🙂")]),
        ],
    )
    def test_reads_rfc_4180(self, body: bytes, expected: list[tuple[str, ...]]) -> None:
        """Quotes, doubled quotes, line breaks and NUL come out as they went in."""
        assert short(read_csv(b"id,text\n" + body)) == expected

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b'1,a\n2,"b\n3,c\n4,d\n', [("1", "a"), (CORRUPT, None), ("3", "c"), ("4", "d")]),
            (
                b'1,"b\n2,"hello, world"\n3,d\n',
                [(CORRUPT, None), ("2", "hello, world"), ("3", "d")],
            ),
            (b'1,"a\n2,b\n3,"c\n4,d', [(CORRUPT, None), ("2", "b"), (CORRUPT, None), ("4", "d")]),
            (b'1,"say "hi" now"\n2,b\n', [(CORRUPT, None), ("2", "b")]),
            (b"1\n2,b\n3,c,d\n", [(CORRUPT, None), ("2", "b"), (CORRUPT, None)]),
            (b'1,a\n2,"b', [("1", "a"), (CORRUPT, None)]),
            (b"\xff,a\n1,b\xe9\n", [(CORRUPT, None), (INVALID, "1")]),
        ],
    )
    def test_broken_line_costs_itself(
        self, body: bytes, expected: list[tuple[str | None, ...]]
    ) -> None:
        """A quote that never closes, a stray one, or a field too many spoils one line, not the rest."""
        assert short(read_csv(b"id,text\n" + body)) == expected

    def test_line_numbers(self) -> None:
        """A row knows the line of the file on which it begins."""
        rows = read_csv(b'id,text\n1,"a\nb"\n\n2,"x\n3,y\n')
        assert [row.line for row in rows] == [2, 5, 6]

    def test_columns_go_by_name(self) -> None:
        """Columns may stand in any order, and may have names that are not ASCII."""
        rows = read_csv("größe,text,id\n5,a,1\n".encode(), "größe")
        assert [row.values for row in rows] == [("1", "a", "5")]

    def test_byte_order_mark(self) -> None:
        """A UTF-8 mark before the header is not part of the first name."""
        assert short(read_csv(b"\xef\xbb\xbfid,text\n1,a\n")) == [("1", "a")]

    def test_other_encoding(self) -> None:
        """A stated encoding decodes the values; quotes and commas are found before."""
        assert short(read_csv(b"id,text\n1,caf\xe9\n", encoding="cp1252")) == [("1", "café")]

    @pytest.mark.parametrize("header", [b"id,body\n", b"id,text,text\n", b"", b"\xff\xfei\0d\0,\0"])
    def test_header_refused(self, header: bytes) -> None:
        """A file whose header lacks a column, or has it twice, is refused."""
        with pytest.raises(InputError, match=r"column|UTF-16"):
            read_csv(header + b"1,2\n")

    def test_endless_record(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Looking for a closing quote ends at a bound, and reading goes on after the broken line."""
        monkeypatch.setattr(module, "MAX_RECORD_CHARS", 100)
        body = b'1,"a\n' + b"2,b\n" * 100 + b'3,"c"\n'
        rows = read_csv(b"id,text\n" + body)
        assert len(rows) == 102
        assert rows[0].error == CORRUPT
        assert {row.error for row in rows[1:]} == {None}

    @given(st.lists(st.tuples(valid_text.filter(bool), valid_text), min_size=1))
    def test_what_csv_writes(self, pairs: list[tuple[str, str]]) -> None:
        """Whatever Python's csv module writes comes back, id and text unchanged."""
        out = io.StringIO(newline="")
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *pairs])
        rows = read_csv(out.getvalue().encode())
        assert [row.values for row in rows] == [(ident, text or None) for ident, text in pairs]

    @given(st.lists(st.tuples(st.binary(min_size=1), st.binary()), min_size=1))
    def test_arbitrary_bytes(self, pairs: list[tuple[bytes, bytes]]) -> None:
        """Rows in are rows out for any bytes; ids that are text stay what they are."""
        quoted = [b",".join(b'"' + v.replace(b'"', b'""') + b'"' for v in pair) for pair in pairs]
        rows = read_csv(b"id,text\n" + b"\n".join(quoted))
        assert len(rows) == len(pairs)
        for row, (ident, text) in zip(rows, pairs, strict=True):
            _check(row, ident, text)

    @given(
        st.lists(st.tuples(valid_text.filter(lambda v: bool(v.strip())), valid_text), min_size=1),
        st.sampled_from([",", ";", "\t", "|"]),
        st.sampled_from(["\r\n", "\n"]),
        st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
        st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    )
    def test_dialects_of_python(
        self,
        pairs: list[tuple[str, str]],
        separator: str,
        end: str,
        encoding: str,
        quoting: Literal[0, 1, 2],
    ) -> None:
        """Any separator, quoting, line end and encoding of Python's csv come back, row by row."""
        pairs = [
            tuple(v.encode(encoding, "ignore").decode(encoding) for v in pair)  # type: ignore[misc]
            for pair in pairs
        ]
        pairs = [pair for pair in pairs if pair[0].strip("\0")]
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting)
        writer.writerows([("id", "text"), *pairs])
        content = out.getvalue().encode(encoding)
        codec = "utf-8" if encoding == "utf-8-sig" else encoding
        rows = read_csv(content, separator=separator, encoding=codec)
        assert [row.values for row in rows] == [(i, text or None) for i, text in pairs]

    @given(
        st.lists(st.tuples(valid_text.filter(lambda v: bool(v.strip())), valid_text), min_size=1)
    )
    def test_dialects_of_pandas(self, pairs: list[tuple[str, str]]) -> None:
        """What pandas writes comes back; with an escape character too, which Spark and R write."""
        pairs = [(i.replace("\\", "/"), text.replace("\\", "/")) for i, text in pairs]
        frame = pd.DataFrame(pairs, columns=["id", "text"])
        expected = [(i, text or None) for i, text in pairs]
        for escape in ("none", "backslash"):
            options: dict[str, Any] = (
                {"doublequote": False, "escapechar": "\\"} if escape == "backslash" else {}
            )
            content = frame.to_csv(index=False, quoting=csv.QUOTE_ALL, **options)
            rows = read_csv(content.encode(), escape=escape)
            assert [row.values for row in rows] == expected

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b'1,"He said \\"hi\\" to me"\n2,b\n', [("1", 'He said "hi" to me'), ("2", "b")]),
            (b'1,"a \\"b\nc\\", d"\n', [("1", 'a "b\nc", d')]),
            (b'1,"ends in a quote\\""\n2,"x"\n', [("1", 'ends in a quote"'), ("2", "x")]),
            (b'1,"C:\\dir\\\\"\n2,"x"\n', [("1", "C:\\dir\\"), ("2", "x")]),
            (b'1,"\\\\\\"x"\n', [("1", '\\"x')]),
        ],
    )
    def test_backslashes(self, body: bytes, expected: list[tuple[str, ...]]) -> None:
        """A backslash before a quote is refused, with its line, until somebody says what it is."""
        content = b"id,text\n" + body
        assert short(read_csv(content, escape="backslash")) == expected
        with pytest.raises(InputError, match=r"line 2 a backslash .*--escape backslash"):
            read_csv(content, escape=None)

    @pytest.mark.parametrize("repeated", [False, True])
    def test_header_again(self, repeated: bool) -> None:
        """Files put end to end: a header among the rows is no text."""
        content = b"id,text\n1,a\nid,text\n2,b\n"
        if repeated:
            assert short(read_csv(content, repeated_headers=True)) == [("1", "a"), ("2", "b")]
        else:
            with pytest.raises(InputError, match=r"line 3 is a header again.*--repeated-headers"):
                read_csv(content)

    def test_header_again_with_a_mark(self) -> None:
        """A byte order mark that stayed before the second header makes no text of it."""
        for header in (b"id,text", b'"id","text"'):
            content = header + b"\n1,a\n\xef\xbb\xbf" + header + b"\n2,b\n"
            assert short(read_csv(content, repeated_headers=True)) == [("1", "a"), ("2", "b")]
            with pytest.raises(InputError, match="line 3 is a header again"):
                read_csv(content)

    def test_two_carriage_returns(self) -> None:
        """What Windows makes of CR LF once more is one line end."""
        assert short(read_csv(b"id,text\r\r\n1,a\r\r\n2,b\r\r\n")) == [("1", "a"), ("2", "b")]

    def test_qualtrics(self) -> None:
        """Three header records, of which two are refused, or left out on request."""
        content = b'id,text\nResponse,"How\nare you?"\n"{""ImportId"":""_r""}",{}\n1,a\n'
        with pytest.raises(InputError, match=r"line 4 .*--skip-rows"):
            read_csv(content)
        assert short(read_csv(content, skip_rows=2)) == [("1", "a")]

    def test_empty_records(self) -> None:
        """What a spreadsheet writes below its rows is no row."""
        assert short(read_csv(b"id,text\n1,a\n,,\n,\n\n2,b\n,,,")) == [("1", "a"), ("2", "b")]

    @pytest.mark.parametrize(("said", "separator"), [(b"sep=;\r", None), (b'"sep=;"', None)])
    def test_excel_says_its_separator(self, said: bytes, separator: str | None) -> None:
        """The line `sep=;` is a statement, not a header; lines are counted with it."""
        rows = read_csv(said + b"\nid;text\n1;a,b\n2;x;y\n", separator=separator)
        assert short(rows) == [("1", "a,b"), (CORRUPT, None)]
        assert [row.line for row in rows] == [3, 4]

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (b"\x1f\x8b\x08x", "gzip"),
            (b"PK\x03\x04x", "workbook"),
            (b"PAR1x", "Parquet"),
            (b"BZh9x", "bzip2"),
            (b"\x28\xb5\x2f\xfdx", "zstd"),
            (b"id,text\r1,a\r2,b", "CR alone"),
            (b"\xef\xbb\xbf", "names no columns"),
            (b"\n1,a\n", "column"),
        ],
    )
    def test_other_files(self, content: bytes, problem: str) -> None:
        """A file that holds no CSV is said to be what it is."""
        with pytest.raises(InputError, match=problem):
            read_csv(content)

    @given(st.binary())
    def test_any_file(self, content: bytes) -> None:
        """Any bytes under a good header give rows, at most one a line, and never raise."""
        rows = read_csv(b"id,text\n" + content)
        assert len(rows) <= content.count(b"\n") + 1


class TestJsonLines:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            (b'{"id": "1", "text": "a"}', ("1", "a")),
            (
                b'{"id": 123456789012345678901234567890, "text": 1.50}',
                (f"{'1234567890' * 3}", "1.50"),
            ),
            (b'{"text": "a\\u00e9\\n\\ud83d\\ude42", "id": "1"}\r', ("1", "aé\n🙂")),
            (b'{"id": "1"}', ("1", None)),
            (b'{"id": null, "text": "a"}', (None, "a")),
            (b'{"id": "1", "text": "\\ud83d"}', (INVALID, "1")),
            (b'{"id": "1", "text": "caf\xe9"}', (INVALID, "1")),
            (b'{"id": "\\ud83d", "text": "a"}', (CORRUPT, None)),
            (b'{"id": "1", "text": ["a"]}', (CORRUPT, None)),
            (b'{"id": true, "text": "a"}', (CORRUPT, None)),
            (b'{"id": NaN, "text": "a"}', (CORRUPT, None)),
            (b'["id", "text"]', (CORRUPT, None)),
            (b'{"id": "1", "te', (CORRUPT, None)),
            (b'{"id": "1", "text": "a", "text": "b"}', (CORRUPT, None)),
            (b'{"id": "1", "text": "a", "meta": {"text": "b", "id": 2}}', ("1", "a")),
            (b'{"id": "1", "text": "\\"text\\"", "x": 1, "x": 2}', ("1", '"text"')),
            (b'{"id": "1", "text": "text"}', ("1", "text")),
            (b'{"id": "1", "text": "a"}{"id": "2", "text": "b"}', (CORRUPT, None)),
            (b'{"id": 9223372036854775808, "text": "a"}', ("9223372036854775808", "a")),
            (b'\xef\xbb\xbf{"id": "1", "text": "a"}', ("1", "a")),
            (b"[" * 100_000, (CORRUPT, None)),
        ],
    )
    def test_line(self, line: bytes, expected: tuple[str | None, ...]) -> None:
        """A line is a row, a row without a usable text, or corrupt."""
        assert short(read_json(line)) == [expected]

    def test_empty_lines(self) -> None:
        """Empty lines are no rows, but count as lines."""
        rows = read_json(b'\xef\xbb\xbf{"id": "1"}\n\n \r\n{"id": "2"}\n')
        assert [(row.line, row.values[0]) for row in rows] == [(1, "1"), (4, "2")]

    def test_byte_order_mark(self) -> None:
        """It begins a file, or one of several put end to end; before anything else it is corrupt."""
        mark = b"\xef\xbb\xbf"
        marked = mark + b'{"id": "1", "text": "a"}'
        content = b"\n".join([marked, marked, mark + b'"a"', b" " + marked])
        assert short(read_json(content)) == [("1", "a"), ("1", "a"), *[(CORRUPT, None)] * 2]

    def test_other_columns(self) -> None:
        """Other columns come as text, nested ones as JSON."""
        rows = read_json('{"id": 1, "text": "a", "tags": ["ü", 2], "n": 7}'.encode(), "tags", "n")
        assert [row.values for row in rows] == [("1", "a", '["ü", 2]', "7")]

    def test_wide(self) -> None:
        """UTF-16 is named, not taken apart."""
        with pytest.raises(InputError, match="UTF-16"):
            read_json('{"id": 1}'.encode("utf-16"))

    @given(st.lists(st.tuples(valid_text, valid_text), min_size=1), st.booleans())
    def test_what_json_writes(self, pairs: list[tuple[str, str]], escaped: bool) -> None:
        """Whatever Python's json module writes comes back."""
        content = [json.dumps({"id": i, "text": t}, ensure_ascii=escaped) for i, t in pairs]
        rows = read_json("\n".join(content).encode())
        assert [row.values for row in rows] == pairs

    @given(st.lists(st.binary().filter(lambda line: b"\n" not in line), min_size=1))
    def test_any_lines(self, content: list[bytes]) -> None:
        """Every line that holds anything is one row, whatever its bytes."""
        marked = [
            line.removeprefix(b"\xef\xbb\xbf") if i == 0 else line for i, line in enumerate(content)
        ]
        if not content[0].startswith(WIDE_MARKS):
            assert len(read_json(b"\n".join(content))) == sum(bool(line.strip()) for line in marked)


class TestBatches:
    SCHEMA = pa.schema(
        {name: pa.string() for name in ("id", "text", "error", "file")}
        | {name: pa.int64() for name in ("block", "line")}
    )

    def parse(self, *lines: tuple[bytes, str, int]) -> list[dict[str, object]]:
        columns = [pa.array(column) for column in zip(*lines, strict=True)]
        batch = pa.RecordBatch.from_arrays(columns, ["value", "file", "block"])
        parsed = parse_batches(
            [batch.slice(0, 2), batch.slice(2)], layout=layout("jsonl"), schema=self.SCHEMA
        )
        return [row for part in parsed for row in part.to_pylist()]

    def test_files_and_blocks(self) -> None:
        """Lines are numbered within their block, whatever the Arrow batches; names are decoded."""
        one, two = b'{"id": "1"}', b'{"id": "2"}'
        rows = self.parse(
            (one, "file:/c/a%20b", 0), (b"x", "file:/c/a%20b", 0), (two, "file:/c/b", 9)
        )
        found = [(row["id"], row["block"], row["line"]) for row in rows]
        assert found == [("1", 0, 1), ("row:a b", 0, 2), ("2", 9, 1)]

    def test_names_no_file(self) -> None:
        """A message says which file by its number."""
        with pytest.raises(InputError, match=r"File 2 of 2") as caught:
            self.parse((b"\xff\xfe{", "file:/c/b", 0))
        assert "/c/b" not in str(caught.value)

    def test_single_file(self) -> None:
        """An input that is one file gives that file's own name."""
        alone = Layout("csv", ("id", "text"), "utf-8", "file:/c/a.csv", ("file:/c/a.csv",))
        assert relative_name("file:/c/a.csv", alone) == "a.csv"


def test_names_of_columns() -> None:
    """Column names come from a CSV's first record and from the keys of JSON lines."""
    assert csv_header([b'\xef\xbb\xbfid,"te', b'xt"', b"1,2"], Dialect(), ",") == ["id", "te\nxt"]
    assert json_keys([b'{"b": 1}', b"junk", b'{"a": 1, "b": 2}'], "utf-8") == ["b", "a"]
    for lines in ([b'{"a": 1},', b'{"a": 2},'], [b'\x1e{"a": 1}'], [b'{"a": 1}\r{"a": 2}']):
        with pytest.raises(InputError, match=f"None of the first {len(lines)} lines"):
            json_keys(lines, "utf-8")


def test_ids_of_several_columns() -> None:
    """Parts are joined; one that is no text, or no single value, costs the row."""
    both = replace(layout("csv"), columns=("id", "n", "text"), n_ids=2)
    rows = parse_csv([b"n,text,id", b"1,x,a|b", b",y,c", b"\xff,z,d", b",q,"], both)
    assert short([*rows]) == [("a\\|b|1", "x"), ("c|", "y"), (CORRUPT, None), (None, "q")]
    lines = [
        b'{"id":"a","n":1.0,"text":"x"}',
        b'{"id":"a","n":[1],"text":"x"}',
        b'{"id":"a","text":"x"}',
    ]
    assert short([*parse_json_lines(lines, both)]) == [("a|1.0", "x"), (CORRUPT, None), ("a|", "x")]


def _check(row: ParsedRow, ident: bytes, text: bytes) -> None:
    try:
        expected = ident.decode()
    except UnicodeDecodeError:
        assert (row.error, row.values) == (CORRUPT, (None, None))
        return
    assert row.values[0] == expected
    try:
        assert (row.values[1] or "").encode() == text
    except AssertionError:
        assert (row.error, row.values[1]) == (INVALID, None)
        with pytest.raises(UnicodeDecodeError):
            text.decode()
