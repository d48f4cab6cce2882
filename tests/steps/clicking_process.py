"""Many clicks on one Acknowledge, from a process of its own: DATABASE_URL BREAK_ID FIRST CLICKS. It prints what each was answered."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from break_work import NOW, PARTNERS

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Role
from breakwater.steps import breaks as steps
from breakwater.steps.breaks import Click
from breakwater.store.database import open_database

AT_ONCE = 8


def main(database_url: str, break_id: str, first: int, clicks: int) -> None:
    database = open_database(database_url)

    def click(number: int) -> tuple[str, str]:
        actor = Actor(id=f"U0{number}", role=Role.OPERATOR)
        try:
            with database.transaction() as tx:
                steps.acknowledge(tx, Click(actor=actor, break_id=break_id, revision=1, partners=PARTNERS, now=NOW))
        except RefusedError as refused:
            return actor.id, refused.message
        return actor.id, "mine"

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sys.stdout.write(json.dumps(list(pool.map(click, range(first, first + clicks)))))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
