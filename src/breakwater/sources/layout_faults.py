"""What is wrong in a report's rows, said with the line it stands on."""

from __future__ import annotations

from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import FileError
from breakwater.model.masking import mask_cards
from breakwater.sources.columns import Blame
from breakwater.sources.csv_blocks import Block
from breakwater.sources.documents import RESEND


class Faults:
    """Refuses a document for a cell of one of its blocks."""

    def __init__(self, name: str, block: Block) -> None:
        self._name = name
        self._lines = block.lines

    def blame(self, code: str, column: str, why: str) -> Blame:
        """A way to refuse the document for one cell of a column."""

        def blame(row: int, text: str) -> NoReturn:
            raise self._error(code, row, f"'{column}' {mask_cards(repr(text))} {why}")

        return blame

    def no_amount(self, column: str) -> Blame:
        """A way to refuse the document for a cell that is no amount."""
        return self.blame("bad-amount", column, "is no amount this currency can have")

    def require(self, wrong: pa.Array, column: str, why: str, *, code: str = "bad-amount") -> None:
        """Refuse the document if a row is `wrong`."""
        row = pc.index(wrong, value=True).as_py()
        if row >= 0:
            raise self._error(code, row, f"'{column}' {why}")

    def too_large(self) -> FileError:
        """The refusal of amounts whose sums no column can hold."""
        return self._error("bad-amount", 0, "here or below amounts are too large to be added")

    def _error(self, code: str, row: int, what: str) -> FileError:
        return FileError(code, f"{self._name} line {self._lines[row].as_py()}: {what}.", remedy=RESEND)
