"""`breakwater journal export`: the bytes for accounting, and what a wrong call is told."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from breakwater import config
from breakwater.cli import main
from breakwater.model.access import SYSTEM
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.proposals import Proposal, ProposalKind, ReasonCode
from breakwater.store import writes
from breakwater.store.database import open_database

SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[ledger]
drop = "inbox/ledger"
[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
agreement = "nordbank.toml"
clearing_account = "1460"
"""
BOOKED_AT = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """The settings of a company that wrote something off on the last day of October."""
    path = tmp_path / "breakwater.toml"
    path.write_text(SETTINGS)
    (tmp_path / "var").mkdir()
    database = open_database(config.load(path, environment={}).database_url)
    database.migrate()
    proposal = Proposal(
        kind=ProposalKind.WRITE_OFF,
        by="U0ADA",
        at=BOOKED_AT,
        reason=ReasonCode.ROUNDING,
        amount_minor=12_500,
        currency="KWD",
        account="1799",
        decided_by="U0BEN",
        decided_at=BOOKED_AT,
    )
    brk = Break(
        id="B-1",
        agreement="a",
        fingerprint="f",
        partner="nordbank",
        kind=BreakKind.AMOUNT_MISMATCH,
        ours=("o",),
        theirs=("t",),
        amount_minor=12_500,
        currency="KWD",
        material=True,
        dated=date(2026, 10, 1),
        opened_at=BOOKED_AT - timedelta(days=1),
    )
    with database.transaction() as tx:
        writes.insert_breaks(tx, [brk], actor=SYSTEM, now=BOOKED_AT)
        over = moved(brk, proposal)
        writes.save_break(tx, over, was=brk, action="approve", actor=SYSTEM, now=BOOKED_AT)
    database.close()
    return str(path)


def moved(brk: Break, proposal: Proposal) -> Break:
    return Break(**{**vars(brk), "state": BreakState.WRITTEN_OFF, "proposal": proposal, "revision": 2})


def test_the_same_period_twice_gives_the_same_bytes(settings: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    call = ["journal", "export", "--from", "2026-10-01", "--to", "2026-10-31", "--config", settings]

    assert [main(call), main(call)] == [0, 0]

    out, told = capfdbinary.readouterr()
    half = len(out) // 2
    assert out[:half] == out[half:]
    assert b"J-1-2,1,2026-10-31,1799,12.500,,KWD,,B-1,nordbank,write_off,rounding,U0ADA,U0BEN,,2026-10-01..2026-10-31\r\n" in out
    assert b"J-1-2,2,2026-10-31,1460,,12.500,KWD," in out
    assert told == b"1 booking.\n1 booking.\n"


def test_the_audit_trail_names_whose_account_exported(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "export", "--from", "2026-10-01", "--to", "2026-10-31", "--config", settings]) == 0
    capsys.readouterr()

    assert main(["audit", "export", "--json", "--about", "2026-10-01..2026-10-31", "--config", settings]) == 0

    row = json.loads(capsys.readouterr().out)
    assert (row["action"], row["actor_id"]) == ("journal_exported", f"{getpass.getuser()} (command line)")


def test_another_month_has_no_line(settings: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["journal", "export", "--from", "2026-09-01", "--to", "2026-09-30", "--config", settings]) == 0

    assert capfdbinary.readouterr().out.count(b"\r\n") == 1


@pytest.mark.parametrize(
    ("days", "code", "said"),
    [
        (("2026-10-31", "2026-10-01"), 1, "2026-10-31 is after 2026-10-01"),
        (("2026-10-01", "2999-01-01"), 1, "2999-01-01 is not over yet"),
        (("2026-10-01", "october"), 2, "does not match the format"),
    ],
)
def test_a_wrong_period_is_told(settings: str, days: tuple[str, str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "export", "--from", days[0], "--to", days[1], "--config", settings]) == code

    assert said in capsys.readouterr().err
