"""A chart as the sender draws it: a finding's (one panel of 72 hours) and a digest's (four panels of four weeks), as PNG for a phone."""

from __future__ import annotations

import math
import time

from breakwater.views.charts import draw
from breakwater.views.figures import Chart, Panel

BUDGET_S = 0.3
TIMES = 9


def main() -> None:
    """Print the middle of the processor seconds that drawing takes; the first, which loads the library, is told apart."""
    began = time.process_time()
    draw(_chart(panels=1, steps=72))
    print(f"charts: the first one of a process, with matplotlib loaded: {time.process_time() - began:.2f} s")
    for name, panels, steps in (("a finding's", 1, 72), ("a digest's", 4, 28)):
        chart = _chart(panels=panels, steps=steps)
        taken_s = sorted(_seconds(chart) for _ in range(TIMES))[TIMES // 2]
        kept = "kept" if taken_s < BUDGET_S else "MISSED"
        print(f"charts: {name}, {panels} x {steps}: {taken_s * 1_000:.0f} ms, budget {BUDGET_S * 1_000:.0f} ms {kept}")


def _seconds(chart: Chart) -> float:
    began = time.process_time()
    draw(chart)
    return time.process_time() - began


def _chart(*, panels: int, steps: int) -> Chart:
    waves = tuple(900 + 300 * math.sin(step / 4) for step in range(steps))
    return Chart(
        title="Payments per hour",
        labels=tuple(f"{step:02}:00" for step in range(steps)),
        panels=tuple(
            Panel(name=f"Cards {n}", seen=tuple(w * (0.4 if step > steps * 0.9 else 1) for step, w in enumerate(waves)), expected=waves)
            for n in range(panels)
        ),
        alt_text="Payments per hour, seen and expected",
    )
