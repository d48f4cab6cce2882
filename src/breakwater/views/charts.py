"""Charts: drawn as PNG for a phone, in light and dark mode alike, and put in their place in a message."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from breakwater.model.per_cent import per_cent
from breakwater.views.blocks import CHART_BLOCK, Block, image
from breakwater.views.figures import Chart as Chart
from breakwater.views.figures import Panel
from breakwater.views.words import number

# A solid dark-blue ground reads well on white and on black; what is drawn on it keeps a contrast above 4.5 : 1.
_GROUND, _INK, _QUIET, _GRID = "#0f1b2d", "#f2f5f9", "#a9b8cc", "#33455f"
_SEEN, _BEFORE, _EXPECTED, _SHORT = "#5bbcff", "#3d86bd", "#ffd166", "#ff7b72"
_WIDTH_IN, _PANEL_IN, _ALONE_IN, _HEAD_IN, _LEGEND_IN, _FOOT_IN, _DPI = (
    7.0,
    1.5,
    2.2,
    0.4,
    0.26,
    0.4,
    200,
)  # 1,400 px wide: two for each of the 700 a phone shows
_LEFT, _RIGHT = 0.04, 0.85
_TITLE_PT, _TEXT_PT, _SMALL_PT = 14, 12.5, 11
_SHORT_OF = 0.7  # a day below this share of what was expected is drawn in the colour of trouble
_TICKS = 5
_TITLE_LETTERS, _LEGEND_LETTERS, _LEGEND_GAP = 54, 50, 0.03
_LABEL_LETTERS = 18  # "25 Nov until 01:00" is whole, and the label before it is not touched


def chart_block(file_id: str, chart: Chart) -> Block:
    """The image block that takes the place kept for `chart`, once it is drawn and uploaded."""
    return image(file_id=file_id, alt_text=chart.alt_text, block_id=CHART_BLOCK)


def place(blocks: Iterable[Block], block: Block) -> list[Block]:
    """The blocks of a message with `block` in the place that was kept for it."""
    return [block if kept.get("block_id") == block["block_id"] else kept for kept in blocks]


def draw(chart: Chart) -> bytes:
    """The chart as PNG. Uses no global state of matplotlib, so threads may draw at the same moment."""
    # Only the sender draws, and matplotlib takes half a second to import: a command must not wait for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panel_in = _PANEL_IN if len(chart.panels) > 1 else _ALONE_IN
    entries = legend(chart)
    height_in = _HEAD_IN + _LEGEND_IN * bool(entries) + panel_in * len(chart.panels) + _FOOT_IN
    figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, facecolor=_GROUND)
    FigureCanvasAgg(figure)
    figure.text(
        _LEFT, 1 - 0.17 / height_in, _plain(chart.title, _TITLE_LETTERS), color=_INK, fontsize=_TITLE_PT, fontweight="bold", va="top"
    )
    _legend(figure, entries, y=1 - (0.13 + _HEAD_IN) / height_in)
    for row, panel in enumerate(chart.panels, start=1):
        bottom_in = _FOOT_IN + panel_in * (len(chart.panels) - row)
        axes = figure.add_axes((_LEFT, bottom_in / height_in, _RIGHT - _LEFT, (panel_in - 0.56) / height_in))
        _panel(axes, panel)
        _ticks(axes, chart.labels if row == len(chart.panels) else ())
    stream = BytesIO()
    figure.savefig(stream, format="png", facecolor=_GROUND, metadata={"Software": None})
    return stream.getvalue()


def legend(chart: Chart) -> tuple[tuple[str, str], ...]:
    """What the colours of a chart mean, as words and colour; nothing where there is nothing but bars to see."""
    expected = any(value is not None for panel in chart.panels for value in panel.expected)
    colours = {_colour(panel, step) for panel in chart.panels for step in range(len(panel.seen))}
    alarmed = any(panel.alarm_from is not None for panel in chart.panels)
    line = [(f"━ expected{f': {chart.usual}' if chart.usual else ''}", _EXPECTED)] if expected else []
    trouble = [("■ since it began" if alarmed else f"■ less than {per_cent(_SHORT_OF)} of it", _SHORT)] if _SHORT in colours else []
    return (("■ seen", _SEEN), *line, *trouble) if line or trouble else ()


def _legend(figure: Any, entries: Iterable[tuple[str, str]], *, y: float) -> None:
    x = _LEFT
    for words, colour in entries:
        written = figure.text(x, y, _plain(words, _LEGEND_LETTERS), color=colour, fontsize=_SMALL_PT, va="top")
        x += written.get_window_extent().width / (_WIDTH_IN * _DPI) + _LEGEND_GAP


def _panel(axes: Any, panel: Panel) -> None:
    steps = range(len(panel.seen))
    colours = [_colour(panel, step) for step in steps]
    known = [(step, value) for step, value in zip(steps, panel.expected, strict=True) if value is not None]
    axes.set_facecolor(_GROUND)
    axes.bar(steps, panel.seen, width=0.72, color=colours, linewidth=0)
    axes.hlines([value for _, value in known], [s - 0.46 for s, _ in known], [s + 0.46 for s, _ in known], color=_EXPECTED, linewidth=2.4)
    axes.set_xlim(-0.6, len(panel.seen) - 0.4)
    axes.set_ylim(0, 1.05 * max([*panel.seen, *(value for _, value in known), 1]))
    axes.set_yticks([])
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    beside: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom"}
    axes.text(0, 1.08, _plain(panel.name, 30), color=_INK, fontsize=_TEXT_PT, fontweight="bold", **beside)
    axes.text(1, 1.08, _plain(panel.note, 30), color=_INK if colours[-1] == _SHORT else _QUIET, fontsize=_SMALL_PT, ha="right", **beside)
    axes.annotate(
        number(panel.seen[-1]), (1, panel.seen[-1]), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
        color=colours[-1], fontsize=_TITLE_PT, fontweight="bold", va="center", annotation_clip=False,
    )  # fmt: skip


def _colour(panel: Panel, step: int) -> str:
    seen, expected = panel.seen[step], panel.expected[step]
    is_short = expected is not None and seen < _SHORT_OF * expected
    if is_short if panel.alarm_from is None else step >= panel.alarm_from:
        return _SHORT
    return _SEEN if step == len(panel.seen) - 1 else _BEFORE


def _ticks(axes: Any, labels: tuple[str, ...]) -> None:
    every = max(1, -(-len(labels) // _TICKS))
    # Counted from the last step back, so that the latest one always has its label.
    at = list(range(len(labels) - 1, -1, -every))[::-1]
    axes.set_xticks(at, [_plain(labels[n], _LABEL_LETTERS) for n in at])
    axes.tick_params(axis="x", colors=_QUIET, labelsize=_SMALL_PT, length=0, pad=5)


def _plain(text: str, limit: int) -> str:
    """One short line that matplotlib takes literally: '$' would start a formula."""
    line = " ".join(text.split()).replace("$", r"\$")
    return line if len(line) <= limit else line[: limit - 1] + "…"
