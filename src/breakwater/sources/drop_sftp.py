"""A drop on an SFTP server. Host keys are always checked; a lost connection leaves nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from breakwater.errors import CallError, WorldError
from breakwater.model.drops import Offered, Place

CONNECT_TIMEOUT_S = 15.0  # until the other side speaks SSH, and again until it has let us in
LISTING_TIMEOUT_S = 60.0
CHUNK_TIMEOUT_S = 60.0  # without a single chunk for this long a transfer is lost
PORT = 22
_CHUNK_BYTES = 1 << 20  # read as many requests at once
T = TypeVar("T")


class SftpDrop:
    """A folder of an SFTP server: `sftp://user@host:port/path`. One connection for each call."""

    def __init__(self, place: Place, *, secret: Callable[[str], str | None]) -> None:
        self._ssh = _asyncssh()
        url = urlsplit(place.url)
        if not url.username or not url.hostname or url.password:
            raise CallError(
                f"'sftp://{url.hostname or ''}' is no address of a drop: it needs a user and a host, and no password.",
                remedy="Write sftp://user@host:port/path; the password belongs into the environment.",
            )
        if place.known_hosts is None or not place.known_hosts.is_file():
            raise CallError(
                f"The host keys of {url.hostname} are not known: there is no file {place.known_hosts or 'known_hosts'}.",
                remedy="Ask the partner for the server's key, and name a known_hosts file that holds it.",
            )
        self._host, self._port, self._user = url.hostname, url.port or PORT, unquote(url.username)
        self._folder = unquote(url.path) or "."
        self._known_hosts = str(place.known_hosts)
        prefix = f"{place.credentials}_SFTP"
        self._password = secret(f"{prefix}_PASSWORD")
        self._keys = self._private_keys(secret(f"{prefix}_KEY_PATH"), passphrase=secret(f"{prefix}_KEY_PASSPHRASE"))
        if not self._password and not self._keys:
            raise CallError(
                f"There is neither a key nor a password for {self._user}@{self._host}.",
                remedy=f"Set {prefix}_KEY_PATH to a private key's file, or {prefix}_PASSWORD (or {prefix}_PASSWORD_FILE).",
            )

    def _private_keys(self, path: str | None, *, passphrase: str | None) -> list[Any] | None:
        if not path:
            return None
        try:
            return [self._ssh.read_private_key(path, passphrase)]
        except (self._ssh.KeyImportError, self._ssh.KeyEncryptionError, OSError) as wrong:
            raise CallError(f"The private key {path} can't be read: {_words(wrong)}.", remedy="Correct the path or passphrase.") from None

    def listing(self) -> list[Offered]:
        """Every file that lies in the folder itself."""
        return self._run(self._listing())

    def fetch(self, offered: Offered, to: Path) -> str:
        """Copy a file, hashed on its way; if it does not arrive whole and unchanged, nothing of it stays."""
        try:
            return self._run(self._fetch(offered, to))
        except WorldError:
            to.unlink(missing_ok=True)
            raise

    async def _listing(self) -> list[Offered]:
        async with self._connected() as sftp:
            names = await asyncio.wait_for(sftp.readdir(self._folder), LISTING_TIMEOUT_S)
        found = [_offered(str(name.filename), name.attrs) for name in names if _is_file(name.attrs)]
        return sorted(found, key=lambda offered: offered.name)

    async def _fetch(self, offered: Offered, to: Path) -> str:
        path = f"{self._folder.rstrip('/')}/{offered.name}"
        digest, size = hashlib.sha256(), 0
        async with self._connected() as sftp:
            remote = await asyncio.wait_for(sftp.open(path, "rb"), CHUNK_TIMEOUT_S)
            with to.open("xb") as written:
                while chunk := await asyncio.wait_for(remote.read(_CHUNK_BYTES, size), CHUNK_TIMEOUT_S):
                    digest.update(chunk)
                    size += written.write(chunk)
            now = _offered(offered.name, await asyncio.wait_for(sftp.stat(path), CHUNK_TIMEOUT_S))
        if size != offered.size or now != offered:
            raise WorldError(
                f"{offered.name} changed on {self._host} while it was fetched ({size:,} of {offered.size:,} bytes).",
                remedy="It is taken in once it is complete.",
            )
        return digest.hexdigest()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        connection = await self._ssh.connect(
            self._host,
            self._port,
            username=self._user,
            password=self._password,
            client_keys=self._keys,
            known_hosts=self._known_hosts,
            agent_path=None,
            config=None,
            connect_timeout=CONNECT_TIMEOUT_S,
            login_timeout=CONNECT_TIMEOUT_S,
        )
        try:
            yield await asyncio.wait_for(connection.start_sftp_client(), CONNECT_TIMEOUT_S)
        finally:
            connection.abort()  # a courteous end could hang on a connection that is lost

    def _run(self, job: Coroutine[Any, Any, T]) -> T:
        ssh, where = self._ssh, f"{self._user}@{self._host}:{self._port}"
        try:
            with ThreadPoolExecutor(1) as aside:  # in a thread of its own: the caller's may run an event loop already
                return aside.submit(asyncio.run, job).result()
        except ssh.HostKeyNotVerifiable:
            raise WorldError(
                f"The server at {self._host}:{self._port} is not the one in {self._known_hosts}: its host key is another.",
                remedy="Ask the partner, by another way than this server, whether its key changed, before you put a new one into the file.",
            ) from None
        except ssh.PermissionDenied:
            raise WorldError(f"{where} refused our key or password.", remedy="Ask the partner which one it expects.") from None
        except ssh.SFTPError as wrong:
            raise WorldError(
                f"{where} refused {self._folder}: {wrong.reason}.", remedy="Ask the partner about the folder and its rights."
            ) from None
        except TimeoutError:
            raise WorldError(f"{where} did not answer in time.", remedy="Check the network, or ask the partner.") from None
        except (ssh.Error, OSError) as wrong:
            raise WorldError(
                f"The connection to {where} failed: {_words(wrong)}.", remedy="Check the network, or ask the partner."
            ) from None


def _asyncssh() -> Any:
    try:
        import asyncssh
    except ModuleNotFoundError:
        raise CallError("SFTP needs a library that is not installed.", remedy="Install breakwater[sftp].") from None
    return asyncssh


def _is_file(attributes: Any) -> bool:
    return attributes.permissions is None or stat.S_ISREG(attributes.permissions)


def _offered(name: str, attributes: Any) -> Offered:
    return Offered(name=name, size=attributes.size or 0, modified_at=datetime.fromtimestamp(attributes.mtime or 0, UTC))


def _words(wrong: BaseException) -> str:
    return (str(wrong) or type(wrong).__name__).rstrip(".")
