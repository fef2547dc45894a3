"""Files that hold a table and no lines, read whole by the libraries that know them → rows."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from psychescale.errors import InputError
from psychescale.spark.corpus.content.csv_lines import rows_of_records
from psychescale.spark.corpus.content.dialect import Dialect
from psychescale.spark.corpus.content.objects import (
    names_of,
    plain,
    require_columns,
    row_of,
    tops_of,
)
from psychescale.spark.corpus.content.parsed import Layout, Origin, ParsedRow

Records = Iterator[tuple[int, Sequence[str]]]


def workbook_names(content: bytes, layout: Layout, origin: Origin) -> list[str]:
    """Column names of a sheet: the first row that holds anything."""
    _, first = next(_sheet(content, layout.dialect, origin.place), (1, []))
    return list(first)


def parse_workbook(content: bytes, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """Rows of a sheet of Excel or OpenDocument, as those of a CSV file.

    Raises:
        InputError: It is no workbook, or nobody has said which of its sheets.
    """
    return rows_of_records(_sheet(content, layout.dialect, origin.place), layout, origin.place)


def _sheet(content: bytes, dialect: Dialect, place: str) -> Records:
    """(row number, cells as text); empty rows are left out."""
    import python_calamine as calamine  # noqa: PLC0415 - of an extra

    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except calamine.PasswordError:
        raise InputError(
            f"{place} has a password.", remedy="Save it without one, where that is safe."
        ) from None
    except calamine.CalamineError:
        raise _damaged(place) from None
    sheet = workbook.get_sheet_by_name(_sheet_name(workbook, dialect.sheet, place))
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.to_python(skip_empty_area=True), start=first):
        fields = [plain(cell) or "" for cell in cells]
        if any(fields):
            yield number, fields


def _sheet_name(workbook: Any, wanted: str | None, place: str) -> str:
    names: list[str] = workbook.sheet_names
    if wanted in names:
        return str(wanted)
    told = ", ".join(names)
    if wanted is not None:
        raise InputError(f"{place} has no sheet {wanted}; it has {told}.", remedy="See ‹sheet›.")
    filled = [name for name in names if workbook.get_sheet_by_name(name).start is not None]
    if len(filled) > 1:
        raise InputError(
            f"{place} has {len(filled)} sheets that hold something: {told}.",
            remedy="Say which one: ‹sheet›.",
        )
    return filled[0] if filled else names[0]


_READERS = {
    "sav": "read_sav",
    "zsav": "read_sav",
    "spss": "read_sav",
    "por": "read_por",
    "dta": "read_dta",
    "stata": "read_dta",
    "sas7bdat": "read_sas7bdat",
    "sas": "read_sas7bdat",
    "xpt": "read_xport",
}


def statistics_names(content: bytes, layout: Layout, origin: Origin) -> list[str]:
    """Names of the variables of a file of SPSS, Stata or SAS."""
    _, about = _read_statistics(content, origin, layout.form, metadataonly=True)
    return list(about.column_names)


def parse_statistics(content: bytes, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """Rows of a file of SPSS, Stata or SAS: codes as they are, not their labels.

    Raises:
        InputError: It is none, or lacks a column.
    """
    names = statistics_names(content, layout, origin)
    require_columns(layout.columns, names, origin.place)
    wanted = list(dict.fromkeys(layout.columns))
    columns, _ = _read_statistics(content, origin, layout.form, usecols=wanted)
    for number, values in enumerate(zip(*(columns[n] for n in wanted), strict=True), start=1):
        yield row_of(number, dict(zip(wanted, values, strict=True)), layout)


def _read_statistics(content: bytes, origin: Origin, form: str, **options: Any) -> tuple[Any, Any]:
    import pyreadstat  # noqa: PLC0415 - of an extra

    suffix = origin.path.rpartition(".")[2].lower()
    read = getattr(pyreadstat, _READERS.get(suffix, _READERS.get(form, "read_sav")))
    try:
        result: tuple[Any, Any] = read(io.BytesIO(content), output_format="dict", **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OSError):
        raise _damaged(origin.place) from None
    return result


def arrow_names(content: bytes, layout: Layout, origin: Origin) -> list[str]:
    """Names of the columns of an Arrow or ORC file, and of the fields of structs."""
    del layout
    schema, _ = _batches(content, origin.place)
    return list(dict.fromkeys(names_of(_empty(schema))))


def parse_arrow(content: bytes, layout: Layout, origin: Origin) -> Iterator[ParsedRow]:
    """Rows of Arrow streams (Hugging Face's ``datasets``), Feather and ORC files.

    Raises:
        InputError: It is none, or lacks a column.
    """
    schema, batches = _batches(content, origin.place)
    require_columns(layout.columns, names_of(_empty(schema)), origin.place)
    wanted = tops_of(layout.columns, schema.names)
    rows = (row for batch in batches for row in batch.select(wanted).to_pylist())
    for number, row in enumerate(rows, start=1):
        yield row_of(number, row, layout)


def _batches(content: bytes, place: str) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    whole = pa.BufferReader(content)
    try:
        if content.startswith(b"ORC"):
            from pyarrow import orc  # noqa: PLC0415 - not in every build of pyarrow

            table = orc.ORCFile(whole).read()
            return table.schema, iter(table.to_batches())
        if content.startswith(b"ARROW1"):
            file = pa.ipc.open_file(whole)
            return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
        stream = pa.ipc.open_stream(whole)
        return stream.schema, iter(stream)
    except (pa.ArrowException, OSError):
        raise _damaged(place) from None


def _empty(fields: Any) -> Mapping[str, Any]:
    """A row of a schema without values."""
    return {
        field.name: _empty(field.type) if pa.types.is_struct(field.type) else None
        for field in fields
    }


def _damaged(place: str) -> InputError:
    return InputError(
        f"{place} cannot be read: it is damaged, incomplete, or not what its name says.",
        remedy="Replace it, or leave it out.",
    )
