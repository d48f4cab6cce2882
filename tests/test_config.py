"""breakwater.toml: what a wrong entry is told, and what a right one becomes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from breakwater.config import Config, load
from breakwater.errors import CallError
from breakwater.model.access import Role
from breakwater.model.decline_families import DeclineFamily

GOOD = """
data_dir = "var"
company = "Kaiwerk"

[slack]
operations_channel = "C0PAYOPS"

[roles]
operator = ["S0TECHOPS"]

[[partners]]
id = "nordbank"
name = "Nordbank"
network = "sepa"
calendar = "TARGET2"
time_zone = "Europe/Berlin"
cut_off = "17:00"
live_from = 2026-10-01
internal_channels = ["C0SEPA"]
shared_channel = "C0NORDBANK"
agreement = "agreements/nordbank.toml"

[[partners.files]]
stream = "statement"
format = "camt.053"
drop = "drops/nordbank"
expected = { due = "07:00", deadline = "08:30" }

[[partners]]
id = "meridian"
name = "Meridian"
network = "cards"
time_zone = "America/New_York"
live_from = 2026-10-01
agreement = "agreements/meridian.toml"

[ledger]
drop = "drops/ledger"

[[digests]]
channel = "C0PAYOPS"
cron = "0 8 * * mon-fri"
time_zone = "Europe/Berlin"
partners = ["nordbank"]
"""


def loaded(text: str, tmp_path: Path, **environment: str) -> Config:
    path = tmp_path / "breakwater.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environment=environment)


def refusal(text: str, tmp_path: Path) -> CallError:
    with pytest.raises(CallError) as refused:
        loaded(text, tmp_path)
    return refused.value


def test_a_good_file_becomes_partners_and_subscriptions(tmp_path: Path) -> None:
    config = loaded(GOOD, tmp_path)

    nordbank, meridian = config.partners["nordbank"], config.partners["meridian"]
    assert (nordbank.cut_off, nordbank.time_zone, nordbank.live_from) == (time(17), ZoneInfo("Europe/Berlin"), date(2026, 10, 1))
    assert (nordbank.files[0].due, nordbank.files[0].deadline) == (time(7), time(8, 30))
    assert not meridian.calendar.is_business_day(date(2026, 4, 3))
    assert [(s.id, s.cron, s.partners) for s in config.subscriptions] == [("C0PAYOPS-9a8c60d4", "0 8 * * mon-fri", ("nordbank",))]
    assert config.settings.roles.viewer == ("*",)


def test_a_partner_s_own_codes_for_declines_are_kept_as_they_are_compared(tmp_path: Path) -> None:
    text = GOOD.replace('name = "Meridian"', 'name = "Meridian"\ndecline_families = { technical = ["Z_9"], authentication = ["65"] }')

    assert loaded(text, tmp_path).partners["meridian"].decline_families == (
        ("65", DeclineFamily.AUTHENTICATION), ("z 9", DeclineFamily.TECHNICAL),
    )  # fmt: skip


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = loaded(GOOD, tmp_path)

    assert config.data_dir == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path / 'var' / 'breakwater.db'}"
    assert config.partners["nordbank"].agreement == str(tmp_path / "agreements" / "nordbank.toml")
    assert config.partners["nordbank"].files[0].folder == str(tmp_path / "drops" / "nordbank")


def test_the_environment_wins(tmp_path: Path) -> None:
    config = loaded(
        GOOD,
        tmp_path,
        BREAKWATER_DATA_DIR="/srv/data",
        BREAKWATER_DATABASE_URL="postgresql://db/x",
        SLACK_API_URL="http://localhost:1/api/",
    )

    assert (config.data_dir, config.database_url, config.slack_api_url) == (
        Path("/srv/data"), "postgresql://db/x", "http://localhost:1/api/",
    )  # fmt: skip


WRONG: Mapping[str, tuple[str, str, str]] = {
    "an unknown entry names the nearest": ('data_dir = "var"', 'data_dirr = "var"', "Unknown entry 'data_dirr'. Did you mean 'data_dir'?"),
    "in a partner's table too": (
        'calendar = "TARGET2"',
        'calender = "TARGET2"',
        "Unknown entry 'partners.nordbank.calender'. Did you mean 'calendar'?",
    ),
    "and in a file's": (
        'deadline = "08:30"',
        'deadlin = "08:30"',
        "Unknown entry 'partners.nordbank.files.statement.expected.deadlin'. Did you mean 'deadline'?",
    ),
    "a missing entry": ('operations_channel = "C0PAYOPS"', "", "'slack.operations_channel' is missing."),
    "a missing entry of a partner": ("live_from = 2026-10-01\n", "", "'partners.nordbank.live_from' is missing."),
    "a partner without an id goes by its number": ('id = "meridian"\n', "", "'partners.#2.id' is missing."),
    "a bad cron time": ('"0 8 * * mon-fri"', '"at eight"', "'at eight' is no cron time"),
    "a cron minute that does not exist": ('"0 8 * * mon-fri"', '"61 8 * * mon-fri"', "'61 8 * * mon-fri' is no cron time"),
    "weekdays by number": (
        '"0 8 * * mon-fri"',
        '"0 8 * * 1-5"',
        "'0 8 * * 1-5' names weekdays by number, which programs count differently",
    ),
    "a bad time zone": ('"Europe/Berlin"', '"Europe/Atlantis"', "'Europe/Atlantis' is no time zone; use a name like 'Europe/Berlin'"),
    "a time zone that is a path": ('"Europe/Berlin"', '"../../etc/passwd"', "is no time zone"),
    "a bad calendar": ('"TARGET2"', '"TARGET3"', "'TARGET3' is no calendar; use 'TARGET2', 'weekends' or a country code like 'DE'"),
    "a bad time": ('cut_off = "17:00"', 'cut_off = "25:00"', "'partners.nordbank.cut_off'"),
    "a time with a zone of its own": ('due = "07:00"', 'due = "07:00Z"', "has a time zone of its own; write a time of the partner's clock"),
    "a deadline before it is due": ('deadline = "08:30"', 'deadline = "06:30"', "the deadline 06:30 is before the file is due, 07:00"),
    "a channel by name": ('"C0SEPA"', '"#sepa"', "'partners.nordbank.internal_channels.#1'"),
    "a format nobody reads": (
        '"camt.053"',
        '"camt.53"',
        "'partners.nordbank.files.statement.format': 'camt.53' is no format that is read here, nor one that [[layouts]] declare."
        " Did you mean 'camt.053'?",
    ),
    "a layout that is not there": ("[ledger]", '[[layouts]]\nfile = "nowhere.toml"\n[ledger]', "nowhere.toml can't be read"),
    "a layout without a file": ("[ledger]", "[[layouts]]\n[ledger]", "'layouts.#1.file' is missing."),
    "a digest of an unknown partner": (
        'partners = ["nordbank"]',
        'partners = ["nordbnk"]',
        "A digest names the partner 'nordbnk', which is not configured. Did you mean 'nordbank'?",
    ),
    "two partners of one id": ('id = "meridian"', 'id = "nordbank"', "Two partners have the same id."),
    "a shared channel that is ours": (
        'shared_channel = "C0NORDBANK"',
        'shared_channel = "C0PAYOPS"',
        "The channel C0PAYOPS is shared with 'nordbank', but is also used for something else.",
    ),
    "a shared channel that is the partner's internal one": (
        'shared_channel = "C0NORDBANK"',
        'shared_channel = "C0SEPA"',
        "The channel C0SEPA is shared with 'nordbank'",
    ),
    "a shared channel of two partners": (
        'name = "Meridian"',
        'name = "Meridian"\nshared_channel = "C0NORDBANK"',
        "The channel C0NORDBANK is shared with 'meridian', but is also used",
    ),
    "a digest into a shared channel": (
        'channel = "C0PAYOPS"\ncron',
        'channel = "C0NORDBANK"\ncron',
        "The channel C0NORDBANK is shared with 'nordbank'",
    ),
    "a family of declines that is none": (
        'name = "Meridian"',
        'name = "Meridian"\ndecline_families = { tecnical = ["Z9"] }',
        "Unknown entry 'partners.meridian.decline_families.tecnical'. Did you mean 'technical'?",
    ),
    "a code in two families": (
        'name = "Meridian"',
        'name = "Meridian"\ndecline_families = { technical = ["Z_9"], data = ["z-9"] }',
        "the code 'z 9' stands there twice",
    ),
    "a code that is none": ('name = "Meridian"', 'name = "Meridian"\ndecline_families = { data = ["--"] }', "'--' is no code"),
    "no TOML at all": ("[slack]", "[slack", "is not TOML"),
}


@pytest.mark.parametrize(("right", "wrong", "complaint"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_named_with_a_remedy(right: str, wrong: str, complaint: str, tmp_path: Path) -> None:
    assert right in GOOD

    refused = refusal(GOOD.replace(right, wrong), tmp_path)

    assert complaint in refused.message
    assert refused.remedy
    assert refused.exit_code == 2


def test_all_wrong_entries_are_named_at_once(tmp_path: Path) -> None:
    refused = refusal(GOOD.replace('"TARGET2"', '"TARGET3"').replace('"camt.053"', '"camt.53"'), tmp_path)

    assert "TARGET3" in refused.message
    assert "partners.nordbank.files.statement.format" in refused.message


def test_a_company_without_partners_is_refused(tmp_path: Path) -> None:
    assert "'partners'" in refusal('partners = []\n[slack]\noperations_channel = "C0PAYOPS"\n[ledger]\ndrop = "d"\n', tmp_path).message


def test_a_file_that_is_not_there_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(CallError) as refused:
        load(tmp_path / "nowhere.toml", environment={})

    assert f"There is no configuration file {tmp_path / 'nowhere.toml'}." in refused.value.message
    assert "breakwater demo" in refused.value.remedy


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "breakwater.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(CallError, match="can't be read"):
        load(path, environment={})


def test_a_folder_is_no_configuration_file(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="can't be read"):
        load(tmp_path, environment={})


def test_a_token_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("xoxb-from-a-file\n", encoding="utf-8")

    direct = loaded(GOOD, tmp_path, SLACK_BOT_TOKEN="xoxb-1")
    by_file = loaded(GOOD, tmp_path, SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"))

    assert direct.secret("SLACK_BOT_TOKEN", where="OAuth & Permissions") == "xoxb-1"
    assert by_file.secret("SLACK_BOT_TOKEN", where="OAuth & Permissions") == "xoxb-from-a-file"


def test_a_missing_token_says_where_to_find_it(tmp_path: Path) -> None:
    with pytest.raises(CallError) as refused:
        loaded(GOOD, tmp_path).secret("SLACK_BOT_TOKEN", where="OAuth & Permissions of the app's page")

    assert refused.value.message == "SLACK_BOT_TOKEN is not set."
    assert refused.value.remedy == (
        "Set SLACK_BOT_TOKEN in the environment (OAuth & Permissions of the app's page), or SLACK_BOT_TOKEN_FILE to a file that holds it."
    )


def test_a_token_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = loaded(GOOD, tmp_path, SLACK_BOT_TOKEN_FILE=str(tmp_path / "gone"))

    with pytest.raises(CallError, match=r"SLACK_BOT_TOKEN_FILE names '.*gone', which can't be read: No such file or directory\."):
        config.secret("SLACK_BOT_TOKEN", where="")


def test_limits_and_second_accounts_become_who_may_agree(tmp_path: Path) -> None:
    limits = 'limits = [{ role = "approver", currency = "JPY", write_off_minor = 5000 }]'
    people = '[people]\nsame = [["U0ADA", "U0ADA2"]]\n'

    authority = loaded(GOOD.replace("[roles]\n", f"[roles]\n{limits}\n") + people, tmp_path).authority

    assert authority.limit_minor(Role.APPROVER, "JPY") == authority.limit_minor(Role.ADMIN, "JPY") == 5_000
    assert (authority.limit_minor(Role.OPERATOR, "JPY"), authority.limit_minor(Role.ADMIN, "EUR")) == (0, 0)
    assert authority.is_same_person("U0ADA2", "U0ADA")
    assert not authority.is_same_person("U0ADA", "U0BEN")


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ('{ role = "operator", currency = "EUR", write_off_minor = 1 }', "'approver' or 'admin'"),
        ('{ role = "approver", currency = "EURO", write_off_minor = 1 }', "'EURO' is no currency; use a code of ISO 4217"),
        ('{ role = "approver", currency = "EUR", writeoff_minor = 1 }', "Did you mean 'write_off_minor'?"),
    ],
)
def test_a_wrong_limit_is_refused(tmp_path: Path, limit: str, said: str) -> None:
    assert said in refusal(GOOD.replace("[roles]\n", f"[roles]\nlimits = [{limit}]\n"), tmp_path).message


def test_a_format_of_our_own_is_declared_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts/mybank.toml").write_text('format = "mybank"\n')
    path = tmp_path / "breakwater.toml"
    path.write_text(GOOD.replace('"camt.053"', '"mybank"').replace("[ledger]", '[[layouts]]\nfile = "layouts/mybank.toml"\n[ledger]'))

    config = load(path, environment={})

    assert config.layouts == (tmp_path / "layouts/mybank.toml",)
    assert config.partners["nordbank"].files[0].format == "mybank"


def test_two_streams_of_one_name_would_hide_one_of_them(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[partners.files]]") : GOOD.index('[[partners]]\nid = "meridian"')]

    refused = refusal(GOOD.replace('[[partners]]\nid = "meridian"', f'{again}[[partners]]\nid = "meridian"'), tmp_path)

    assert refused.message == "The partner 'nordbank' has two streams called 'statement'."


def test_no_partner_is_called_as_our_own_side_is(tmp_path: Path) -> None:
    assert "can't be called 'ledger'" in refusal(GOOD.replace('id = "meridian"', 'id = "ledger"'), tmp_path).message


REMINDERS = """
[reminders]
remind_after_hours = 4
calendar = "DE"
escalation = [{ from_days = 0, to = ["S0TECHOPS"] }, { from_days = 6, to = ["S0LEADS", "U0ADA"] }]
[[reminders.desks]]
id = "U0KENJI"
time_zone = "Asia/Tokyo"
calendar = "JP"
"""


def test_reminders_have_spans_hours_and_people(tmp_path: Path) -> None:
    config = loaded(GOOD + REMINDERS, tmp_path)

    rules = config.settings.reminders.rules()
    assert (rules.remind_after, rules.reopen_after) == (timedelta(hours=4), timedelta(hours=8))
    assert [rules.named_at(days) for days in (0, 5, 6)] == [("S0TECHOPS",), ("S0TECHOPS",), ("S0LEADS", "U0ADA")]
    assert rules.hours_of("U0KENJI", partner=config.partners["nordbank"]).time_zone == ZoneInfo("Asia/Tokyo")
    assert rules.hours_of("U0ADA", partner=config.partners["meridian"]).time_zone == ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("remind_after_hours = 0", "remind_after_hours"),
        ('opens = "18:00"', "'opens' comes before 'closes'"),
        ('time_zone = "Berlin"', "'Berlin' is no time zone"),
        ("escalation = [{ from_days = 0, to = [] }]", "escalation"),
        ("remind_after = 8", "Unknown entry 'reminders.remind_after'. Did you mean 'remind_after_hours'?"),
        ('desks = [{ id = "U0ADA", time_zone = "UTC", calender = "DE" }]', "Did you mean 'calendar'?"),
    ],
)
def test_a_wrong_reminder_is_refused(entry: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(GOOD + f"[reminders]\n{entry}\n", tmp_path).message


def test_messages_are_kept_for_90_days_or_as_long_as_is_said_but_never_less_than_a_week(tmp_path: Path) -> None:
    assert loaded(GOOD, tmp_path).settings.retention.messages_days == 90
    assert loaded(GOOD + "[retention]\nmessages_days = 7\n", tmp_path).settings.retention.messages_days == 7
    assert "retention.messages_days" in refusal(GOOD + "[retention]\nmessages_days = 6\n", tmp_path).message


def test_the_matching_runs_embedded_unless_an_engine_is_named(tmp_path: Path) -> None:
    given = loaded(GOOD, tmp_path).settings.matching
    text = GOOD + '\n[matching]\nengine = "spark://master:7077"\nmemory_limit = "8GB"\nspill_dir = "spill"\n'
    named = loaded(text, tmp_path).settings.matching

    assert (given.engine, given.memory_limit, given.spill_dir, given.proven) == (None, "1500MB", None, False)
    assert (named.engine, named.memory_limit, named.spill_dir) == ("spark://master:7077", "8GB", "spill")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('engine = "postgresql://ada:secret@db/warehouse"', "a password does not belong into the settings"),
        ('engine = "postgresql://db/warehouse?password=secret"', "set it in the environment, for PostgreSQL as PGPASSWORD"),
        ('memory_limit = "plenty"', "'plenty' is no amount of memory; write it like '4GB'"),
    ],
)
def test_a_wrong_engine_is_refused(entry: str, said: str, tmp_path: Path) -> None:
    refused = refusal(GOOD + f"\n[matching]\n{entry}\n", tmp_path)

    assert said in refused.message
    assert "secret" not in refused.message


@pytest.mark.parametrize(
    ("table", "wrong", "meant"),
    [
        ("[matching]\nmemory_limits = '1GB'\n", "matching.memory_limits", "memory_limit"),
        ("[retention]\nmessage_days = 9\n", "retention.message_days", "messages_days"),
        ("[people]\nsames = []\n", "people.sames", "same"),
        ('[[partners.live]]\nkind = "stripe"\ncredential = "KEY"\n', "partners.meridian.live.#1.stripe.credential", "credentials"),
        ('[[partners.live]]\nkind = "statuspage"\ncomponent = []\n', "partners.meridian.live.#1.statuspage.component", "components"),
    ],
)
def test_an_unknown_entry_is_named_in_every_table(table: str, wrong: str, meant: str, tmp_path: Path) -> None:
    assert f"Unknown entry '{wrong}'. Did you mean '{meant}'?" in refusal(GOOD + table, tmp_path).message
