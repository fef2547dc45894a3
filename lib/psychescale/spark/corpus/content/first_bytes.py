"""What the first bytes of a file say that its name does not."""

from psychescale.errors import InputError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The first bytes of UTF-16 and UTF-32, in which a line break is not one byte.
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

# First bytes of files whose name promises lines.
_NO_TEXT = (
    (b"\x1f\x8b", "compressed (gzip)", "Let its name end in .gz."),
    (b"BZh", "compressed (bzip2)", "Let its name end in .bz2."),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Let its name end in .zst."),
    (b"\xfd7zXZ", "compressed (xz)", "Let its name end in .xz."),
    (b"PK\x03\x04", "a workbook, or another zip archive", "For a workbook add ‹format› excel."),
    (b"\xd0\xcf\x11\xe0", "an old workbook, or another Office file", "Add ‹format› excel."),
    (b"$FL2", "of SPSS", "Add ‹format› spss."),
    (b"$FL3", "of SPSS", "Add ‹format› spss."),
    (b"<stata_dta>", "of Stata", "Add ‹format› stata."),
    (b"ARROW1", "Arrow", "Add ‹format› arrow."),
    (b"ORC", "ORC", "Add ‹format› arrow, which reads ORC too."),
    (b"%PDF", "a PDF", "Extract its text (`pdftotext FILE.pdf FILE.txt`)."),
    (
        b"SQLite format 3",
        "an SQLite database",
        "Export its table (`sqlite3 -header -csv FILE 'SELECT …'`).",
    ),
    (b"PAR1", "Parquet", "Let its name end in .parquet, or add ‹format› parquet."),
)


def require_text(first: bytes, place: str) -> None:
    """Refuse a file whose first line shows that it holds no lines."""
    for magic, kind, remedy in _NO_TEXT:
        if first.startswith(magic):
            raise InputError(f"{place} is {kind}, not text.", remedy=remedy)
    if first.startswith(WIDE_MARKS):
        raise wide(place)
    if b"\0" in first[:2]:
        raise InputError(
            f"{place} seems to be UTF-16 without a byte order mark.",
            remedy="Add ‹encoding› utf-16-le (or utf-16-be).",
        )
    if b"\r" in first.rstrip(b"\r"):  # Windows writes two of them where it makes a line end of one
        raise InputError(
            f"{place} ends its lines with CR alone, as old Macs did.",
            remedy="Convert it: `tr '\\r' '\\n'`.",
        )


def wide(place: str) -> InputError:
    """The refusal of a file in which a line break is more than one byte, among others."""
    return InputError(f"{place} is UTF-16 or UTF-32.", remedy="Add ‹encoding› utf-16 (or utf-32).")


def wide_encoding(first: bytes) -> str | None:
    """The encoding that a byte order mark names, where a line break is more than one byte in it."""
    if first.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    return "utf-16" if first.startswith(WIDE_MARKS) else None
