"""Several breaks chosen in a list and moved at once, as a person does it."""

from __future__ import annotations

from desk import ADA, BEN, CARDS, OPS, VIC, Desk, a_break

from breakwater.sandbox import Message

CHOSEN = "bulk_chosen"


def the_list(desk: Desk, user: str, words: str = "breaks") -> Message:
    person = desk.person(user)
    desk.told(user, OPS, lambda: person.command("/recon", words, channel=OPS))
    (*_, listed) = person.private(OPS)
    return listed


def options(listed: Message, *ids: str) -> list[str]:
    (menu,) = [b["accessory"] for b in listed.blocks if b.get("accessory", {}).get("action_id") == CHOSEN]
    return [o["value"] for o in menu["options"] if o["value"].split(":")[0] in ids]


def test_two_are_taken_and_one_of_them_given_on(desk: Desk) -> None:
    one, two, three = (a_break(f"bulk{n}", amount_minor=70_000 + n) for n in range(3))
    desk.lay_out(one, two, three)
    ada = desk.person(ADA)
    listed = the_list(desk, ADA)

    chosen = {CHOSEN: options(listed, one.id, two.id)}
    assert "2 breaks done." in desk.told(ADA, OPS, lambda: ada.click(listed, "Acknowledge", values=chosen))

    for brk in (one, two):
        desk.card(brk, "Acknowledged")
    desk.card(three, "Open")
    told = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(CARDS) if "acknowledged 2 breaks" in m.words), None))
    assert one.id in told.words
    said = desk.told(ADA, OPS, lambda: ada.click(listed, "Acknowledge", values={CHOSEN: options(listed, one.id, three.id)}))
    assert "1 break done, 1 refused:" in said
    assert f"<@{ADA}> acknowledged {one.id} first" in said

    fresh = the_list(desk, ADA, "breaks mine")
    ada.click(fresh, "Assign…", values={CHOSEN: options(fresh, one.id, two.id)})
    form = desk.form(ADA, "Assign")
    assert "2 breaks done." in desk.told(ADA, OPS, lambda: ada.submit(form, {"Who has them from now on": BEN}))
    desk.card(one, f"by <@{BEN}>")


def test_they_sleep_and_are_resolved_together(desk: Desk) -> None:
    one, two = (a_break(f"sleepy{n}", amount_minor=80_000 + n) for n in range(2))
    desk.lay_out(one, two)
    ada = desk.person(ADA)
    listed = the_list(desk, ADA)
    ada.click(listed, "Snooze…", values={CHOSEN: options(listed, one.id, two.id)})

    said = desk.told(ADA, OPS, lambda: ada.submit(desk.form(ADA, "Snooze"), {"Until": "2026-11-22"}))
    assert "0 breaks done, 2 refused:" in said
    assert "no business day of the partner" in said
    ada.click(listed, "Resolve…", values={CHOSEN: options(listed, one.id, two.id)})
    said = desk.told(ADA, OPS, lambda: ada.submit(desk.form(ADA, "Resolve"), {"Why they are explained": "Same fee twice."}))

    assert "2 breaks done." in said
    assert "Same fee twice." in desk.card(two, "Resolved").words


def test_nothing_chosen_and_no_role_change_nothing(desk: Desk) -> None:
    brk = a_break("untouched", amount_minor=90_000)
    desk.lay_out(brk)
    ada, vic = desk.person(ADA), desk.person(VIC)
    mine, theirs = the_list(desk, ADA), the_list(desk, VIC)

    assert "Choose breaks in the menu" in desk.told(ADA, OPS, lambda: ada.click(mine, "Acknowledge"))
    refused = desk.told(VIC, OPS, lambda: vic.click(theirs, "Acknowledge", values={CHOSEN: options(theirs, brk.id)}))

    assert "You need the role 'operator'" in refused
    desk.card(brk, "Open")
    assert desk.sandbox.refusals == []
