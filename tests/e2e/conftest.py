"""The real bot beside a Slack-like workspace: a small company, built once for the tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from breakwater.cli.demo import Demo, running
from breakwater.sandbox import Message, Person, Timing

PAYMENTS = 5_000
BUSY_MACHINE = Timing(ack_s=30, trigger_s=30)  # what is tested is what people see; that every ack comes in time is tested by itself


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(
        tmp_path_factory.mktemp("demo") / "company", now=datetime.now(UTC), port=0, payments=PAYMENTS, timing=BUSY_MACHINE
    ) as running_demo:
        yield running_demo


@pytest.fixture
def told(demo: Demo) -> Callable[[Person, str, Callable[[], object]], str]:
    """`told(person, channel, deed)`: what the person is told privately in the channel after the deed, in words."""

    def wait(person: Person, channel: str, deed: Callable[[], object]) -> str:
        before = len(person.private(channel))
        deed()
        answers: tuple[Message, ...] = demo.sandbox.wait_for(lambda: person.private(channel)[before:])
        return answers[0].words

    return wait
