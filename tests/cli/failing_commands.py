"""Commands that fail in one way each, for the tests of the command line itself."""

from __future__ import annotations

import click

from breakwater.errors import CallError, FileError, NotFoundError, WorldError


def _raising(name: str, error: BaseException) -> click.Command:
    def fail() -> None:
        raise error

    return click.Command(name, callback=fail)


found = _raising("found", FileError("truncated", "nordbank.xml ends in mid-entry.", remedy="Ask Nordbank to resend the file."))
nothing = _raising("nothing", NotFoundError("There is no payment P-1.", remedy="Look for another reference."))
called = _raising("called", CallError("--as-of 'soon' is no date.", remedy="Write it like 2026-11-20."))
world = _raising("world", WorldError("The database is gone."))
surprise = _raising("surprise", ZeroDivisionError("division by zero"))
interrupted = _raising("interrupted", KeyboardInterrupt())
piped = _raising("piped", BrokenPipeError())
counted = click.Command("counted", callback=lambda: 1)
fine = click.Command("fine", callback=lambda: None)
