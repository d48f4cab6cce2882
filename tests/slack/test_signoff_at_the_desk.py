"""A month is prepared and signed at the desk, by two people, with buttons."""

from __future__ import annotations

from datetime import date

from desk import ADA, BEN, CARDS, OPS, VIC, Desk, a_break

from breakwater.sandbox import Message


def the_card(desk: Desk, words: str) -> Message:
    found: Message = desk.sandbox.wait_for(
        lambda: next(
            (m for m in desk.sandbox.messages(CARDS) if "Sign-off 2026-10" in m.words and words in m.words and not m.thread_ts), None
        )
    )
    return found


def test_two_people_sign_a_month(desk: Desk) -> None:
    desk.bot.reconcile_all()
    desk.lay_out(a_break("october", dated=date(2026, 10, 14)), cards=False)
    ada, ben = desk.person(ADA), desk.person(BEN)
    assert "No period was prepared" in desk.told(ADA, OPS, lambda: ada.command("/recon", "signoff", channel=OPS))
    assert "as it stands now" in desk.told(ADA, OPS, lambda: ada.command("/recon", "signoff meridian 2026-10", channel=OPS))
    (*_, offered) = ada.private(OPS)

    said = desk.told(ADA, OPS, lambda: ada.click(offered, "Prepare for sign-off"))

    assert f"2026-10 of Meridian is prepared; its card is in <#{CARDS}>" in said
    card = the_card(desk, "waiting for a second person")
    assert "'approver' to sign a period off" in desk.told(ADA, CARDS, lambda: ada.click(card, "Sign off"))
    ben.click(card, "Decline…")
    ben.submit(desk.form(BEN, "Decline sign-off"), {"Why not": "Which file?"})
    card = the_card(desk, "declined by")
    assert "Which file?" in desk.thread(card, "does not sign this")
    desk.told(ADA, OPS, lambda: ada.command("/recon", "signoff meridian 2026-10", channel=OPS))
    (*_, offered) = ada.private(OPS)
    ada.click(offered, "Prepare for sign-off")
    ben.click(the_card(desk, "waiting for a second person"), "Sign off")
    card = the_card(desk, "signed by")
    assert "The figures are frozen" in desk.thread(card, "signed off what")
    assert "signed by <@U0BEN>" in desk.told(ADA, OPS, lambda: ada.command("/recon", "signoff meridian", channel=OPS))
    assert desk.sandbox.refusals == []


def test_wrong_words_and_months_that_are_not_over(desk: Desk) -> None:
    desk.bot.reconcile_all()
    ada, vic = desk.person(ADA), desk.person(VIC)

    def ask(words: str) -> str:
        return desk.told(ADA, OPS, lambda: ada.command("/recon", f"signoff {words}", channel=OPS))

    assert "'2026-13' is not a month" in ask("meridian 2026-13")
    assert "takes a partner and a month" in ask("meridian 2026-10 now")
    assert "no partner 'nobank'" in ask("nobank 2026-10")
    assert "2099-01 has not begun" in ask("meridian 2099-01")
    assert "can be prepared for sign-off from 1 Dec 2026 on" in ask("meridian 2026-11")
    (*_, running) = ada.private(OPS)
    assert running.buttons == []
    assert "nothing in 2026-09 of Meridian to sign" in ask("meridian 2026-09")
    assert "Meridian is live since 2026-01-01, and 2025-12 lies before that" in ask("meridian 2025-12")
    desk.lay_out(a_break("september", dated=date(2026, 9, 14)), cards=False)
    desk.told(VIC, OPS, lambda: vic.command("/recon", "signoff meridian 2026-09", channel=OPS))
    (*_, offered) = vic.private(OPS)
    assert "'operator' to prepare" in desk.told(VIC, OPS, lambda: vic.click(offered, "Prepare for sign-off"))
