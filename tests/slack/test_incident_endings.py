"""How an incident ends: written, previewed as the partner will read it, and sent only as it was previewed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from desk import ADA, BEN, BOT, EVE, NILS, OPS, SETTINGS, SHARED, VIC, Desk, a_workspace, at_the_desk

from breakwater import config
from breakwater.app import Breakwater
from breakwater.model.access import Actor, Role
from breakwater.model.incidents import Incident, Severity
from breakwater.sandbox import Channel, Message, UserGroup, Workspace
from breakwater.sandbox.modals import View
from breakwater.steps.incidents import Draft, open_incident
from breakwater.store import reads, writes

OPENER = Actor(id=ADA, role=Role.OPERATOR, name="Ada")
MOVED = "C0MERIDIAN2"
MARKED = "*It* _came_ ~late~ `now`\n> so <!channel> <@U0NILS> <https://bank.example|bank> @here & &amp; <b>"
OURS, THEIRS = "How it ended", "Last words to the partner"
_numbers = count(1)


def an_incident(desk: Desk, **changes: Any) -> tuple[Incident, Message, Message]:
    """An open incident, with our card and the partner's."""
    given = {"title": f"File {next(_numbers)} missing", "summary": "Late.", "partner_text": "Please look.", **changes}
    draft, partner = Draft(partner="meridian", severity=Severity.SEV2, **given), desk.bot.config.partners["meridian"]
    with desk.bot.database.transaction() as tx:
        opened = open_incident(
            tx,
            actor=OPENER,
            draft=draft,
            previewed=draft.preview_id(partner=partner, company="Harbour"),
            partner=partner,
            company="Harbour",
            channel=OPS,
            now=desk.clock(),
        )
    return opened, card_in(desk, OPS, opened), card_in(desk, SHARED, opened)


def card_in(desk: Desk, channel: str, incident: Incident, words: str = "") -> Message:
    found: Message = desk.sandbox.wait_for(
        lambda: next(
            (m for m in desk.sandbox.messages(channel) if incident.id in m.words and words in m.words and not m.is_reply),
            None,
        )
    )
    return found


def form(desk: Desk, who: str, incident: Incident) -> View:
    """The form that ends it, opened by a click on our card."""
    desk.person(who).click(card_in(desk, OPS, incident), "Resolve")
    return desk.form(who, "Resolve the incident")


def preview(desk: Desk, who: str, incident: Incident, *, ours: str = "Fee taken twice.", theirs: str = "Received, thank you.") -> View:
    desk.person(who).submit(form(desk, who, incident), {OURS: ours, THEIRS: theirs})
    return desk.form(who, "Preview")


def thread_of(desk: Desk, card: Message) -> list[Message]:
    return [m for m in desk.sandbox.thread(card.channel, card.ts) if m.ts != card.ts]


def in_their_thread(desk: Desk, card: Message, words: str = "Resolved") -> Message:
    found: Message = desk.sandbox.wait_for(lambda: next((m for m in thread_of(desk, card) if words in m.words), None))
    return found


def as_it_is(desk: Desk, incident: Incident) -> Incident:
    with desk.bot.database.reading() as tx:
        found = reads.incident_by_id(tx, incident.id)
    assert found
    return found


def everything_from_us(desk: Desk, channel: str) -> list[str]:
    return [str(m.blocks) for m in desk.sandbox.state.everything(channel) if m.bot_id]


def runs(blocks: Any) -> list[str]:
    """What stands in rich text, a run each."""
    return [run["text"] for b in blocks if b["type"] == "rich_text" for part in b["elements"] for run in part["elements"]]


