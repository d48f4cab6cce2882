"""Senders killed in the middle of their work, again and again: every message arrives once, cards and threads in order."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sending import Post, a_workspace

from breakwater.sandbox import Rates, Sandbox
from breakwater.store.database import open_database

CHANNELS = [f"C0MORE{n}" for n in range(5)]
CARDS, STAGES, REPLIES_PER_STAGE, POSTS_PER_STAGE = 36, 3, 2, 30  # 108 states of cards, 216 replies and 90 posts
KILLS_PER_STAGE = 2
PATIENCE_S = 60


class Now:
    """The time it is, as a sender in a process of its own sees it."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def seconds(self) -> float:
        return self().timestamp()


@dataclass
class Senders:
    """Sender processes, and what they have shown so far."""

    database_url: str
    sandbox: Sandbox
    at_once: int
    changes: int = 0
    shown: dict[str, list[int]] = field(default_factory=dict)  # the revisions of each card, in the order in which they were seen
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: int = 0

    def start(self) -> None:
        script = Path(__file__).with_name("sender_process.py")
        while len(self.running) < self.at_once:
            self.running.append(subprocess.Popen([sys.executable, script, self.database_url, self.sandbox.api_url]))

    def kill_one(self, *, after_changes: int) -> None:
        """Kill the oldest process the moment the workspace has changed so often since now."""
        target = self.changes + after_changes
        self.sandbox.wait_for(lambda: self.changes >= target, timeout_s=PATIENCE_S)
        process = self.running.pop(0)
        process.send_signal(signal.SIGKILL)
        self.killed += process.wait() == -signal.SIGKILL

    def finish(self) -> list[int]:
        """Wait for all to find nothing left to do; their exit codes."""
        return [process.wait(PATIENCE_S) for process in self.running]

    def stop(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()

    def watch(self) -> None:
        """Called at each change of the workspace."""
        self.changes += 1
        for channel in CHANNELS:
            for message in self.sandbox.messages(channel):
                about, _, revision = message.text.partition(" revision ")
                revisions = self.shown.setdefault(about, [])
                if revision and revisions[-1:] != [int(revision)]:
                    revisions.append(int(revision))


@contextlib.contextmanager
def senders(database_url: str, *, at_once: int = 1) -> Iterator[tuple[Senders, Post]]:
    workspace = a_workspace(more_channels=len(CHANNELS))
    with Sandbox(workspace, rates=Rates.off()) as sandbox, contextlib.closing(open_database(database_url)) as database:
        made = Senders(database_url, sandbox, at_once)
        sandbox.state.listen(made.watch)
        try:
            yield made, Post(database, sandbox, Now())  # type: ignore[arg-type]
        finally:
            made.stop()


def put_stage(post: Post, stage: int) -> None:
    for n in range(CARDS):
        about, channel = f"B-{n}", CHANNELS[n % len(CHANNELS)]
        post.put_card(stage, about=about, channel=channel)
        for reply in range(REPLIES_PER_STAGE):
            post.put_reply(f"{about} reply {stage}.{reply}", about=about, channel=channel)
    for n in range(POSTS_PER_STAGE):
        post.put(f"post {stage}.{n}", channel=CHANNELS[n % len(CHANNELS)])


def everything(sandbox: Sandbox) -> list[Any]:
    return [m for channel in CHANNELS for m in sandbox.state.everything(channel)]


def send_under_fire(made: Senders, post: Post, *, seed: int) -> list[int]:
    rng = random.Random(seed)
    for stage in range(1, STAGES + 1):
        put_stage(post, stage)
        for _ in range(KILLS_PER_STAGE):
            made.start()
            made.kill_one(after_changes=rng.randint(1, 40))
    made.start()
    return made.finish()


def check(made: Senders, post: Post) -> None:
    arrived = Counter(m.metadata["event_payload"]["key"] for m in everything(made.sandbox))
    texts = Counter(m.text for m in everything(made.sandbox))
    expected = [f"B-{n} revision {STAGES}" for n in range(CARDS)]
    expected += [f"B-{n} reply {stage}.{r}" for n in range(CARDS) for stage in range(1, STAGES + 1) for r in range(REPLIES_PER_STAGE)]
    expected += [f"post {stage}.{n}" for stage in range(1, STAGES + 1) for n in range(POSTS_PER_STAGE)]
    assert texts == Counter(expected)  # none lost, none doubled
    assert max(arrived.values()) == 1
    assert set(post.states().values()) <= {"sent", "superseded"}
    for card in (m for channel in CHANNELS for m in made.sandbox.messages(channel) if " revision " in m.text):
        about = card.text.partition(" ")[0]
        assert post.replies(card) == [f"{about} reply {s}.{r}" for s in range(1, STAGES + 1) for r in range(REPLIES_PER_STAGE)]
        assert made.shown[about] == sorted(made.shown[about])
    assert made.killed == STAGES * KILLS_PER_STAGE


@pytest.mark.parametrize("seed", [1])
def test_a_sender_killed_again_and_again_loses_and_doubles_nothing(database_url: str, seed: int) -> None:
    with senders(database_url) as (made, post):
        assert send_under_fire(made, post, seed=seed) == [0]

        check(made, post)


@pytest.mark.real("postgresql")
def test_two_senders_at_once_killed_in_turn_lose_and_double_nothing(postgres_url: str) -> None:
    with contextlib.closing(open_database(postgres_url)) as database:
        database.migrate()
    with senders(postgres_url, at_once=2) as (made, post):
        assert send_under_fire(made, post, seed=2) == [0, 0]

        check(made, post)
