"""A drop on an SFTP server, against a real one that listens on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from breakwater.errors import CallError, WorldError
from breakwater.model.drops import Drop, Place
from breakwater.sources.drops import open_drop

BYTES = os.urandom(3_000_000)


@dataclass
class Server:
    """An SFTP server with one user, which can be told to hang up in the middle of a file."""

    folder: Path
    host_key: Any
    user_key: Any
    port: int = 0
    cut_after_bytes: int | None = None
    on_open: list[Any] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place(url=f"sftp://breakwater@127.0.0.1:{self.port}/out", known_hosts=self.folder / "known_hosts", credentials="NORDBANK")


def users(server: Server) -> type[asyncssh.SSHServer]:
    class Users(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("breakwater", "sesame")

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: Any) -> bool:
            return bool(key.public_data == server.user_key.public_data)

    return Users


def files(server: Server) -> Any:
    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            self._connection = channel.get_connection()
            super().__init__(channel, chroot=str(server.folder / "root"))

        def open(self, path: bytes, pflags: int, attrs: Any) -> object:
            for deed in server.on_open:
                deed()
            return super().open(path, pflags, attrs)

        def read(self, file_obj: Any, offset: int, size: int) -> bytes:
            enough = server.cut_after_bytes is None or offset < server.cut_after_bytes
            return super().read(file_obj, offset, size) if enough else self._hang_up()

        def _hang_up(self) -> bytes:
            self._connection.abort()
            return b""

    return Files


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "root" / "out").mkdir(parents=True)
    made = Server(tmp_path, asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519"))
    made.user_key.write_private_key(tmp_path / "user_key")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen("127.0.0.1", 0, server_factory=users(made), server_host_keys=[made.host_key], sftp_factory=files(made))

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    made.port = acceptor.get_port()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{made.port} {made.host_key.export_public_key().decode()}")
    yield made
    loop.call_soon_threadsafe(acceptor.close)
    asyncio.run_coroutine_threadsafe(acceptor.wait_closed(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def opened(place: Place, **secrets: str) -> Drop:
    return open_drop(place, secret=(secrets or {"NORDBANK_SFTP_PASSWORD": "sesame"}).get)


def test_files_are_offered_and_fetched_and_stay_where_they_are(server: Server, tmp_path: Path) -> None:
    out = server.folder / "root" / "out"
    (out / "statement.xml").write_bytes(BYTES)
    (out / "older").mkdir()
    drop = opened(server.place)

    (offered,) = drop.listing()
    sha256 = drop.fetch(offered, tmp_path / "copy")

    assert (offered.name, offered.size) == ("statement.xml", len(BYTES))
    assert (tmp_path / "copy").read_bytes() == BYTES
    assert sha256 == hashlib.sha256(BYTES).hexdigest()
    assert (out / "statement.xml").exists()


def test_a_key_opens_the_drop_too(server: Server) -> None:
    (server.folder / "root" / "out" / "a.xml").write_text("x")

    drop = opened(server.place, NORDBANK_SFTP_KEY_PATH=str(server.folder / "user_key"))

    assert [o.name for o in drop.listing()] == ["a.xml"]


def test_a_connection_cut_in_mid_file_leaves_nothing(server: Server, tmp_path: Path) -> None:
    (server.folder / "root" / "out" / "statement.xml").write_bytes(BYTES)
    drop = opened(server.place)
    (offered,) = drop.listing()
    server.cut_after_bytes = 1_000_000

    with pytest.raises(WorldError, match=r"The connection to breakwater@127\.0\.0\.1:[0-9]+ failed"):
        drop.fetch(offered, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_file_still_being_uploaded_leaves_nothing(server: Server, tmp_path: Path) -> None:
    path = server.folder / "root" / "out" / "statement.xml"
    path.write_bytes(BYTES[:1_000])
    drop = opened(server.place)
    (offered,) = drop.listing()
    server.on_open.append(lambda: path.write_bytes(BYTES))

    with pytest.raises(WorldError, match=r"statement\.xml changed on 127\.0\.0\.1 while it was fetched \(3,000,000 of 1,000 bytes\)"):
        drop.fetch(offered, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_another_servers_key_is_refused(server: Server) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (server.folder / "known_hosts").write_text(f"[127.0.0.1]:{server.port} {other}")

    with pytest.raises(WorldError, match="its host key is another") as refused:
        opened(server.place).listing()
    assert "by another way than this server" in refused.value.remedy


def test_a_drop_without_known_hosts_is_not_opened(server: Server) -> None:
    with pytest.raises(CallError, match=r"host keys of 127\.0\.0\.1 are not known"):
        opened(replace(server.place, known_hosts=None))
    with pytest.raises(CallError, match="there is no file"):
        opened(replace(server.place, known_hosts=server.folder / "nowhere"))


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        ({"OTHER": "x"}, "neither a key nor a password"),
        ({"NORDBANK_SFTP_KEY_PATH": "/nowhere/key"}, "The private key /nowhere/key can't be read"),
    ],
)
def test_missing_secrets_are_named(server: Server, secrets: dict[str, str], said: str) -> None:
    with pytest.raises(CallError, match=said):
        opened(server.place, **secrets)


def test_a_wrong_password_is_told_without_it(server: Server) -> None:
    with pytest.raises(WorldError, match="refused our key or password") as refused:
        opened(server.place, NORDBANK_SFTP_PASSWORD="open!").listing()
    assert "open!" not in str(refused.value)


def test_a_folder_that_is_not_there_and_a_server_that_is_not_there_are_told(server: Server) -> None:
    with pytest.raises(WorldError, match="refused /away: No such file"):
        opened(replace(server.place, url=server.place.url.replace("/out", "/away"))).listing()
    with pytest.raises(WorldError, match=r"The connection to breakwater@127\.0\.0\.1:1 failed"):
        opened(replace(server.place, url="sftp://breakwater@127.0.0.1:1/out")).listing()