def test_nothing_is_sent_before_the_preview_is_confirmed_and_then_what_it_showed(desk: Desk) -> None:
    incident, ours, theirs = an_incident(desk)
    before = everything_from_us(desk, SHARED)

    shown = preview(desk, ADA, incident)
    assert (as_it_is(desk, incident), everything_from_us(desk, SHARED)) == (incident, before)
    assert "<#C0MERIDIAN>" in shown.words
    assert "Fee taken twice." in shown.words
    desk.person(ADA).submit(shown)

    reply, card = in_their_thread(desk, theirs), card_in(desk, SHARED, incident, "Received, thank you.")
    assert [*runs(card.blocks), *runs(reply.blocks), "Fee taken twice."] == runs(shown.blocks)
    assert "Fee taken twice" not in "".join(everything_from_us(desk, SHARED))
    assert "Fee taken twice." in in_their_thread(desk, ours, "Fee taken").words
    assert as_it_is(desk, incident).resolved_by == ADA
    assert desk.person(ADA).view() is None


def test_what_was_typed_reaches_the_partner_letter_for_letter(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk, title="*Fees* of <@U0NILS>", partner_text=MARKED)
    assert MARKED in runs(theirs.blocks)
    assert "*Fees* of <@U0NILS>" in runs(theirs.blocks)

    desk.person(ADA).submit(preview(desk, ADA, incident, theirs=f"{MARKED} thanks"))

    reply, card = in_their_thread(desk, theirs), card_in(desk, SHARED, incident, "thanks")
    assert f"{MARKED} thanks" in runs(reply.blocks)
    assert f"{MARKED} thanks" in runs(card.blocks)
    assert all("&lt;!channel&gt; &lt;@U0NILS&gt;" in m.text and "<!channel>" not in m.text for m in (reply, card))


def test_words_changed_behind_the_preview_are_previewed_again(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk)
    ada = desk.person(ADA)
    first = preview(desk, ADA, incident, theirs="We blame Nils.")

    ada.close(first)  # back to the form
    ada.submit(desk.form(ADA, "Resolve the incident"), {OURS: "Fee.", THEIRS: "It is settled."})
    second = desk.form(ADA, "Preview")
    ada.submit(second)

    assert "It is settled." in second.words
    assert "It is settled." in in_their_thread(desk, theirs).words
    assert "We blame Nils." not in "".join(everything_from_us(desk, SHARED))


def test_an_incident_that_changed_since_the_preview_is_not_resolved(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk)
    shown = preview(desk, ADA, incident)
    with desk.bot.database.transaction() as tx:
        changed = replace(incident, title="Another title", revision=2)
        writes.save_incident(tx, changed, was=incident, action="rename", actor=OPENER, now=desk.clock())

    told = desk.told_directly(ADA, lambda: desk.person(ADA).submit(shown))

    assert "no longer what the preview showed. Nothing was sent or changed." in told
    assert "Open the form again: its preview shows what would be sent now." in told
    assert as_it_is(desk, incident) == changed
    assert thread_of(desk, theirs) == []
    desk.person(ADA).submit(preview(desk, ADA, incident))
    assert "Another title" in card_in(desk, SHARED, incident, "Received").words


def test_a_form_from_before_an_update_says_so(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk)
    shown = form(desk, ADA, incident)
    old = replace(shown, content={**shown.content, "private_metadata": json.dumps({"incident_id": incident.id})})

    answer = desk.person(ADA).submit(old, {OURS: "Fee.", THEIRS: "It is settled."})

    assert "This form is from before an update" in answer.payload["errors"]["resolution"]
    assert as_it_is(desk, incident) == incident
    assert thread_of(desk, theirs) == []


def test_a_double_click_is_told_once(desk: Desk) -> None:
    incident, ours, theirs = an_incident(desk)
    shown = preview(desk, ADA, incident)

    def both() -> None:
        with ThreadPoolExecutor(2) as two:
            list(two.map(desk.person(ADA).submit, (shown, shown)))

    assert f"{incident.id} was already resolved by <@{ADA}>" in desk.told_directly(ADA, both)

    in_their_thread(desk, theirs)
    in_their_thread(desk, ours, "Fee taken")
    desk.clock.forward += timedelta(minutes=1)
    assert len(thread_of(desk, theirs)) == 1
    assert len(thread_of(desk, ours)) == 1


