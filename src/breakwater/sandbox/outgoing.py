"""Signed HTTP towards the app's request URL: the v0 signature and one request per delivery."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Signer:
    """Signs request bodies as Slack does (docs.slack.dev, "Verifying requests from Slack")."""

    secret: str
    clock: Callable[[], float]

    def headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock()))
        digest = hmac.new(self.secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}


@dataclass(frozen=True)
class Reply:
    """What the app answered."""

    status: int
    content_type: str
    body: bytes


async def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Reply:
    """POST `body` over a connection of its own; OSError when the app can't be reached or breaks off."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    context = ssl.create_default_context() if secure else None
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return _parsed(await reader.read())
    finally:
        writer.close()


def _parsed(raw: bytes) -> Reply:
    try:
        response = http.client.HTTPResponse(cast(socket.socket, _Received(raw)))
        response.begin()
        return Reply(status=response.status, content_type=response.getheader("Content-Type", ""), body=response.read())
    except http.client.HTTPException as wrong:
        raise ConnectionError(f"the app's answer is no HTTP: {wrong!r}") from None


class _Received:
    """A finished answer, shaped like the socket that HTTPResponse wants to read from."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)
