"""The demo's own check: act as the company's people would, read what they would see, and hold it against the known truth."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from breakwater.app import Breakwater
from breakwater.demo.company import Company
from breakwater.errors import BreakwaterError
from breakwater.model.money import format_minor
from breakwater.model.runs import Run
from breakwater.sandbox import Message, Person, RefusalError, Sandbox
from breakwater.store import causes, reads
from breakwater.views.causes import sentence

OPERATIONS = "C0PAYOPS"
PATIENCE_S = 20.0
_COVERED = 95  # per cent of what was planted
_WHAT_PEOPLE_SEE = re.compile(r"\s+")


class UnexpectedError(Exception):
    """A person would have seen something else than what is true."""


def check_everything(*, company: Company, sandbox: Sandbox, bot: Breakwater, say: Callable[[str], None]) -> int:
    """Go through every main job; one line each with what a person would have seen. 0 only if every one worked."""
    tour = _Tour(company, sandbox, bot)
    failed = 0
    for name, step in tour.steps():
        try:
            say(f"ok    {name}: {step()}")
        except (UnexpectedError, TimeoutError, LookupError, RefusalError, BreakwaterError) as wrong:
            failed += 1
            say(f"FAIL  {name}: {wrong or type(wrong).__name__}")
    say(f"{failed} of the steps above failed." if failed else "Everything a person would have seen is true.")
    return 1 if failed else 0


class _Tour:
    def __init__(self, company: Company, sandbox: Sandbox, bot: Breakwater) -> None:
        self.company, self.sandbox, self.bot = company, sandbox, bot
        self.truth = company.truth
        self.ada, self.bruno = sandbox.person("U0ADA"), sandbox.person("U0BRUNO")

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield "files", self.files
        for partner in self.truth["partners"]:
            yield f"reconciliation of {partner}", partial(self.reconciliation, partner)
            yield f"breaks of {partner}", partial(self.breaks, partner)
            yield f"causes of {partner}", partial(self.causes, partner)
        for leg in self.truth["legs"]:
            yield f"reconciliation of {leg}", partial(self.reconciliation, leg)
            yield f"breaks of {leg}", partial(self.breaks, leg)
            yield f"what {leg} says did not arrive", partial(self.not_arrived, leg)
        for showcase in self.company.showcases:
            yield f"payment, {showcase.story}", partial(self.payment, showcase)
        yield "a break is acknowledged", self.acknowledge
        yield "what looks wrong", self.anomalies
        yield "the scheduled digest", self.digest
        yield "an incident in two threads", self.incident
        yield "nothing Slack would refuse", self.no_refusals

    def files(self) -> str:
        with self.bot.database.transaction() as tx:
            taken_in, refused = reads.source_files(tx), reads.source_files(tx, state="quarantined")
        given = sum(1 for p in (self.company.folder / "inbox").rglob("*") if p.is_file())
        _same("files taken in", len(taken_in), given)
        _same("files refused", len(refused), 0)
        rows = sum(sum(p["rows"].values()) for p in self.truth["partners"].values())
        rows += sum(leg["rows"]["theirs"] for leg in self.truth["legs"].values())  # the payouts are in the PSP's own rows already
        _same("records", sum(f.records for f in taken_in), rows)
        return f"{given} files, {self.truth['payments']:,} payments, {rows:,} records on both sides, each read once"

    def reconciliation(self, partner: str) -> str:
        run, truth = self._run(partner), self._truth_of(partner)
        for outcome, found in (("matched", run.matched), ("pending", run.pending), ("in_breaks", run.in_breaks)):
            _same(outcome, {c: vars(t) for c, t in found.items()}, truth[outcome])
        shown = self._ask("/recon", partner)
        for currency, total in truth["matched"].items():
            _shows(shown, format_minor(total["ours_moved_minor"], currency))
        matched = ", ".join(
            f"{format_minor(t['ours_moved_minor'], c)} matched in {t['ours_rows']:,} rows" for c, t in truth["matched"].items()
        )
        return f"{matched}; as in the company's truth"

    def breaks(self, partner: str) -> str:
        run, truth = self._run(partner), self._truth_of(partner)["breaks"]
        found = {str(kind): {"count": f.count, "value_minor": dict(f.value_minor)} for kind, f in run.breaks.items()}
        _same("breaks", found, {kind: {"count": t["count"], "value_minor": t["value_minor"]} for kind, t in truth.items()})
        return ", ".join(f"{t['count']} {kind}" for kind, t in truth.items())

    def causes(self, partner: str) -> str:
        told = self.truth["partners"][partner]["causes"]
        with self.bot.database.reading() as tx:
            found = {(str(c.kind), tuple(sorted(c.scope.items()))): c for c in causes.causes(tx, partner=partner)}
        _same("causes", sorted(found), sorted((t["kind"], tuple(sorted(t["scope"].items()))) for t in told))
        for true in told:
            cause = found[true["kind"], tuple(sorted(true["scope"].items()))]
            for currency, worth in true["value_minor"].items():
                _same(f"{cause.id} covers {currency}", 100 * cause.value_minor.get(currency, 0) >= _COVERED * worth, True)
        shown = self._ask("/recon", partner)
        for cause in found.values():
            _shows(shown, sentence(cause, partner_name=self.bot.config.partners[partner].name))
        return "; ".join(f"{c.count} breaks: {c.kind} ({c.confidence} % sure)" for c in found.values()) or "none, as it should be"

    def not_arrived(self, leg: str) -> str:
        source, target = self.bot.config.partners[leg].ends or ("", "")
        (lost,) = self._truth_of(leg)["breaks"]["missing_at_partner"]["items"]
        shown = self._ask("/recon", f"breaks {leg}")
        told = f"Payout reported by {source}, not at {target}"
        worth = format_minor(lost["value_minor"], lost["currency"])
        _shows(shown, told)
        _shows(shown, worth)
        return f"“{told}”, {worth}, batch {lost['ours'][0]}"

    def payment(self, showcase: Any) -> str:
        shown = self._ask("/payment", showcase.reference)
        _shows(shown, showcase.payment_id)
        return f"/payment {showcase.reference} says “{_first_line(shown)}” ({showcase.expect})"

    def acknowledge(self) -> str:
        card = self._wait("a break card", lambda: next((m for m in self._cards("C0SEPA") if "Acknowledge" in m.buttons), None))
        self.bruno.click(card, "Acknowledge")
        edited = self._wait("the edited card", lambda: next((m for m in self._cards("C0SEPA") if m.ts == card.ts and m.edited_ts), None))
        _shows(edited, f"<@{self.bruno.id}>")
        _same("buttons left", "Acknowledge" in edited.buttons, False)
        _same("cards of the break", sum(_first_line(m) == _first_line(edited) for m in self.sandbox.messages("C0SEPA")), 1)
        told = self._private(self.ada, "C0SEPA", lambda: self.ada.click(card, "Acknowledge"))
        _shows(told, f"<@{self.bruno.id}>")
        return f"“{_first_line(edited)}”; Ada, who clicked second, is told “{_first_line(told)}”"

    def anomalies(self) -> str:
        shown = self._ask("/anomalies", "")
        late, drop = self.company.late_file, self.company.drop
        _shows(shown, f"{late.business_date.day} {late.business_date:%b}")
        _shows(shown, drop.currency)
        return f"the {late.stream} of {late.business_date} from {late.partner} is late, {drop.currency} at {drop.partner} fell"

    def digest(self) -> str:
        digests = self._wait("a digest with its chart", lambda: self._digests() or None)
        self.bot.post_digests()  # the clock ticks again: nothing more may come
        _same("digests", len(self._digests()), 1)
        return f"posted once, with its chart: “{_first_line(digests[0])}”"

    def incident(self) -> str:
        partner = self.bot.config.partners[self.company.late_file.partner]
        shared = partner.shared_channel or ""
        told = "The statement has not arrived. Please send it, or tell us by when."
        self.bruno.command("/incident", f"open {partner.id}", channel=OPERATIONS)
        form = self._wait("the form", self.bruno.view)
        self.bruno.submit(form, {"Title": "Statement missing", "What we know": "EUR at risk: internal words", "Text for the partner": told})
        preview = self._wait("the preview", lambda: _other(self.bruno.view(), than=form))
        _shows(preview, told)
        self.bruno.submit(preview)
        ours = self._wait("our card", lambda: next((m for m in self._cards(OPERATIONS) if "Statement missing" in m.words), None))
        theirs = self._wait("the partner's card", lambda: next((m for m in self._cards(shared) if told in m.words), None))
        _same("internal words in the partner's channel", any("internal words" in m.words for m in self._cards(shared)), False)
        home = self.sandbox.workspace.team.id
        stranger = next(u for u in self.sandbox.workspace.users if u.team not in ("", home) and u.id in self._members(shared))
        self.sandbox.person(stranger.id).say(shared, "It was sent at nine.", thread_ts=theirs.ts)
        heard = self._wait(
            "the partner's reply in our thread",
            lambda: next((m for m in self.sandbox.thread(OPERATIONS, ours.ts) if "sent at nine" in m.words), None),
        )
        return f"our thread in #payments-ops, {partner.name}'s in its own channel; their reply is told to us: “{_first_line(heard)}”"

    def no_refusals(self) -> str:
        _same("calls Slack would have refused", [f"{r}" for r in self.sandbox.refusals], [])
        return f"{sum(len(self.sandbox.messages(c.id)) for c in self.sandbox.workspace.channels)} messages, all within Slack's limits"

    def _digests(self) -> list[Message]:
        return [m for m in self.sandbox.messages(OPERATIONS) if m.text.startswith("Digest") and _has_chart(m)]

    def _truth_of(self, reconciled: str) -> Any:
        """What is true of a partner, or of a leg."""
        return {**self.truth["partners"], **self.truth["legs"]}[reconciled]

    def _run(self, partner: str) -> Run:
        with self.bot.database.transaction() as tx:
            run = reads.last_run(tx, partner=partner)
        if run is None:
            raise UnexpectedError(f"{partner} was never reconciled")
        return run

    def _ask(self, command: str, text: str) -> Message:
        return self._private(self.ada, OPERATIONS, lambda: self.ada.command(command, text, channel=OPERATIONS))

    def _private(self, person: Person, channel: str, deed: Callable[[], Any]) -> Message:
        """What a person is told privately after a deed."""
        before = len(person.private(channel))
        deed()
        told: Message = self._wait("an answer", lambda: person.private(channel)[before:])[0]
        return told

    def _cards(self, channel: str) -> list[Message]:
        return [m for m in self.sandbox.messages(channel) if m.bot_id]

    def _members(self, channel: str) -> tuple[str, ...]:
        return next(c.members for c in self.sandbox.workspace.channels if c.id == channel)

    def _wait(self, what: str, look: Callable[[], Any]) -> Any:
        try:
            return self.sandbox.wait_for(look, timeout_s=PATIENCE_S)
        except TimeoutError:
            raise UnexpectedError(f"{what} did not come within {PATIENCE_S:.0f} s") from None


def _other(view: Any, *, than: Any) -> Any:
    return view if view is not None and view.id != than.id else None


def _has_chart(message: Message) -> bool:
    return any(block["type"] == "image" for block in message.blocks)


def _first_line(message: Message) -> str:
    return _WHAT_PEOPLE_SEE.sub(" ", message.text)[:160]


def _shows(message: Any, text: str) -> None:
    if text not in message.words and text not in getattr(message, "text", ""):
        raise UnexpectedError(f"“{text}” is not on show in: {_WHAT_PEOPLE_SEE.sub(' ', message.words)[:600]}")


def _same(what: str, found: object, true: object) -> None:
    if found != true:
        raise UnexpectedError(f"{what}: {_short(found)} instead of {_short(true)}")


def _short(value: object) -> str:
    text = str(dict(value)) if isinstance(value, Mapping) else str(value)
    return text if len(text) <= 400 else text[:400] + "…"
