"""The composition root: what is connected, and what runs when."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from starlette.applications import Starlette

from breakwater import web
from breakwater.agreement_files import all_terms, due_days
from breakwater.config import Config
from breakwater.deliveries import SETTLE_S, Deliveries
from breakwater.errors import BreakwaterError, WorldError
from breakwater.lake.parts import Lake
from breakwater.live_sources import live_sources
from breakwater.matching import engines, incremental
from breakwater.matching.backend import Means
from breakwater.model.access import Role
from breakwater.schedule import Clock, last_due
from breakwater.slack import (
    breaks,
    causes,
    changes,
    connecting,
    files,
    findings,
    home,
    incidents,
    noise,
    payments,
    recon,
    recon_work,
    runs,
    shortcuts,
    signoff,
)
from breakwater.slack.doors import Doors
from breakwater.slack.guard import Guard
from breakwater.slack.people import People
from breakwater.slack.sender import Sender
from breakwater.sources.raw_records import raw_record
from breakwater.steps.ageing import tell_what_aged
from breakwater.steps.detect import detect
from breakwater.steps.digest import post as post_digest
from breakwater.steps.evidence import RawRecord, raw_text
from breakwater.steps.former import tell_of_former, with_former
from breakwater.steps.housekeeping import tidy
from breakwater.steps.ingest import Arrival
from breakwater.steps.look_up import Tracing
from breakwater.steps.reasons import sql_behind
from breakwater.steps.reconcile import reconcile
from breakwater.steps.reminders import look_after
from breakwater.steps.run_desk import RunDesk
from breakwater.steps.sides import check_names
from breakwater.steps.sides import tidy as tidy_legs
from breakwater.steps.signoff import PeriodBooks, watch
from breakwater.steps.suppression import keep_following
from breakwater.steps.thresholds import end_unwatched
from breakwater.steps.traffic import Traffic
from breakwater.steps.watches import Watchers
from breakwater.store import claims, subscriptions
from breakwater.store.database import open_database

WORKERS = 16  # threads for what people ask; acknowledgements never wait for them
ACK_WORKERS = 32
WORK_EVERY_S = 60.0
DIGESTS_EVERY_S = 5.0
TIDY_EVERY_S = 3600.0
SLACK_TIMEOUT_S = 15
SOCKET_PING_S = 5  # the default of 10 s leaves the bot deaf for almost a minute after a lost connection

log = structlog.get_logger("breakwater")


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


class Breakwater:
    """One process of the bot. Several may share a database and a data directory."""

    def __init__(self, config: Config, *, now: Callable[[], datetime] = utc_now, settle_s: float = SETTLE_S) -> None:
        self.config = config
        self._now, self._settle_s = now, settle_s
        _make_data_directory(config.data_dir)
        self.database = open_database(config.database_url)
        self.database.migrate()
        with self.database.reading() as tx:
            check_names(tx, config.partners)
        self.partners = with_former(self.database, config.partners, channel=config.settings.slack.operations_channel)
        self.lake = Lake(config.data_dir / "lake")
        self.raw_record = partial(raw_text, self.lake, raw_record)
        self.terms = all_terms(config.partners)
        self.tracing = Tracing(
            self.database, self.lake, partners=config.partners, raw_record=self.raw_record, due_days=due_days(self.terms)
        )
        self.watchers = Watchers(self.database, self.tracing.trace, partners=config.partners)
        self.traffic = Traffic(self.database, self.lake, partners=config.partners)
        self.rematch = incremental.open(_match(config), hashes=self.lake.hashes)
        self.period_books = PeriodBooks(self.database, self.lake)
        self._clock = Clock()
        self._handler: SocketModeHandler | None = None
        self._sender: Sender | None = None
        self.bolt: App | None = None
        self.doors: Doors | None = None

    # --- what runs when ---

    def work(self) -> None:
        """One pass: new files, then what they change in the reconciliations, then what looks wrong."""
        self.ingest_new()
        self.reconcile_all()
        channel = self.config.settings.slack.operations_channel
        detect(self.database, self.traffic, partners=self.config.partners, channel=channel, now=self._now())
        self.watchers.tell(now=self._now())

    @property
    def deliveries(self) -> Deliveries:
        """How files arrive."""
        return Deliveries(self.config, self.database, self.lake, now=self._now, settle_s=self._settle_s, report=_report)

    def ingest_new(self) -> list[Arrival]:
        """Take in what lies complete in the drops. A file or drop that fails stops itself, never its neighbours."""
        return self.deliveries.take_in()

    def reconcile_all(self) -> None:
        """Run every partner whose records, agreement or business date changed since its last run."""
        now = self._now()
        for partner in self.config.partners.values():
            try:
                run = reconcile(
                    self.database,
                    self.lake,
                    partner=partner,
                    terms=self.terms[partner.id],
                    rematch=self.rematch,
                    as_of=partner.business_date(now),
                    now=now,
                )
            except BreakwaterError as refused:  # what can't be matched now: the last good state stays, and the neighbours go on
                _report(f"the reconciliation of {partner.id} failed", refused)
            else:
                if run:
                    log.info("run", partner=partner.id, run=run.id, breaks=sum(b.count for b in run.breaks.values()))

    def tidy(self) -> None:
        """Forget what nobody needs any more."""
        self.deliveries.tidy()
        kept_days = self.config.settings.retention.messages_days
        if removed := tidy(self.database, self.lake, messages_kept_days=kept_days, now=self._now()):
            log.info("tidy", parts_removed=len(removed))
        tidy_legs(self.database, self.lake, partners=self.config.partners, now=self._now())

    def post_digests(self) -> int:
        """Post every digest that is due, once for all processes; how many were posted by this one."""
        posted = 0
        now = self._now()
        with self.database.reading() as tx:
            asked_for = subscriptions.subscriptions(tx)
        for subscription in (*self.config.subscriptions, *asked_for):
            due = last_due(subscription.cron, time_zone=subscription.time_zone, now=now)
            if due and subscription.falls_on(due):
                posted += post_digest(
                    self.database, self.traffic, subscription=subscription, scheduled_at=due, partners=self.partners, now=now
                )
        return posted

    def look_after_breaks(self) -> None:
        """Remind who left a break alone, tell what grew older, follow the rules for known noise, watch signed periods."""
        rules, now = self.config.settings.reminders.rules(), self._now()
        if done := look_after(self.database, partners=self.partners, rules=rules, now=now):
            log.info("reminders", breaks=done)
        tell_what_aged(self.database, partners=self.partners, rules=rules, now=now)
        keep_following(self.database, partners=self.partners, now=now)
        watch(self.database, self.period_books, partners=self.config.partners, now=now)

    @property
    def runs(self) -> RunDesk:
        """What people ask of runs."""
        return RunDesk(self.database, self.lake, terms=self.terms, rematch=self.rematch, now=self._now)

    # --- what is connected ---

    def connect(self) -> App:
        """Reach Slack, and connect the doors and the sender. WorldError or CallError if Slack can't be reached or refuses the token."""
        config = self.config
        token = connecting.token(config.secret("SLACK_BOT_TOKEN", where="Slack app > OAuth & Permissions"), name="SLACK_BOT_TOKEN")
        client = WebClient(token=token, base_url=config.slack_api_url, timeout=SLACK_TIMEOUT_S)
        client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
        sending = WebClient(token=token, base_url=config.slack_api_url, timeout=SLACK_TIMEOUT_S, retry_handlers=[])
        ourselves = connecting.ourselves(client, url=config.slack_api_url)
        roles = config.settings.roles
        people = People(
            client,
            home_team_id=ourselves["team_id"],
            bot_user_id=ourselves["user_id"],
            roles={Role.VIEWER: roles.viewer, Role.OPERATOR: roles.operator, Role.APPROVER: roles.approver, Role.ADMIN: roles.admin},
        )
        guard = Guard(people, partners=self.partners)
        doors = Doors(
            client=client,
            database=self.database,
            tracing=self.tracing,
            partners=self.partners,
            people=people,
            guard=guard,
            operations_channel=config.settings.slack.operations_channel,
            company=config.settings.company,
            now=self._now,
            executor=ThreadPoolExecutor(WORKERS, thread_name_prefix="door"),
            report=_report,
            authority=config.authority,
            period_figures=self.period_books.figures,
            runs=self.runs,
            unmonitored=lambda: (*self.traffic.unmonitored, *self.traffic.levels.unmonitored),
            live=live_sources(config, now=self._now),
            subscriptions=config.subscriptions,
            backtest=lambda partner, days: self.traffic.replayed(partner, days=days, now=self._now()),
        )
        self.doors = doors
        self.watchers = Watchers(self.database, self.tracing.trace, partners=config.partners, live=doors.live)
        self.bolt = _bolt(
            client, doors, self.deliveries, self.raw_record, partial(sql_behind, self.lake), signing_secret=_signing_secret(config)
        )
        self._sender = Sender(self.database, sending, guard=guard, now=self._now, wake=doors.wake_sender, report=_report)
        return self.bolt

    def start(self, *, socket_mode: bool = True) -> None:
        """Connect, listen, send and tick. WorldError or CallError if Slack can't be reached or refuses a token."""
        bolt = self.bolt or self.connect()
        if socket_mode:
            given = self.config.secret("SLACK_APP_TOKEN", where="Slack app > Basic Information > App-Level Tokens")
            app_token = connecting.token(given, name="SLACK_APP_TOKEN")
            self._handler = SocketModeHandler(bolt, app_token=app_token, ping_interval=SOCKET_PING_S)
            connecting.listen(self._handler, url=self.config.slack_api_url)
        assert self._sender
        self._tell_what_is_left_open()
        self._sender.start()
        self._clock.every(WORK_EVERY_S, self._claimed(self.work, "work", WORK_EVERY_S), name="work")
        self._clock.every(WORK_EVERY_S, self._claimed(self.look_after_breaks, "breaks", WORK_EVERY_S), name="breaks")
        self._clock.every(TIDY_EVERY_S, self._claimed(self.tidy, "tidy", TIDY_EVERY_S), name="tidy")
        self._clock.every(DIGESTS_EVERY_S, _kept_alive(self.post_digests), name="digests")
        self._clock.start()

    def _tell_what_is_left_open(self) -> None:
        """Who was taken out of the settings and left something open: said once, in the log and where the team works."""
        channel = self.config.settings.slack.operations_channel
        for left in tell_of_former(self.database, partners=self.partners, channel=channel, now=self._now()):
            log.warning("no longer configured", partner=left.partner.id, open_breaks=left.breaks.count, open_incidents=left.incidents)
        end_unwatched(self.database, partners=self.config.partners, now=self._now())

    def web(self) -> Starlette:
        """The ASGI app for signed HTTP, health, readiness and metrics."""
        assert self.bolt
        checks = {"database": self.database.ping, "lake": self._check_lake, "slack": self._check_slack}
        return web.create(bolt=self.bolt, database=self.database, checks=checks, partners=self.config.partners)

    def _check_lake(self) -> None:
        probe = self.config.data_dir / ".readable"
        try:
            probe.touch()
        except OSError as wrong:
            raise WorldError(f"The data directory can't be written ({wrong.strerror}).", remedy="Check the disk and its rights.") from None

    def _check_slack(self) -> None:
        assert self.bolt
        try:
            self.bolt.client.auth_test()
        except (SlackApiError, OSError) as wrong:
            raise WorldError(f"Slack does not answer ({type(wrong).__name__}).", remedy="Check the network and the token.") from None

    def stop(self) -> None:
        """Finish what is under way and let go of everything."""
        self._clock.stop()
        if self._handler:
            self._handler.close()  # type: ignore[no-untyped-call]
        if self._sender:
            self._sender.stop()
        self.database.close()

    def _claimed(self, job: Callable[[], None], name: str, every_s: float) -> Callable[[], None]:
        """`job`, done by one process for each tick of `every_s` seconds."""

        def run() -> None:
            now = self._now()
            tick = datetime.fromtimestamp(now.timestamp() // every_s * every_s, UTC)
            with self.database.transaction() as tx:
                mine = claims.claim(tx, job=name, scheduled_at=tick, now=now)
            if mine:
                job()

        return _kept_alive(run)


def _kept_alive(job: Callable[[], Any]) -> Callable[[], None]:
    """`job`, whose failure is logged and does not keep it from its next turn."""

    def run() -> None:
        try:
            job()
        except (BreakwaterError, SlackApiError, OSError) as wrong:
            _report("a scheduled job failed", wrong)

    return run


def _bolt(
    client: WebClient, doors: Doors, deliveries: Deliveries, raw_record: RawRecord, sql: recon_work.Sql, *, signing_secret: str
) -> App:
    app = connecting.bolt(client, signing_secret=signing_secret, listeners=ThreadPoolExecutor(ACK_WORKERS, thread_name_prefix="ack"))
    for subject in (recon, breaks, causes, noise, signoff, findings, incidents, home, runs, shortcuts, changes):
        subject.register(app, doors)
    files.register(app, doors, deliveries)
    payments.register(app, doors, raw_record)
    recon_work.register(app, doors, sql)
    app.error(lambda error, body: doors.answer_error(body, error))
    return app


def _signing_secret(config: Config) -> str:
    """What Slack signs its requests with. Where none is given, one that nobody knows, so that nothing signed with it is ever taken."""
    names = ("SLACK_SIGNING_SECRET", "SLACK_SIGNING_SECRET_FILE")
    is_given = any(config.environment.get(name) for name in names)
    return config.secret(names[0], where="Slack app > Basic Information > App Credentials") if is_given else secrets.token_hex()


def _match(config: Config) -> engines.Match:
    """The matching engine of the settings."""
    given = config.settings.matching
    means = Means(memory_limit=given.memory_limit, spill_dir=config.path(given.spill_dir) if given.spill_dir else None)
    return engines.open(given.engine, proven=given.proven, means=means)


def _make_data_directory(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise WorldError(f"The data directory {folder} can't be made ({wrong.strerror}).", remedy="Check BREAKWATER_DATA_DIR.") from None


def _report(what: str, wrong: BaseException) -> None:
    log.error(what, error=type(wrong).__name__, message=str(wrong), exc_info=None if isinstance(wrong, BreakwaterError) else wrong)
