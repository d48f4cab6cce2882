"""What may be said about drops, expectations and our own side, and what is said about a wrong entry."""

from __future__ import annotations

import contextlib
from datetime import time
from pathlib import Path

import pytest
from arriving import Clock, a_company

from breakwater.errors import CallError
from breakwater.ledger_source import ledger_source
from breakwater.model.drops import Place
from breakwater.sources.http_json import HttpSource
from breakwater.sources.sql import SqlSource

SFTP = 'drop = "sftp://breakwater@files.nordbank.example:2222/out"\nknown_hosts = "keys/known_hosts"'
S3 = 'drop = "s3://nordbank/out"\nendpoint = "https://s3.nordbank.example"\nregion = "eu-central-1"\ncredentials = "OUR_BUCKET"'
SQL = 'source = "sqlite:///ledger.db"\nrecords = "SELECT * FROM records"'
HTTP = '[ledger.http]\nurl = "https://ledger.example/records"\ncolumns = { record_id = "id" }'


@pytest.mark.parametrize(
    ("drop", "place"),
    [
        ('drop = "inbox/nordbank"\ndone_suffix = ".done"', Place(url="inbox/nordbank", done_suffix=".done", credentials="NORDBANK")),
        (
            SFTP,
            Place(url="sftp://breakwater@files.nordbank.example:2222/out", known_hosts=Path("keys/known_hosts"), credentials="NORDBANK"),
        ),
        (
            S3,
            Place(url="s3://nordbank/out", endpoint="https://s3.nordbank.example", region="eu-central-1", credentials="OUR_BUCKET"),
        ),
    ],
)
def test_a_drop_is_a_folder_or_an_address(tmp_path: Path, drop: str, place: Place) -> None:
    bot = a_company(tmp_path, Clock(), drop=drop)

    with contextlib.closing(bot.database):
        made = bot.config.places["nordbank", "statement"]
    assert made.url.removeprefix(f"{tmp_path}/") == place.url
    assert [str(made.known_hosts or "").removeprefix(f"{tmp_path}/")] == [str(place.known_hosts or "")]
    assert (made.done_suffix, made.endpoint, made.region, made.credentials) == (
        place.done_suffix,
        place.endpoint,
        place.region,
        place.credentials,
    )


@pytest.mark.parametrize(
    ("drop", "said"),
    [
        ('drop = "ftp://host/out"', "'ftp' is no kind of drop; use a folder, sftp://"),
        ('drop = "sftp://breakwater@host/out"', "an SFTP drop needs known_hosts"),
        ('drop = "sftp://host/out"\nknown_hosts = "k"', "an SFTP drop names a user and a host"),
        ('drop = "sftp://me:secret@host/out"\nknown_hosts = "k"', "a password does not belong into the settings"),
        ('drop = "s3:///out"', "an S3 drop names a bucket"),
        ('drop = "s3://bucket/out"\nendpoint = "localhost:9000"', "endpoint"),
        ('drop = "in"\ndone_sufix = ".done"', "Did you mean 'done_suffix'"),
    ],
)
def test_a_wrong_drop_is_named_with_what_is_right(tmp_path: Path, drop: str, said: str) -> None:
    with pytest.raises(CallError) as refused:
        a_company(tmp_path, Clock(), drop=drop)
    assert said in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ('due = "07:00", deadline = "08:30", days = "weekly"', "days"),
        ('due = "07:00", deadline = "08:30", days = ["monday"]', "days"),
        ('due = "07:00", deadline = "08:30", days = []', "days"),
        ('due = "07:00", deadline = "08:30", sequence = "odd"', "sequence"),
        ('due = "09:00", deadline = "08:30"', "the deadline 08:30 is before the file is due, 09:00"),
    ],
)
def test_a_wrong_expectation_is_named(tmp_path: Path, expected: str, said: str) -> None:
    with pytest.raises(CallError) as refused:
        a_company(tmp_path, Clock(), expected=expected)
    assert said in refused.value.message


def test_an_expectation_says_days_and_sequence(tmp_path: Path) -> None:
    bot = a_company(tmp_path, Clock(), expected='due = "07:00", deadline = "08:30", days = ["mon", "thu"], sequence = "continuous"')

    with contextlib.closing(bot.database):
        (stream,) = bot.config.partners["nordbank"].files
    assert (stream.days, stream.is_continuous, stream.due) == (("mon", "thu"), True, time(7))


@pytest.mark.parametrize(("ledger", "kind"), [(SQL, SqlSource), (HTTP, HttpSource)])
def test_our_own_side_comes_from_a_database_or_an_api(tmp_path: Path, ledger: str, kind: type) -> None:
    bot = a_company(tmp_path, Clock(), ledger=ledger)

    with contextlib.closing(bot.database):
        opened = ledger_source(bot.config)
        assert opened is not None
        assert isinstance(opened(), kind)


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("", "our own side needs a drop, a source with records, or a table [ledger.http]"),
        ('source = "sqlite:///ledger.db"', "source and records go together"),
        ('source = "postgresql://me:secret@host/db"\nrecords = "SELECT 1"', "LEDGER_SOURCE_PASSWORD"),
        (HTTP + '\nnext_cursor = "n"\npage = "p"', "pages follow each other in one way"),
        ('[ledger.http]\nurl = "https://x"\ncolums = {}', "Did you mean 'columns'"),
    ],
)
def test_a_wrong_own_side_is_named(tmp_path: Path, ledger: str, said: str) -> None:
    with pytest.raises(CallError) as refused:
        a_company(tmp_path, Clock(), ledger=ledger)
    assert said in refused.value.message
    assert "secret@" not in refused.value.message
