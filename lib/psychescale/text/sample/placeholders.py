"""What stands where a text was: ``[deleted]``, ``N/A`` and the like, which are no text of anybody."""

from typing import Final

PLACEHOLDERS: Final = frozenset(
    {
        # Reddit and its archives, for posts that their authors or moderators took away
        "[deleted]",
        "[removed]",
        "[deleted by user]",
        "[removed by reddit]",
        "[ removed by reddit ]",
        "[ removed by moderator ]",
        "[ deleted by user ]",
        "deleted",
        "removed",
        "<deleted>",
        "<removed>",
        "(deleted)",
        "(removed)",
        # what programs write where there is nothing
        "nan",
        "<na>",
        "na",
        "n/a",
        "#n/a",
        "n.a.",
        "null",
        "<null>",
        "(null)",
        "none",
        "nil",
        "\\n",
        "nat",
        "undefined",
        "missing",
        "[missing]",
        "[null]",
        "(blank)",
        "[blank]",
        "no text",
        "[no text]",
        "-",
        "--",
        ".",
    }
)
"""Compared with whole texts, without white space around them and in small letters.

A person may answer "none" or "-" too: that is why texts like these are counted, and left out on request
only.
"""

EXAMPLES: Final = "[deleted], N/A and the like"
BLANKS: Final = " \t\r\n\v\f"


def is_placeholder(text: str) -> bool:
    """Whether a text is nothing but one of `PLACEHOLDERS`."""
    return text.strip(BLANKS).lower() in PLACEHOLDERS