def test_of_two_people_who_end_it_the_second_hears_who_was_first(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk)
    of_ada, of_ben = preview(desk, ADA, incident, theirs="Ada's words."), preview(desk, BEN, incident, theirs="Ben's words.")

    desk.person(BEN).submit(of_ben)
    in_their_thread(desk, theirs, "Ben's words.")
    told = desk.told_directly(ADA, lambda: desk.person(ADA).submit(of_ada))

    assert f"already resolved by <@{BEN}>" in told
    assert "Ada's words." not in "".join(everything_from_us(desk, SHARED))


def test_who_has_no_role_for_it_gets_no_form_and_can_not_confirm_one(desk: Desk) -> None:
    incident, ours, _ = an_incident(desk)
    before = everything_from_us(desk, SHARED)

    asked = desk.told(VIC, OPS, lambda: desk.person(VIC).click(ours, "Resolve"))
    shown = preview(desk, ADA, incident)
    as_a_viewer = desk.told_directly(VIC, lambda: desk.person(VIC).submit(shown))
    desk.person(NILS).submit(shown)
    desk.sandbox.change_group(UserGroup(id="S0OPS", handle="ops", name="Operators", users=()))
    left = desk.told_directly(ADA, lambda: desk.person(ADA).submit(shown))
    desk.sandbox.change_group(UserGroup(id="S0OPS", handle="ops", name="Operators", users=(ADA,)))

    assert "You need the role 'operator' to resolve an incident." in asked
    assert "You need the role 'operator' to resolve an incident." in as_a_viewer
    assert "You have no role in Breakwater yet." in left
    assert as_it_is(desk, incident) == incident
    assert everything_from_us(desk, SHARED) == before


def test_what_a_preview_can_not_carry_or_show_is_said_in_the_form(desk: Desk) -> None:
    incident, _, _ = an_incident(desk)
    ada = desk.person(ADA)

    written = form(desk, ADA, incident)
    ada.submit(written, {OURS: '"' * 1_200, THEIRS: '"' * 1_400})
    long = desk.sandbox.wait_for(lambda: view if (view := ada.view()) and view.errors else None)
    ada.submit(written, {OURS: "Fee.", THEIRS: " \n "})
    blank = desk.sandbox.wait_for(lambda: view if (view := ada.view()) and "partner_resolution" in view.errors else None)
    ada.close(written)

    assert "too long for a preview. Shorten them by" in long.errors["resolution"]
    assert "Nothing to read" in blank.errors["partner_resolution"]
    assert as_it_is(desk, incident) == incident


def test_the_longest_words_reach_the_partner_whole(desk: Desk) -> None:
    incident, _, theirs = an_incident(desk, title="<" * 120, partner_text="&" * 1_400)
    assert "&" * 1_400 in runs(theirs.blocks)

    desk.person(ADA).submit(preview(desk, ADA, incident, ours="o" * 1_200, theirs="&" * 1_400))

    assert "&" * 1_400 in runs(in_their_thread(desk, theirs).blocks)
    assert runs(card_in(desk, SHARED, incident, "Resolved").blocks).count("&" * 1_400) == 2


def test_slack_would_have_refused_nothing(desk: Desk) -> None:
    assert desk.sandbox.refusals == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "company"


@pytest.fixture
def restarted(folder: Path) -> Iterator[Desk]:
    """A desk of which the bot can be started anew with other settings."""

    def workspace() -> Workspace:
        given = a_workspace()
        moved = Channel(id=MOVED, name="meridian-2", members=(ADA, BEN, EVE, VIC, NILS, BOT), connected_team_ids=("T0MERI",))
        return replace(given, channels=(*given.channels, moved))

    with at_the_desk(folder, workspace=workspace) as desk:
        yield desk
        desk.bot.stop()


