"""What was learnt from people's answers: which cells must be surer now, and how to take that back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from breakwater.model.learning import FACTS, PROMISED, Cell
from breakwater.model.per_cent import per_cent
from breakwater.views.blocks import Block, Message, button, context, fit, section, word
from breakwater.views.words import joined, plural

UNDO = "feedback_undo"
CELLS_SHOWN = 20
_DETECTORS = {
    "drop": "Volume down",
    "rise": "Volume up",
    "decline": "Approvals down",
    "dearer": "Average payment up",
    "cheaper": "Average payment down",
    "truncated": "File cut off",
    "deadline": "File late or missing",
    "copy": "File delivered twice",
    "gap": "Number missing",
    "changed": "File not like those before",
    "threshold": "State below its threshold",
    "reasons": "Declines by reason",
    "refunds": "Refunds up",
    "chargebacks": "Chargebacks up",
    "fees": "Fees changed",
    "rates": "Exchange rate changed",
    "settlement": "Settlement slower",
    "breaks": "More in breaks",
}


class Learnt(Protocol):
    """What is known of a cell."""

    @property
    def cell(self) -> Cell:
        """Detector, level and metric."""

    @property
    def useful(self) -> int:
        """Findings people called useful."""

    @property
    def false(self) -> int:
        """Findings people called false."""

    @property
    def precision(self) -> float:
        """The believed share of findings worth reading."""

    @property
    def caution(self) -> float:
        """How much surer it must be: each whole one makes chance ten times rarer."""


def learnt(cells: Sequence[Learnt]) -> Message:
    """What `/anomalies feedback` answers."""
    if not cells:
        text = "Nothing was learnt yet: nobody called a finding useful or false."
        return Message(text=text, blocks=(section(text), context(_HOW)))
    blocks: list[Block] = [section(f"*What your answers taught* · {plural(len(cells), 'kind')} of findings")]
    blocks += [_cell(one) for one in cells[:CELLS_SHOWN]]
    if len(cells) > CELLS_SHOWN:
        blocks.append(context(f"_… and {len(cells) - CELLS_SHOWN:,} more, all more precise than these._"))
    blocks.append(context(_HOW))
    text = "What your answers taught: " + "; ".join(learnt_line(one) for one in cells[:3]) + "."
    return fit(Message(text=text, blocks=tuple(blocks)))


def learnt_line(one: Learnt) -> str:
    """A cell in one line."""
    said = joined((f"{one.useful:,} useful" if one.useful else "", f"{one.false:,} false" if one.false else ""), ", ")
    unchanged = "told whatever was said" if one.cell.detector in FACTS else "unchanged"
    surer = f"must be {10**one.caution:,.0f} times less likely by chance now" if one.caution >= 0.05 else unchanged
    return f"{cell_words(one.cell)}: {said}, {surer}"


def cell_words(cell: Cell) -> str:
    """A cell as people call it: 'Volume down, per partner, currency'."""
    detector = _DETECTORS.get(cell.detector, word(cell.detector))
    if cell.level == "file":
        return detector
    return f"{detector}, per {word(cell.level)}" if cell.level else f"{detector}, all together"


def undone(cell: Cell, *, answers: int) -> Message:
    """What was learnt of a cell is taken back."""
    again = "." if cell.detector in FACTS else ", so its findings speak as early as at first."
    text = f"↩️ {cell_words(cell)}: {plural(answers, 'answer')} taken back{again}"
    return Message(text=text, blocks=(section(text),))


def _cell(one: Learnt) -> Block:
    cell = {"detector": one.cell.detector, "level": one.cell.level, "metric": one.cell.metric}
    undo = button(UNDO, "Undo", cell, confirm="What was said of these findings teaches nothing any more. The findings stay as they are.")
    return section(f"• {learnt_line(one)}", accessory=undo)


_HOW = (
    "*False positive* counts against findings like it, *Acknowledge* and *Accept as new level* for them. While fewer than"
    f" {per_cent(PROMISED)} are believed to be worth it, they must be surer before they speak. An outage is always told; files that are"
    " late, missing or sent twice, missing numbers and thresholds are facts, which no answer makes rarer."
)
