"""Logs of the running bot: one line per event on stderr, without personal data."""

from __future__ import annotations

import logging
import sys

import structlog


class _OfLibraries(logging.Handler):
    """What libraries have to say becomes a line like ours; `logger` says whose it is."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


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
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    # Of the libraries: a connection that is closed while an event is on its way is no news at the end of a demo.
    root.setLevel(logging.CRITICAL if quiet else logging.WARNING)
    if not any(isinstance(handler, _OfLibraries) for handler in root.handlers):
        root.addHandler(_OfLibraries())
