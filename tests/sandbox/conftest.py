"""The fixtures of these tests; what they are made of is in sandbox_bot."""

from __future__ import annotations

from sandbox_bot import bot, client, clock, sandbox, serve

__all__ = ["bot", "client", "clock", "sandbox", "serve"]
