"""A small HTTP server that answers like Stripe's API, from Stripe's published objects, and misbehaves on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

FILES = Path(__file__).parent / "files"
KEY = "rk_test_of_the_peer"


def published(name: str, **changed: Any) -> dict[str, Any]:
    """One of Stripe's published objects, with some of its entries changed."""
    thing: dict[str, Any] = json.loads((FILES / f"stripe_api_{name}.json").read_text(encoding="utf-8"))
    return thing | changed


@dataclass
class Peer:
    """What it knows (`things` by path, `lists` by path), which faults come next by path, and what it was asked."""

    url: str
    things: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    page_size: int = 100
    over: threading.Event = field(default_factory=threading.Event)

    def know(self, *things: Mapping[str, Any]) -> None:
        """Answer these objects under their own addresses."""
        places = {"payment_intent": "payment_intents", "balance_transaction": "balance_transactions"}
        for thing in things:
            place = places.get(thing["object"], f"{thing['object']}s")
            self.things[f"/v1/{place}/{thing['id']}"] = thing


@dataclass(frozen=True)
class Fault:
    """What happens instead of an answer: a status, or silence, or a body that comes byte by byte."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "as told"}}'
    silent: bool = False
    dripping: bool = False


@contextmanager
def stripe_peer() -> Iterator[Peer]:
    """The peer while it serves, on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    peer = Peer(url=f"http://127.0.0.1:{server.server_address[1]}")
    server.peer = peer  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield peer
    finally:
        peer.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        peer: Peer = self.server.peer  # type: ignore[attr-defined]
        address = urlsplit(self.path)
        peer.asked.append(self.path)
        faults = peer.faults.get(address.path, [])
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            self._answer(
                Fault(status=401, body='{"error": {"code": "api_key_expired", "message": "Expired API Key provided: rk_test_****"}}')
            )
        elif faults:
            self._fault(faults.pop(0), peer)
        elif address.path in peer.things:
            self._answer(Fault(body=json.dumps(peer.things[address.path])))
        elif address.path in ("/v1/refunds", "/v1/disputes"):
            self._answer(Fault(body=json.dumps(self._page(peer, address.path, parse_qs(address.query)))))
        else:
            self._answer(Fault(status=404, body='{"error": {"code": "resource_missing"}}'))

    def _page(self, peer: Peer, path: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
        everything = peer.lists.get(path, [])
        ids = [thing["id"] for thing in everything]
        start = ids.index(query["starting_after"][0]) + 1 if "starting_after" in query else 0
        end = start + peer.page_size
        return {"object": "list", "data": everything[start:end], "has_more": end < len(everything)}

    def _fault(self, fault: Fault, peer: Peer) -> None:
        if fault.silent:
            peer.over.wait()
            self.close_connection = True
        elif fault.dripping:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.close_connection = True
            while not peer.over.wait(0.01):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
        else:
            self._answer(fault)

    def _answer(self, fault: Fault) -> None:
        body = fault.body.encode()
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""
