"""Refused files, end to end: one lands in a drop, its card appears, people retry or discard it; `/recon files` tells how all stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakwater import config
from breakwater.app import Breakwater
from breakwater.cli.demo import workspace
from breakwater.model.records import Side
from breakwater.sandbox import Message, Person, Rates, Sandbox
from breakwater.store import audit, reads

OPS = "C0PAYOPS"
PATIENCE_S = 60.0  # a long file on a busy machine
SETTINGS = """
[slack]
operations_channel = "C0PAYOPS"
[roles]
viewer = ["*"]
operator = ["S0TECHOPS"]
[ledger]
drop = "inbox/ledger"
[[layouts]]
file = "acme.toml"
[[partners]]
id = "acme"
name = "Acme PSP"
network = "cards"
time_zone = "Europe/Berlin"
live_from = {today}
agreement = "agreement.toml"
internal_channels = ["C0CARDS"]
[[partners.files]]
stream = "settlement"
format = "acme-psp"
drop = "inbox/acme"
expected = {{ due = "07:00", deadline = "23:59" }}
"""
AGREEMENT = """
name = "acme"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 3
[tolerance]
amount_minor = { default = 0 }
[[passes]]
name = "by-order"
type = "exact"
keys = ["ref_payment_id"]
"""
LAYOUT = """
format = "acme-psp"
header = ["Payout", "Order", "Net"]
statement = { id = "Payout", currency = "Currency" }
money = { net = "Net" }
dates = { booked = "Day" }
line = { reference = ["Order"] }
references = { ref_payment_id = "Order" }
kind = { otherwise = "payment" }
"""
WHOLE = "Day,Payout,Order,Currency,Net\n2026-11-23,P-77,ORD-1,EUR,9.70\n2026-11-23,P-77,ORD-2,EUR,1.00\n"
BROKEN = WHOLE.replace("1.00", "one euro")
RENAMED = WHOLE.replace("Net", "Net amount")  # the partner renamed a column and told nobody


@dataclass(frozen=True)
class Company:
    """A company with one partner: its folder, its workspace, and its bot."""

    folder: Path
    sandbox: Sandbox
    bot: Breakwater

    def deliver(self, name: str, text: str) -> str:
        """A file lands in the drop, and the bot looks, if its clock did not make it look at the same moment: what became of the file."""
        (self.folder / "inbox/acme" / name).write_text(text, encoding="utf-8")
        self.bot.deliveries.take_in()
        with self.bot.database.reading() as tx:
            (file,) = [f for f in reads.source_files(tx, state=None) if f.name == name]
        return file.state

    def card(self, words: str) -> Message:
        """The card in the operations channel, once it shows these words."""
        shown: Message = self.sandbox.wait_for(
            lambda: next((m for m in self.sandbox.messages(OPS) if words in m.words), None), timeout_s=PATIENCE_S
        )
        return shown

    def told(self, person: Person, deed: Callable[[], object]) -> str:
        """What a person is told privately after a deed."""
        before = len(person.private(OPS))
        deed()
        (answer, *_) = self.sandbox.wait_for(lambda: person.private(OPS)[before:])
        return str(answer.words)

    def amounts(self) -> list[int]:
        """What every record of the partner that counts moved, in minor units."""
        with self.bot.database.reading() as tx:
            parts = reads.active_parts(tx, side=Side.THEIRS, content="records")
        query = "SELECT amount_minor FROM read_parquet($parts) ORDER BY record_id"
        return self.bot.lake.query(query, {"parts": self.bot.lake.scanned(parts)})["amount_minor"].to_pylist() if parts else []


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workspace(), rates=Rates.off()) as served:
        yield served


@pytest.fixture
def start(tmp_path: Path, sandbox: Sandbox) -> Callable[[str], AbstractContextManager[Company]]:
    """Starts the bot of the company with a layout of its partner's report; what it knew before, it still knows."""
    for drop in ("ledger", "acme"):
        (tmp_path / "inbox" / drop).mkdir(parents=True)
    (tmp_path / "agreement.toml").write_text(AGREEMENT)
    (tmp_path / "breakwater.toml").write_text(SETTINGS.format(today=datetime.now(UTC).date()))
    app = sandbox.workspace.app
    environment = {"SLACK_API_URL": sandbox.api_url, "SLACK_BOT_TOKEN": app.bot_token, "SLACK_APP_TOKEN": app.app_token}

    @contextmanager
    def started(layout: str = LAYOUT) -> Iterator[Company]:
        (tmp_path / "acme.toml").write_text(layout)
        bot = Breakwater(config.load(tmp_path / "breakwater.toml", environment=environment), settle_s=0)
        bot.start()
        with ExitStack() as stack:
            stack.callback(bot.stop)
            yield Company(tmp_path, sandbox, bot)

    return started


