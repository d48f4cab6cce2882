"""`/recon breaks`: the heading says which come first, on every page."""

from __future__ import annotations

from datetime import date, timedelta

from desk import OPS, VIC, Desk, a_break


def test_the_oldest_are_called_the_oldest_on_every_page(desk: Desk) -> None:
    many = [a_break(f"n{n}", amount_minor=1_000 + n, dated=date(2026, 11, 18) - timedelta(days=n)) for n in range(20)]
    desk.lay_out(*many, cards=False)
    vic = desk.person(VIC)

    largest = desk.told(VIC, OPS, lambda: vic.command("/recon", "breaks EUR", channel=OPS))
    oldest = desk.told(VIC, OPS, lambda: vic.command("/recon", "breaks oldest EUR", channel=OPS))
    (*_, listed) = vic.private(OPS)
    vic.click(listed, "More ▶")
    turned = desk.sandbox.wait_for(lambda: next((m for m in vic.private(OPS) if "16 to 20" in m.words), None))

    assert "20 active breaks of Meridian*, the 15 largest:" in largest
    assert "20 active breaks of Meridian*, the 15 oldest:" in oldest
    assert "16 to 20, the oldest first:" in turned.words
