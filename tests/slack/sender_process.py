"""A sender in a process of its own, which ends when nothing waits any more: DATABASE_URL API_URL."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from time import monotonic

from sending import a_client, a_guard

from breakwater.slack.sender import Sender
from breakwater.store import outbox
from breakwater.store.database import open_database

TIME_OUT_S, LEASE_S = 0.9, 3.0  # a lease lasts longer than three time-outs


def main(database_url: str, api_url: str) -> None:
    database, client, wake = open_database(database_url), a_client(api_url, timeout_s=TIME_OUT_S), threading.Event()
    sender = Sender(
        database,
        client,
        guard=a_guard(client, clock=monotonic),
        now=lambda: datetime.now(UTC),
        wake=wake,
        report=lambda what, wrong: sys.stderr.write(f"{what}: {wrong!r}\n"),
        lease_s=LEASE_S,
        post_every_s=0,
    )
    while True:
        handled = sender.send_due()
        with database.reading() as tx:
            if not outbox.pending_count(tx):
                return
        if not handled:
            wake.wait(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
