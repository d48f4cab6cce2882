"""Where in its file a record stands, in words: what is counted differs by what a file is made of."""

from __future__ import annotations

_MARKUP = ("camt.", "pain.", "pacs.")  # of these, entries and transactions are counted; lines of XML mean nothing
_COUNTED = {"mastercard-ipm": "message"}


def place(number: int | None, *, format: str = "", name: str = "") -> str:
    """'entry 4' of a bank's XML, 'message 4' of a clearing file, 'row 4' of a table, 'line 4' of a text; empty where none is known.

    `format` and `name` are those of the file.
    """
    if not number:
        return ""
    folded = name.casefold()
    counted = "entry" if format.startswith(_MARKUP) or folded.endswith(".xml") else "row" if folded.endswith(".parquet") else "line"
    return f"{_COUNTED.get(format, counted)} {number:,}"
