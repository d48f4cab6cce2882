"""Known noise from a desk: an approver adds a rule, everybody sees what it hides, and it ends by a click."""

from __future__ import annotations

from datetime import date

from desk import ADA, BEN, CARDS, OPS, VIC, Desk, a_break

RULE = {"Reference like": "FEE-*", "Each up to": "2,00", "Why it is noise": "The bank rounds."}


def test_a_rule_is_added_seen_and_ended(desk: Desk) -> None:
    fee, other = a_break("fee", amount_minor=100, references=("FEE-1",)), a_break("other")
    desk.lay_out(fee, other)
    ben = desk.person(BEN)
    ben.command("/recon", "noise add meridian", channel=CARDS)
    ben.submit(desk.form(BEN, "Known noise"), {**RULE, "Each up to": "200,00"})
    corrected = desk.sandbox.wait_for(lambda: view if (view := ben.view()) and view.errors else None)
    assert "at most your limit of EUR 100.00" in corrected.words

    ben.submit(corrected, RULE)

    desk.card(fee, "Known noise by")
    posted = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(CARDS) if "has known noise suppressed" in m.words), None))
    vic = desk.person(VIC)
    listed = desk.told(VIC, OPS, lambda: vic.command("/recon", "noise", channel=OPS))
    assert "1 break suppressed, worth *EUR 1.00*" in listed
    assert other.id in desk.told(VIC, OPS, lambda: vic.command("/recon", "breaks", channel=OPS))
    assert fee.id in desk.told(VIC, OPS, lambda: vic.command("/recon", "breaks suppressed", channel=OPS))
    assert "You need the role 'approver'" in desk.told(VIC, CARDS, lambda: vic.click(posted, "End it"))

    assert "What it suppressed is back" in desk.told(BEN, CARDS, lambda: ben.click(posted, "End it"))

    assert fee.id in desk.told(VIC, OPS, lambda: vic.command("/recon", "breaks", channel=OPS))


def test_an_operator_gets_no_form_and_nonsense_an_example(desk: Desk) -> None:
    ada = desk.person(ADA)

    assert "You need the role 'approver'" in desk.told(ADA, OPS, lambda: ada.command("/recon", "noise add meridian", channel=OPS))
    for half, said in (("add", "`/recon noise add nordbank`"), ("END", "takes the name of a rule")):
        assert said in desk.told(ADA, OPS, lambda half=half: ada.command("/recon", f"noise {half}", channel=OPS))
    assert "takes a partner" in desk.told(ADA, OPS, lambda: ada.command("/recon", "noise add meridian now", channel=OPS))
    assert "There is no rule N-NO" in desk.told(BEN, OPS, lambda: desk.person(BEN).command("/recon", "noise end N-NO", channel=OPS))
    assert "no partner 'nobank'" in desk.told(ADA, OPS, lambda: ada.command("/recon", "noise nobank", channel=OPS))


def test_the_form_ends_a_quarter_from_now(desk: Desk) -> None:
    ben = desk.person(BEN)
    ben.command("/recon", "noise add meridian", channel=OPS)

    (expires,) = [b for b in desk.form(BEN, "Known noise").blocks if b.get("block_id") == "expires"]

    assert expires["element"]["initial_date"] == date(2027, 2, 18).isoformat()


def test_slack_would_have_refused_nothing(desk: Desk) -> None:
    assert desk.sandbox.refusals == []
