"""`/recon journal`: the month's bookings come into the direct messages of an approver."""

from __future__ import annotations

from datetime import timedelta

from desk import ADA, BEN, NOW, OPS, Desk, a_break

from breakwater.model.access import SYSTEM
from breakwater.model.breaks import BreakState
from breakwater.model.proposals import Proposal, ProposalKind, ReasonCode
from breakwater.store import writes


def test_a_month_comes_as_a_file_and_nothing_else_does(desk: Desk) -> None:
    october = NOW - timedelta(days=30)
    was = a_break("booked")
    proposal = Proposal(
        kind=ProposalKind.WRITE_OFF,
        by=ADA,
        at=october,
        reason=ReasonCode.ROUNDING,
        amount_minor=1_250,
        currency="EUR",
        account="1799",
        decided_by=BEN,
        decided_at=october,
    )
    desk.lay_out(was, cards=False)
    with desk.bot.database.transaction() as tx:
        over = a_break("booked", state=BreakState.WRITTEN_OFF, proposal=proposal, revision=2)
        writes.save_break(tx, over, was=was, action="approve", actor=SYSTEM, now=october)
    ben, ada = desk.person(BEN), desk.person(ADA)

    def ask(month: str) -> str:
        return desk.told(BEN, OPS, lambda: ben.command("/recon", f"journal {month}", channel=OPS))

    assert "1 booking: in your direct messages" in ask("2026-10")
    (sent,) = [m for m in desk.sandbox.messages(ben.direct()) if m.files]
    assert [f.name for f in desk.sandbox.files if f.id in sent.files] == ["journal-2026-10-01-2026-10-31.csv"]
    assert "Nothing was booked in 2026-09" in ask("2026-09")
    assert "2026-11 is not over yet, so more can be booked.\nThe latest month there is: `/recon journal 2026-10`" in ask("2026-11")
    assert "`/recon journal 2026-10`" in ask("2027-05")
    assert "'2026-13' is not a month" in ask("2026-13")
    assert "takes one month" in ask("")
    assert "'approver' to have the journal" in desk.told(ADA, OPS, lambda: ada.command("/recon", "journal 2026-10", channel=OPS))
    assert len([m for m in desk.sandbox.messages(ben.direct()) if m.files]) == 1
    assert desk.sandbox.refusals == []
