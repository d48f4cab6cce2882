"""What people's answers teach: a cell whose alerts were often false has to be surer before it speaks again.

A cell is a detector, how narrow its scope is, and a metric. Each answer counts as one trial of a Beta-Bernoulli estimate of the cell's
precision. Surprise is −log10 of a chance, so one more makes chance alone ten times rarer: the cell's bar rises by what brings the odds
of a false alert back to those we promise. An outage is never held back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from breakwater.model.learning import FACTS, PROMISED, Answer, Cell

PRIOR_USEFUL, PRIOR_FALSE = 9.0, 1.0  # what a cell is believed to be worth before anybody said anything
MOST = 2.0  # units of surprise: a hundred times rarer, however much was said


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What is known of a cell: how many of its findings people called useful, and how many false."""

    cell: Cell
    useful: int
    false: int

    @property
    def precision(self) -> float:
        """The share of this cell's alerts that is believed to be worth reading, between 0 and 1."""
        return (PRIOR_USEFUL + self.useful) / (PRIOR_USEFUL + PRIOR_FALSE + self.useful + self.false)

    @property
    def caution(self) -> float:
        """How much surer the cell must be, in units of surprise; 0 for one that is as good as promised."""
        if self.cell.detector in FACTS:
            return 0.0
        odds = self.precision / (1 - self.precision)
        return min(max(math.log10(PROMISED / (1 - PROMISED)) - math.log10(odds), 0.0), MOST)


def learnt(answers: Iterable[Answer]) -> list[Learnt]:
    """All cells of which something was said, the least precise first."""
    counts: dict[Cell, list[int]] = {}
    for answer in answers:
        counts.setdefault(answer.cell, [0, 0])[0 if answer.useful else 1] += 1
    cells = [Learnt(cell=cell, useful=useful, false=false) for cell, (useful, false) in counts.items()]
    return sorted(cells, key=lambda one: (one.precision, one.cell))


def cautions(cells: Iterable[Learnt]) -> dict[tuple[str, str], float]:
    """How much surer each detector must be at each level, where it must be at all."""
    return {(one.cell.detector, one.cell.level): one.caution for one in cells if one.caution > 0}


def stricter(deviations: float, *, caution: float) -> float:
    """A bar in standard deviations, raised by so many units of surprise."""
    return math.sqrt(deviations**2 + 2 * math.log(10) * caution)
