"""Logs of the running bot: one line per event on stderr, without personal data."""

from __future__ import annotations

import logging
import sys

import structlog


def to_stderr(*, quiet: bool = False) -> None:
    """Send log lines to stderr as JSON, so that stdout stays for answers. `quiet` leaves only what went wrong."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked for each line: stderr may be another one by then
    )
    # Of the libraries: a connection that is closed while an event is on its way is no news at the end of a demo.
    logging.basicConfig(level=logging.CRITICAL if quiet else logging.WARNING, stream=sys.stderr)
