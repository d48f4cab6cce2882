"""Charts: data that survives the outbox, a PNG a phone can show, and words for those who can't see it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import numpy as np
import pytest
from matplotlib import image
from slack_limits import accept
from view_examples import NASTY, NOW, a_digest, a_finding, a_volume

from breakwater.model.findings import SeriesPoint
from breakwater.views import charts, digests, findings
from breakwater.views.blocks import CHART_BLOCK, Message
from breakwater.views.figures import Chart, Panel

VOLUMES = (a_volume("Nordbank", usual=3_100, last=0.98), a_volume("Meridian", usual=12_400, last=0.41))

STEADY = tuple(SeriesPoint(at=NOW - timedelta(hours=9 - n), seen=90.0, expected=92.0) for n in range(9))


def chart_of(volumes: tuple[digests.PartnerVolume, ...] = VOLUMES) -> Chart:
    chart = digests.volume_chart(volumes)
    assert chart is not None
    return chart


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_a_chart_survives_the_way_through_json() -> None:
    chart = chart_of()

    assert Chart.from_json(json.loads(json.dumps(chart.to_json()))) == chart


def test_the_largest_shortfall_is_the_first_panel_and_the_words_say_so() -> None:
    chart = chart_of()

    assert [panel.name for panel in chart.panels] == ["Meridian", "Nordbank"]
    assert chart.alt_text == (
        "Payments per day over 28 days, seen against expected. "
        "On 23 Nov: Meridian 5,084 (expected 12,400, −59 %); Nordbank 3,038 (as expected)."
    )


def test_a_new_partner_is_padded_at_its_beginning() -> None:
    chart = chart_of((*VOLUMES, a_volume("New", usual=50, last=1.0, days=3)))

    new = next(panel for panel in chart.panels if panel.name == "New")
    assert len(new.seen) == len(chart.labels) == 28
    assert new.expected[:25] == (None,) * 25


def test_panels_that_are_not_drawn_are_counted() -> None:
    message = digests.digest(a_digest(volumes=tuple(a_volume(f"P{n}", usual=100, last=1.0) for n in range(9))))

    assert message.chart is not None
    assert len(message.chart.panels) == 5
    assert "4 more not drawn" in str(message.blocks[-1])


def test_no_volume_is_no_chart() -> None:
    assert digests.volume_chart(()) is None
    assert digests.digest(a_digest(volumes=())).chart is None


@pytest.mark.parametrize("panels", [1, 2, 5])
def test_a_drawing_is_two_pixels_for_each_of_a_phones_seven_hundred(panels: int) -> None:
    png = charts.draw(chart_of(tuple(a_volume(f"{NASTY} $x$ {n}", usual=900, last=0.5) for n in range(panels))))

    width, height = size_of(png)
    assert width == 1_400
    assert height < 2 * width
    assert len(png) < 400_000


@pytest.mark.parametrize(
    "panel",
    [
        Panel(name="zero", seen=(0.0, 0.0), expected=(None, None)),
        Panel(name="no history", seen=(5.0,), expected=(None,)),
        Panel(name="nothing expected", seen=(5.0, 7.0), expected=(0.0, 0.0)),
    ],
    ids=lambda panel: panel.name,
)
def test_a_thin_series_is_drawn_as_well(panel: Panel) -> None:
    chart = Chart(title="t", alt_text="a", labels=tuple(str(n) for n in range(len(panel.seen))), panels=(panel,))

    assert size_of(charts.draw(chart))[0] == 1_400


def a_running_day(days: int, hour: str) -> Chart:
    panel = Panel(name="Meridian", seen=(5.0,) * days, expected=(5.0,) * days)
    return Chart(title="t", alt_text="a", labels=(*("12 Nov",) * (days - 1), f"25 Nov until {hour}"), panels=(panel,))


@pytest.mark.parametrize("days", [2, 5, 6, 9, 11, 14, 28])
def test_the_label_of_a_day_that_is_running_is_whole_and_touches_nothing(days: int) -> None:
    """The labels are the lowest letters; between two of them, and beside the last, there is more room than between two words."""
    png = charts.draw(a_running_day(days, "01:00"))
    pixels = image.imread(BytesIO(png))[-70:, :, :3]
    inked = np.flatnonzero((np.abs(pixels - pixels[-1, 0]) > 0.2).any(axis=(0, 2)))
    labels = np.split(inked, np.flatnonzero(np.diff(inked) > 18) + 1)

    assert len(labels) == len(range(days - 1, -1, -max(1, -(-days // 5))))
    assert labels[-1][-1] < 1_400 - 24
    assert png != charts.draw(a_running_day(days, "13:00"))


def test_threads_draw_the_same_picture() -> None:
    chart = chart_of()
    alone = charts.draw(chart)

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(charts.draw, [chart] * 8))

    assert drawn == [alone] * 8


def test_the_picture_takes_the_place_kept_for_it_and_brings_its_words() -> None:
    message = findings.finding_card(a_finding(), partner_name="Meridian", at=NOW)
    assert message.chart is not None

    placed = charts.place(message.blocks, charts.chart_block("F0CHART", message.chart))

    assert [block["type"] for block in placed] == ["section", "image", "actions", "context"]
    assert placed[1]["slack_file"] == {"id": "F0CHART"}
    assert placed[1]["alt_text"].startswith("Approved, per cent per hour at Meridian, 48 hours to 24 Nov 06:12 UTC: last 61, expected 92.1")
    accept(Message(text=message.text, blocks=tuple(placed)))


def test_without_its_picture_the_message_still_says_what_it_shows() -> None:
    message = findings.finding_card(a_finding(), partner_name="Meridian", at=NOW)

    place = next(block for block in message.blocks if block.get("block_id") == CHART_BLOCK)
    assert "last 61, expected 92.1" in str(place)


def test_an_alarm_colours_the_hours_since_it_began() -> None:
    chart = findings.finding_card(a_finding(), partner_name="Meridian", at=NOW).chart

    assert chart is not None
    assert chart.panels[0].alarm_from == 45


def test_trouble_is_drawn_in_a_colour_of_its_own_and_calm_is_not() -> None:
    calm = chart_of((a_volume("Calm", usual=900, last=1.0),))
    alarmed = findings.finding_card(a_finding(since=NOW - timedelta(hours=1), series=STEADY), partner_name="Meridian", at=NOW).chart

    assert alarmed is not None
    assert has_colour(charts.draw(alarmed), "#ff7b72")
    assert not has_colour(charts.draw(calm), "#ff7b72")


def has_colour(png: bytes, colour: str) -> bool:
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    pixels = np.rint(image.imread(BytesIO(png))[:, :, :3] * 255)
    return bool((pixels == wanted).all(axis=2).any())


def test_a_legend_names_what_is_in_the_picture() -> None:
    finding = findings.finding_card(a_finding(), partner_name="Meridian", at=NOW).chart
    by_day = tuple(SeriesPoint(at=NOW - timedelta(days=9 - n), seen=90.0, expected=92.0) for n in range(9))
    fees = findings.finding_card(a_finding(series=by_day), partner_name="Meridian", at=NOW).chart
    assert finding
    assert fees

    assert said_in(finding) == ["■ seen", "━ expected: usual for that hour of the week", "■ since it began"]
    assert said_in(fees) == ["■ seen", "━ expected: as on the days before", "■ since it began"]
    assert said_in(chart_of()) == ["■ seen", "━ expected: usual for that day", "■ less than 70 % of it"]
    assert said_in(chart_of(VOLUMES[:1])) == ["■ seen", "━ expected: usual for that day"]


def said_in(chart: Chart) -> list[str]:
    return [words for words, _ in charts.legend(chart)]


def test_a_chart_of_bars_alone_has_no_legend() -> None:
    """Such as a trend: nothing is expected of it, and its title says what the bars are."""
    bars = Chart(title="t", alt_text="a", labels=("1", "2"), panels=(Panel(name="EUR", seen=(5.0, 7.0), expected=(None, None)),))

    assert charts.legend(bars) == ()
    assert size_of(charts.draw(bars))[1] < size_of(charts.draw(replace(bars, panels=(replace(bars.panels[0], expected=(5.0, 5.0)),))))[1]


def test_only_what_belongs_to_a_finding_has_the_colour_of_trouble_on_its_chart() -> None:
    dip = replace(STEADY[0], seen=1.0)
    chart = findings.finding_card(
        a_finding(since=NOW - timedelta(hours=1), series=(dip, *STEADY[1:])), partner_name="Meridian", at=NOW
    ).chart
    assert chart

    assert charts.legend(chart)[-1][0] == "■ since it began"
    assert charts._colour(chart.panels[0], 0) != charts._colour(chart.panels[0], 8)


def test_a_chart_that_waited_since_before_charts_said_what_is_usual_is_drawn() -> None:
    waiting = chart_of().to_json()
    del waiting["usual"]

    assert said_in(Chart.from_json(waiting))[1] == "━ expected"