def start_anew(desk: Desk, folder: Path, settings: str) -> None:
    desk.bot.stop()
    app = desk.sandbox.workspace.app
    environment = {"SLACK_API_URL": desk.sandbox.api_url, "SLACK_BOT_TOKEN": app.bot_token, "SLACK_APP_TOKEN": app.app_token}
    (folder / "breakwater.toml").write_text(settings)
    desk.bot = Breakwater(config.load(folder / "breakwater.toml", environment=environment), now=desk.clock)
    desk.bot.start()


@pytest.mark.parametrize("line", [f'shared_channel = "{MOVED}"', ""], ids=["another channel", "no channel"])
def test_a_channel_that_changed_since_the_preview_gets_nothing(restarted: Desk, folder: Path, line: str) -> None:
    desk = restarted
    incident, _, _ = an_incident(desk)
    shown = preview(desk, ADA, incident)
    before = everything_from_us(desk, SHARED)

    start_anew(desk, folder, SETTINGS.replace(f'shared_channel = "{SHARED}"', line))
    told = desk.told_directly(ADA, lambda: desk.person(ADA).submit(shown))

    assert "What the partner would read, or the channel, is no longer what the preview showed." in told
    assert as_it_is(desk, incident) == incident
    assert (everything_from_us(desk, SHARED), everything_from_us(desk, MOVED)) == (before, [])


def test_what_nobody_was_told_is_not_said_to_have_been(restarted: Desk, folder: Path) -> None:
    desk = restarted
    start_anew(desk, folder, SETTINGS.replace(f'shared_channel = "{SHARED}"', ""))
    ada = desk.person(ADA)
    ada.command("/incident", "open meridian", channel=OPS)
    ada.submit(desk.form(ADA, "Open an incident"), {"Title": "Late", "What we know": "Late.", "Text for the partner": "A draft to mail."})

    ada.submit(desk.form(ADA, "Preview"))

    ours = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(OPS) if "A draft to mail." in m.words), None))
    assert "Not sent, for you to mail to the partner" in ours.words
    assert "was told" not in ours.words
    with desk.bot.database.reading() as tx:
        (incident,) = reads.incidents(tx, open_only=True)
    ada.submit(preview(desk, ADA, incident))
    over = card_in(desk, OPS, incident, "Resolved")
    assert "Not sent, for you to mail to the partner" in over.words
    assert "was told" not in over.words


def test_a_channel_that_came_since_the_opening_was_previewed_gets_nothing(restarted: Desk, folder: Path) -> None:
    desk = restarted
    start_anew(desk, folder, SETTINGS.replace(f'shared_channel = "{SHARED}"', ""))
    ada = desk.person(ADA)
    ada.command("/incident", "open meridian", channel=OPS)
    ada.submit(desk.form(ADA, "Open an incident"), {"Title": "Late", "What we know": "Late.", "Text for the partner": "A draft to mail."})
    shown = desk.form(ADA, "Preview")
    assert "nothing is sent" in shown.words

    start_anew(desk, folder, SETTINGS)
    told = desk.told_directly(ADA, lambda: ada.submit(shown))

    assert "no longer what the preview showed. Nothing was sent or changed." in told
    assert everything_from_us(desk, SHARED) == []
    with desk.bot.database.reading() as tx:
        assert reads.incidents(tx, open_only=False) == []


def test_without_a_shared_channel_the_end_is_a_draft_to_mail(restarted: Desk, folder: Path) -> None:
    desk = restarted
    incident, _, _ = an_incident(desk)
    before = everything_from_us(desk, SHARED)
    start_anew(desk, folder, SETTINGS.replace(f'shared_channel = "{SHARED}"', ""))

    shown = preview(desk, ADA, incident)
    desk.person(ADA).submit(shown)

    assert "nothing is sent" in shown.words
    assert "Resolve, send nothing" in shown.words
    ours = card_in(desk, OPS, incident, "Resolved")
    assert everything_from_us(desk, SHARED) == before
    assert "The partner was told" in ours.words  # of its opening, when there was a channel
    assert "Not sent, for you to mail to the partner" in in_their_thread(desk, ours, "Fee taken").words
