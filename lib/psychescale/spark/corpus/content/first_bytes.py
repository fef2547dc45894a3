"""What the first bytes of a file say that its name does not."""

from psychescale.errors import InputError

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# The first bytes of UTF-16 and UTF-32, in which a line break is not one byte.
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")

# First bytes of files whose name promises lines.
_NO_TEXT = (
    (b"\x1f\x8b", "compressed (gzip)", "Let its name end in .gz."),
    (b"BZh", "compressed (bzip2)", "Let its name end in .bz2."),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Decompress it (`zstd -d`)."),
    (b"\xfd7zXZ", "compressed (xz)", "Decompress it (`xz -d`)."),
    (b"PK\x03\x04", "an Excel workbook, or another zip archive", "Save it as CSV in UTF-8."),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "Save it as CSV in UTF-8."),
    (b"PAR1", "Parquet", "Let its name end in .parquet, or add ‹format› parquet."),
)


def require_text(first: bytes, place: str) -> None:
    """Refuse a file whose first line shows that it holds no lines."""
    for magic, kind, remedy in _NO_TEXT:
        if first.startswith(magic):
            raise InputError(f"{place} is {kind}, not text.", remedy=remedy)
    if first.startswith(WIDE_MARKS):
        raise wide(place)
    if b"\r" in first.removesuffix(b"\r"):
        raise InputError(
            f"{place} ends its lines with CR alone, as old Macs did.",
            remedy="Convert it: `tr '\\r' '\\n'`.",
        )


def wide(place: str) -> InputError:
    """The refusal of a file in which a line break is more than one byte."""
    return InputError(
        f"{place} is UTF-16 or UTF-32.",
        remedy="Convert it to UTF-8 (`iconv -f UTF-16 -t UTF-8`).",
    )
