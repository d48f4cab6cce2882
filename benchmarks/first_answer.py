"""How soon `/payment` is answered in Slack while reconciliations run beside it in the same process."""

from __future__ import annotations

import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from breakwater.cli import logs
from breakwater.cli.demo import running
from breakwater.model.access import Actor, Role

ASKED = 200
BUDGET_S = 1.0
CHANNEL = "C0PAYOPS"


def main() -> None:
    """Ask for the demo's payments, one after the other, and wait for each first answer."""
    logs.to_stderr(quiet=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "company", now=datetime.now(UTC), port=0) as demo:
        over, runs = threading.Event(), [0]

        def reconcile() -> None:
            while not over.is_set():
                for partner in demo.bot.config.partners.values():
                    demo.bot.runs.rerun(partner, as_of=None, actor=Actor("U0ADA", Role.ADMIN))
                    runs[0] += 1

        beside = threading.Thread(target=reconcile)
        beside.start()
        person, took = demo.sandbox.person("U0BRUNO"), []
        for n in range(ASKED):
            before, asked = len(person.private(CHANNEL)), perf_counter()
            person.command("/payment", demo.company.showcases[n % len(demo.company.showcases)].reference, channel=CHANNEL)
            demo.sandbox.wait_for(lambda b=before: len(person.private(CHANNEL)) > b, timeout_s=30)
            took.append(perf_counter() - asked)
        over.set()
        beside.join()
    took.sort()
    p50, p95, p99 = (took[int(len(took) * share)] for share in (0.5, 0.95, 0.99))
    print(f"/payment in Slack, {ASKED} asked beside {runs[0]} runs: first answer p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s")
    print(f"/payment in Slack: budget p95 {BUDGET_S:g} s {'kept' if p95 < BUDGET_S else 'NOT kept'}")
