"""How news about files looks: read the golden files in the diff. No name of a file or words of a server exceed what Slack takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_limits import accept
from view_examples import LONG, NASTY, NOW

from breakwater.model.files import PartnerFiles, SourceFile
from breakwater.model.partners import FileDue
from breakwater.model.records import Side
from breakwater.views import files
from breakwater.views.blocks import Message

REFUSED = SourceFile(
    sha256="9c56cc51b374",
    partner="nordbank",
    stream="statement",
    side=Side.THEIRS,
    format="camt.053",
    name="camt053_20261123.xml",
    business_date=date(2026, 11, 23),
    received_at=NOW,
    records=0,
    events=0,
    state="quarantined",
    reason="truncated: the file ends in the middle of statement 3.",
)
HANDLED = replace(REFUSED, state="ingested", records=1_204, handled_by="U0ADA", handled_at=NOW)
BERLIN = ZoneInfo("Europe/Berlin")


def a_due(on: int) -> FileDue:
    due_at = datetime(2026, 11, on + 1, 6, tzinfo=UTC)
    return FileDue(
        partner="nordbank", stream="statement", business_date=date(2026, 11, on), due_at=due_at, deadline_at=due_at + timedelta(hours=1)
    )


FINE = PartnerFiles(partner_id="nordbank", partner_name="Nordbank", time_zone=BERLIN, next_due=(a_due(24),), arrived=(HANDLED,))
IN_TROUBLE = PartnerFiles(
    partner_id="meridian",
    partner_name="Meridian",
    time_zone=BERLIN,
    next_due=(a_due(24),),
    late=(a_due(23),),
    missing=(a_due(19), a_due(20)),
    quarantined=(REFUSED,),
    arrived=(replace(HANDLED, state="duplicate"), replace(HANDLED, state="superseded"), HANDLED),
    lost_since=(("statement", NOW),),
)
LOST = {"reason": "files.nordbank.example does not answer.", "remedy": "Ask Nordbank."}

MESSAGES: dict[str, Message] = {
    "file_refused_again": files.quarantined(
        replace(REFUSED, handled_by="U0ADA", handled_at=NOW), partner_name="Nordbank", remedy="Ask Nordbank to send it again."
    ),
    "file_being_read": files.being_read(
        REFUSED, partner_name="Nordbank", by="U0ADA", now=NOW, read_bytes=420_000_000, size_bytes=1_000_000_000
    ),
    "file_taken_in_after_all": files.taken_in_after_all(HANDLED, partner_name="Nordbank"),
    "file_gone_at_source": files.gone_at_source(
        first=date(2026, 11, 10), last=date(2026, 11, 24), count=7, amount_minor={"EUR": 120_50, "JPY": 900}, named=("L-1", LONG, NASTY)
    ),
    "file_discarded": files.discarded(replace(HANDLED, state="discarded", records=0), partner_name="Nordbank"),
    "file_retried": files.retried(HANDLED),
    "file_still_refused": files.still_refused(REFUSED, remedy="Ask Nordbank to send it again."),
    "file_reissued": files.reissued(HANDLED, partner_name="Nordbank", replaced=[replace(HANDLED, records=1_200)]),
    "files_standing": files.standing([FINE, IN_TROUBLE]),
    "files_standing_one": files.standing([FINE]),
    "drop_lost": files.drop_lost(stream="statement", partner_name="Nordbank", **LOST),
    "drop_back": files.drop_back(stream="statement", partner_name="Nordbank", since=NOW),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_news_of_a_file_looks_like_its_golden_file(name: str, golden: Callable[[str, Any], None]) -> None:
    accept(MESSAGES[name])

    golden(name, MESSAGES[name].payload())


def hostile_messages(word: str) -> dict[str, Message]:
    """Every view with `word` in the place of every foreign word it shows."""
    file = replace(HANDLED, name=word, reason=word, stream=word, format=word, handled_by=word)
    due = replace(a_due(23), stream=word)
    crowd = PartnerFiles(
        partner_id=word,
        partner_name=word,
        time_zone=BERLIN,
        next_due=(due,) * 40,
        late=(due,) * 40,
        missing=(due,) * 40,
        quarantined=(file,) * 40,
        arrived=(file,) * 40,
        lost_since=((word, NOW),),
    )
    return {
        "standing": files.standing([crowd] * 80),
        "reissued": files.reissued(file, partner_name=word, replaced=[file] * 9),
        "discarded": files.discarded(replace(file, state="discarded"), partner_name=word),
        "being_read": files.being_read(file, partner_name=word, by=word, now=NOW, read_bytes=9, size_bytes=5),
        "taken_in": files.taken_in_after_all(file, partner_name=word),
        "refused": files.quarantined(file, partner_name=word, remedy=word),
        "still_refused": files.still_refused(file, remedy=word),
        "retried": files.retried(file),
        "drop_lost": files.drop_lost(stream=word, partner_name=word, reason=word, remedy=word),
        "drop_back": files.drop_back(stream=word, partner_name=word, since=NOW),
    }


@pytest.mark.parametrize("name", hostile_messages("x"))
@pytest.mark.parametrize("word", [NASTY, LONG, "&" * 500, "`*_~>" * 100, "\n\n* \u202e<!here>"])
def test_no_word_of_a_file_exceeds_a_limit_or_pings_anybody(name: str, word: str) -> None:
    accept(hostile_messages(word)[name])
