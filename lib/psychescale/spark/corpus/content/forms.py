"""Every form of files that is parsed here, an object each: two functions, and its names."""

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psychescale.spark.corpus.content.csv_lines import CSV_SUFFIXES, csv_header, parse_csv
from psychescale.spark.corpus.content.dialect import separator_of
from psychescale.spark.corpus.content.json_lines import (
    array_keys,
    json_keys,
    parse_json_array,
    parse_json_lines,
)
from psychescale.spark.corpus.content.packed import PACKINGS
from psychescale.spark.corpus.content.parsed import Layout, Origin, ParsedRow
from psychescale.spark.corpus.content.plain_text import note_names, parse_note
from psychescale.spark.corpus.content.tables import (
    arrow_names,
    parse_arrow,
    parse_statistics,
    parse_workbook,
    statistics_names,
    workbook_names,
)


@dataclass(frozen=True)
class FileForm:
    """A form of files.

    Attributes:
        name: What ‹format› calls it.
        suffixes: Endings of its files.
        names: First lines, or the whole file → names of its columns.
        parse: Lines, or the whole file → its rows.
        is_whole: Whether it has no lines, so that a file is read in one piece.
        needs: Module that reads it, where that is of an extra.
        convert: One line that makes of it what can be read in pieces.
    """

    name: str
    suffixes: tuple[str, ...]
    names: Callable[[Any, Layout, Origin], Sequence[str]]
    parse: Callable[[Any, Layout, Origin], Iterator[ParsedRow]]
    is_whole: bool = True
    needs: str | None = None
    convert: str = "Save it as Parquet, or as CSV in UTF-8."


def _csv_names(lines: Any, layout: Layout, origin: Origin) -> Sequence[str]:
    return csv_header(lines, layout.dialect, separator_of(origin.path, layout.dialect))


def _parse_csv(lines: Any, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    separator = separator_of(origin.path, layout.dialect)
    return parse_csv(lines, layout, origin.place, separator=separator)


_STATISTICS = functools.partial(
    FileForm, names=statistics_names, parse=parse_statistics, needs="pyreadstat"
)
_ALL = (
    FileForm(
        "csv",
        CSV_SUFFIXES,
        _csv_names,
        _parse_csv,
        is_whole=False,
    ),
    FileForm(
        "jsonl",
        ("jsonl", "ndjson", "json"),
        lambda lines, layout, _: json_keys(lines, layout.dialect.encoding),
        lambda lines, layout, origin: parse_json_lines(lines, layout, origin.place),
        is_whole=False,
    ),
    FileForm("json", (), array_keys, parse_json_array, convert="`jq -c '.[]' FILE > FILE.jsonl`."),
    FileForm(
        "excel",
        ("xlsx", "xlsm", "xlsb", "xls", "ods"),
        workbook_names,
        parse_workbook,
        needs="python_calamine",
    ),
    _STATISTICS("spss", ("sav", "zsav", "por")),
    _STATISTICS("stata", ("dta",)),
    _STATISTICS("sas", ("sas7bdat", "xpt")),
    FileForm("arrow", ("arrow", "feather", "orc"), arrow_names, parse_arrow),
    FileForm("text", ("txt",), note_names, parse_note),
)
FORMS = {form.name: form for form in _ALL}
"""Forms by name; Parquet is Spark's own business."""

FORM_BY_SUFFIX = {"parquet": "parquet"} | {s: form.name for form in _ALL for s in form.suffixes}

_OF_SQLITE = "Export: `sqlite3 -header -csv FILE 'SELECT * FROM TABLE' > FILE.csv`."
_PANDOC = "Save it as text: `pandoc -t plain FILE -o FILE.txt`."
_FROM_R = "`arrow::write_parquet(TABLE, 'FILE.parquet')`"
_OF_ACCESS = "an Access database", "Export: `mdb-export FILE TABLE > FILE.csv`."
UNREAD = {
    "docx": ("a Word document", _PANDOC),
    "doc": ("a Word document", "Save it as text: `soffice --headless --convert-to txt FILE`."),
    "odt": ("a text document", _PANDOC),
    "rtf": ("a text document", _PANDOC),
    "html": ("a web page", _PANDOC),
    "pdf": ("a PDF", "Extract its text: `pdftotext FILE FILE.txt`."),
    "xml": ("XML", "In Python: `pandas.read_xml('FILE').to_parquet('FILE.parquet')`."),
    "rds": ("a table of R", "In R: `arrow::write_parquet(readRDS('FILE'), 'FILE.parquet')`."),
    "rdata": ("tables of R", f"In R: `load('FILE')`, then {_FROM_R}."),
    "rda": ("tables of R", f"In R: `load('FILE')`, then {_FROM_R}."),
    "sqlite": ("an SQLite database", _OF_SQLITE),
    "sqlite3": ("an SQLite database", _OF_SQLITE),
    "db": ("a database, of SQLite perhaps", _OF_SQLITE),
    "duckdb": ("a DuckDB database", "Export: `duckdb FILE \"COPY TABLE TO 'FILE.parquet'\"`."),
    "mdb": _OF_ACCESS,
    "accdb": _OF_ACCESS,
    "avro": ("Avro", "In Python: `polars.read_avro('FILE').write_parquet('FILE.parquet')`."),
    "pkl": ("a pickle", "In Python: `pandas.read_pickle('FILE').to_parquet('FILE.parquet')`."),
    "h5": ("HDF5", "In Python: `pandas.read_hdf('FILE').to_parquet('FILE.parquet')`."),
    "numbers": ("a sheet of Numbers", "Save it as CSV in UTF-8."),
    "zip": ("an archive", "Unpack it: `unzip FILE -d FOLDER`."),
    "tar": ("an archive", "Unpack it: `tar xf FILE -C FOLDER`."),
    "tgz": ("an archive", "Unpack it: `tar xf FILE -C FOLDER`."),
    "7z": ("an archive", "Unpack it: `7z x FILE`."),
}
"""Endings of files that are not read: what they are, and what makes of them what is."""

_SUFFIX = re.compile(rf"\.(\w+)(?:\.({'|'.join(PACKINGS)}))?$")


def suffix_of(name: str) -> tuple[str, str | None]:
    """The ending of a file's name in lower case, and that of its packing; empty where there is none."""
    found = _SUFFIX.search(name.lower())
    return (found.group(1), found.group(2)) if found else ("", None)
