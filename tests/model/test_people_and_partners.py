"""Roles, audiences, incidents, and a partner's business date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from breakwater.errors import RefusedError
from breakwater.model.access import INTERNAL, SYSTEM, Actor, Permission, Role, partner_audience, person_audience, require
from breakwater.model.calendar import named_calendar
from breakwater.model.incidents import Incident, IncidentStatus, Severity, resolve
from breakwater.model.partners import FileDue, Partner

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        (Permission.READ, Role.VIEWER),
        (Permission.ACKNOWLEDGE_BREAK, Role.OPERATOR),
        (Permission.OPEN_INCIDENT, Role.APPROVER),
        (Permission.RESOLVE_INCIDENT, Role.ADMIN),
    ],
)
def test_a_role_may_do_what_it_may(permission: Permission, role: Role) -> None:
    require(Actor(id="U0ADA", role=role), permission)
    require(SYSTEM, permission)


@pytest.mark.parametrize(
    ("permission", "role", "sentence"),
    [
        (Permission.READ, Role.NOBODY, "You need the role 'viewer' to read Breakwater's answers."),
        (Permission.ACKNOWLEDGE_BREAK, Role.VIEWER, "You need the role 'operator' to acknowledge a break."),
        (Permission.OPEN_INCIDENT, Role.VIEWER, "You need the role 'operator' to open an incident."),
        (Permission.RESOLVE_INCIDENT, Role.VIEWER, "You need the role 'operator' to resolve an incident."),
    ],
)
def test_a_role_too_low_is_told_which_one_is_needed_and_who_can_help(permission: Permission, role: Role, sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require(Actor(id="U0ADA", role=role), permission)

    assert refused.value.message == sentence
    assert "Ask an administrator" in refused.value.remedy


def test_audiences_are_told_apart() -> None:
    texts = [str(INTERNAL), str(partner_audience("nordbank")), str(person_audience("U0ADA"))]

    assert texts == ["internal", "partner:nordbank", "person:U0ADA"]


def an_incident() -> Incident:
    return Incident(
        id="I-7", partner="nordbank", title="Statements late", severity=Severity.SEV2, summary="No statement since Friday",
        partner_text="We miss your statement of 20 Nov.", opened_by="U0ADA", opened_at=NOW,
    )  # fmt: skip


def test_a_resolved_incident_tells_each_side_its_own_words() -> None:
    over = resolve(an_incident(), by="U0GRACE", resolution="Their SFTP was full", partner_resolution="Thank you, received.", now=NOW)

    assert (over.status, over.open, over.revision) == (IncidentStatus.RESOLVED, False, 2)
    assert (over.resolution, over.partner_resolution, over.resolved_by, over.resolved_at) == (
        "Their SFTP was full", "Thank you, received.", "U0GRACE", NOW,
    )  # fmt: skip


def test_a_second_resolution_says_who_was_first() -> None:
    over = resolve(an_incident(), by="U0GRACE", resolution="x", partner_resolution="y", now=NOW)

    with pytest.raises(RefusedError, match=r"I-7 was already resolved by <@U0GRACE>\."):
        resolve(over, by="U0ADA", resolution="z", partner_resolution="z", now=NOW)


NORDBANK = Partner(
    id="nordbank", name="Nordbank", network="sepa", calendar=named_calendar("TARGET2"), calendar_name="TARGET2",
    time_zone=ZoneInfo("Europe/Berlin"), cut_off=time(17), live_from=date(2026, 1, 1), agreement="",
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "day"),
    [
        pytest.param(datetime(2026, 11, 19, 15, 59, tzinfo=UTC), date(2026, 11, 19), id="a minute before cut-off"),
        pytest.param(datetime(2026, 11, 19, 16, 0, tzinfo=UTC), date(2026, 11, 20), id="at cut-off the next day"),
        pytest.param(datetime(2026, 7, 2, 14, 59, tzinfo=UTC), date(2026, 7, 2), id="in summer an hour earlier in UTC"),
        pytest.param(datetime(2026, 7, 2, 15, 0, tzinfo=UTC), date(2026, 7, 3), id="and then the next day"),
        pytest.param(datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 23), id="Friday evening is Monday"),
        pytest.param(datetime(2026, 11, 21, 3, 0, tzinfo=UTC), date(2026, 11, 23), id="Saturday is Monday"),
        pytest.param(datetime(2026, 4, 2, 16, 0, tzinfo=UTC), date(2026, 4, 7), id="Maundy Thursday evening is Tuesday"),
        pytest.param(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2027, 1, 4), id="New Year in Berlin, not yet in UTC"),
        pytest.param(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), date(2026, 11, 23), id="Monday in Berlin, Sunday in UTC"),
    ],
)
def test_the_business_date_follows_cut_off_time_zone_and_calendar(now: datetime, day: date) -> None:
    assert NORDBANK.business_date(now) == day


def test_a_file_is_late_only_after_its_deadline() -> None:
    due = FileDue(
        partner="nordbank", stream="statement", business_date=date(2026, 11, 19), due_at=NOW, deadline_at=NOW + timedelta(hours=1)
    )

    assert not due.is_late(now=NOW + timedelta(hours=1))
    assert due.is_late(now=NOW + timedelta(hours=1, microseconds=1))
