"""What the figures of a cause's card count: its breaks and the records that show it are two numbers, and each is told as what it is."""

from __future__ import annotations

from typing import Any

import pytest
from slack_limits import accept, named
from view_examples import NOW, a_finding

from breakwater.model.breaks import ENDS
from breakwater.model.causes import Cause, CauseKind
from breakwater.views.blocks import Message
from breakwater.views.causes import cause_card

BY_DAY = {"side": "theirs", "date": "2026-11-19"}


def a_cause(kind: CauseKind = CauseKind.FILE_MISSING, **changes: Any) -> Cause:
    given: dict[str, Any] = {
        "scope": BY_DAY,
        "evidence": {"rows": "215", "broken": "192"},
        "count": 263,
        "value_minor": {"EUR": 1_820_411},
        "confidence": 97,
    }
    return Cause(id="C-1", partner="alipay", agreement="alipay", kind=kind, rank=1, found_at=NOW, run_id="run-1", **{**given, **changes})


def shown(message: Message) -> str:
    """All the text a person sees."""
    return "\n".join(text for text in named(list(message.blocks), "text") if isinstance(text, str))


def told(cause: Cause, **more: Any) -> str:
    message = cause_card(cause, partner_name="Alipay", **more)
    accept(message)
    return shown(message)


def test_breaks_of_other_days_are_told_apart_from_the_records_of_the_day() -> None:
    text = told(a_cause())

    assert "263 breaks" in text
    assert (
        "*Shown by:* of 215 records in our ledger dated 19 Nov 2026, 192 have no counterpart; "
        "the other breaks are of days around it, whose records would have come with them" in text
    )


def test_what_was_closed_since_is_still_in_what_the_run_counted() -> None:
    assert "of 215 records in our ledger dated 19 Nov 2026, 192 have no counterpart, as the run counted them" in told(a_cause(count=12))


@pytest.mark.parametrize(
    ("kind", "scope", "says"),
    [
        (CauseKind.FILE_MISSING, {**BY_DAY, "side": "ours"}, "of 215 records at Alipay dated 19 Nov 2026, 192 have no counterpart"),
        (
            CauseKind.BATCH_MISSING,
            {"side": "theirs", "batch": "B-77"},
            "of 215 records in our ledger of batch `B-77`, 192 have no counterpart",
        ),
        (
            CauseKind.BATCH_MISSING,
            {**BY_DAY, "account": "Shop"},
            "of 215 records in our ledger dated 19 Nov 2026 of account `Shop`, 192 have no counterpart",
        ),
        (CauseKind.FILE_TWICE, {"side": "theirs", "source_file": "a" * 64}, "of 215 records at Alipay of that file, 192 are duplicates"),
        (
            CauseKind.KIND_MISSING,
            {"side": "theirs", "kind": "refund"},
            "of 215 records in our ledger of kind refund, 192 have no counterpart",
        ),
        (CauseKind.ONE_MERCHANT, {"side": "ours", "account": "Shop"}, "of 215 records in our ledger of account `Shop`, 192 are in breaks"),
    ],
)
def test_which_records_were_counted(kind: CauseKind, scope: dict[str, str], says: str) -> None:
    assert f"*Shown by:* {says}\n" in told(a_cause(kind, scope=scope, count=192))


def test_in_a_leg_the_records_are_with_one_of_its_two_ends() -> None:
    evidence = {"rows": "2", "broken": "1", **dict(zip(ENDS, ("Meridian", "Nordbank"), strict=True))}

    text = told(a_cause(scope={**BY_DAY, "side": "ours"}, evidence=evidence, count=1))

    assert "of 2 records at Nordbank dated 19 Nov 2026, 1 has no counterpart" in text


def test_the_finding_that_tells_of_the_same_is_named() -> None:
    text = told(a_cause(), finding=a_finding(id="F-0123456789", summary="Alipay: the settlement of 19 Nov is missing."))

    assert "*Told as well:* `F-0123456789` Alipay: the settlement of 19 Nov is missing." in text