def test_a_broken_file_is_shown_retried_in_vain_and_discarded_by_one_of_two(start: Callable[..., AbstractContextManager[Company]]) -> None:
    with start() as company:
        bruno, chiara, emil = (company.sandbox.person(user) for user in ("U0BRUNO", "U0CHIARA", "U0EMIL"))

        assert company.deliver("monday.csv", BROKEN) == "quarantined"
        card = company.card("file refused, nothing of it was booked")

        assert list(card.buttons) == ["Retry", "Discard"]
        assert "monday.csv" in card.words
        assert "one euro" in card.words
        assert "role 'operator'" in company.told(emil, lambda: emil.click(card, "Discard"))
        assert "monday.csv is still refused" in company.told(bruno, lambda: bruno.click(card, "Retry")).replace("`", "")
        tried = company.card("tried again by <@U0BRUNO>")
        assert (tried.ts, list(tried.buttons)) == (card.ts, ["Retry", "Discard"])

        chiara.click(tried, "Discard")
        gone = company.card("refused file discarded by <@U0CHIARA>")

        assert (gone.ts, list(gone.buttons)) == (card.ts, [])
        assert "<@U0CHIARA> discarded it first. Nothing was changed." in company.told(bruno, lambda: bruno.click(tried, "Retry"))
        assert company.amounts() == []
        with company.bot.database.transaction() as tx:
            assert audit.verify(tx) == []


def test_the_partner_sends_it_again_and_the_files_of_all_partners_stand_in_one_answer(
    start: Callable[..., AbstractContextManager[Company]],
) -> None:
    with start() as company:
        ada = company.sandbox.person("U0ADA")
        company.deliver("monday.csv", BROKEN)
        company.card("file refused")
        assert "1 refused" in company.told(ada, lambda: ada.command("/recon", "files", channel=OPS))

        assert company.deliver("monday-corrected.csv", WHOLE) == "ingested"

        said = company.told(ada, lambda: ada.command("/recon", "files acme", channel=OPS))
        assert "monday-corrected.csv" in said
        assert "2 records" in said
        assert company.amounts() == [970, 100]


def test_a_retry_after_our_layout_was_put_right_takes_the_file_in(start: Callable[..., AbstractContextManager[Company]]) -> None:
    with start() as company:
        assert company.deliver("monday.csv", RENAMED) == "quarantined"
        card = company.card("file refused")

    with start(LAYOUT.replace('"Net"', '"Net amount"')) as company:
        bruno, chiara = company.sandbox.person("U0BRUNO"), company.sandbox.person("U0CHIARA")

        said = company.told(bruno, lambda: bruno.click(card, "Retry"))

        assert "was taken in. 2 records booked." in said
        done = company.card("refused file taken in by <@U0BRUNO>, 2 records booked")
        assert (done.ts, list(done.buttons)) == (card.ts, [])
        assert company.amounts() == [970, 100]
        assert "<@U0BRUNO> took it in first" in company.told(chiara, lambda: chiara.click(card, "Discard"))


def test_a_long_file_that_is_tried_again_shows_on_its_card_how_far_it_has_been_read(
    start: Callable[..., AbstractContextManager[Company]],
) -> None:
    rows = "".join(f"2026-11-23,P-77,ORD-{n:09d},EUR,9.70\n" for n in range(600_000))
    with start() as company:
        bruno = company.sandbox.person("U0BRUNO")
        assert company.deliver("long.csv", WHOLE + rows + "2026-11-23,P-77,ORD-X,EUR,one euro\n") == "quarantined"
        card = company.card("file refused")

        bruno.click(card, "Retry")
        being_read = company.card("is being read again by <@U0BRUNO>")
        refused_again = company.card("tried again by <@U0BRUNO>")

        assert (being_read.ts, list(being_read.buttons)) == (card.ts, ["Retry", "Discard"])
        assert "% of" in being_read.words
        assert refused_again.ts == card.ts
