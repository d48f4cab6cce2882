"""A drop in a bucket of S3, or of another store that speaks its protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from breakwater.errors import CallError, WorldError
from breakwater.model.drops import Offered, Place

CONNECT_TIMEOUT = timedelta(seconds=10)
REQUEST_TIMEOUT = timedelta(seconds=120)
RETRIES = 2
RETRIED_FOR = timedelta(seconds=20)
REGION = "us-east-1"  # for stores that know no regions
_KEY = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")
_CHUNK_BYTES = 1 << 20


class S3Drop:
    """The objects right below a prefix: `s3://bucket/prefix`."""

    def __init__(self, place: Place, *, secret: Callable[[str], str | None]) -> None:
        self._obstore = _obstore()
        url = urlsplit(place.url)
        if not url.hostname:
            raise CallError("'s3://' is no address of a drop: it names no bucket.", remedy="Write s3://bucket/prefix.")
        self._bucket, self._prefix = url.hostname, url.path.strip("/")
        names = tuple(f"{place.credentials}_S3_{name}" for name in _KEY)
        key_id, key = (secret(own) or secret(f"AWS_{common}") for own, common in zip(names, _KEY, strict=True))
        if not key_id or not key:
            raise CallError(
                f"There is no key for the bucket {self._bucket}.",
                remedy=f"Set {names[0]} and {names[1]} (or {names[1]}_FILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            )
        options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "timeout": REQUEST_TIMEOUT}
        if place.endpoint and place.endpoint.startswith("http://"):
            options |= {"allow_http": True}
        self._store = self._obstore.store.S3Store(
            self._bucket,
            endpoint=place.endpoint,
            region=place.region or REGION,
            access_key_id=key_id,
            secret_access_key=key,
            client_options=options,
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRIED_FOR},
        )

    def listing(self) -> list[Offered]:
        """Every object right below the prefix."""
        try:
            objects = self._obstore.list_with_delimiter(self._store, prefix=self._prefix or None)["objects"]
        except self._obstore.exceptions.BaseError as wrong:
            raise self._lost(wrong) from None
        found = [
            Offered(name=o["path"].rpartition("/")[2], size=o["size"], modified_at=o["last_modified"], etag=o["e_tag"]) for o in objects
        ]
        return sorted(found, key=lambda offered: offered.name)

    def fetch(self, offered: Offered, to: Path) -> str:
        """Copy an object, hashed on its way; if it does not arrive whole and unchanged, nothing of it stays."""
        try:
            return self._fetch(offered, to)
        except self._obstore.exceptions.PreconditionError:
            to.unlink(missing_ok=True)
            raise WorldError(f"{offered.name} changed while it was fetched.", remedy="It is taken in once it is complete.") from None
        except (self._obstore.exceptions.BaseError, OSError) as wrong:
            to.unlink(missing_ok=True)
            raise self._lost(wrong) from None
        except WorldError:
            to.unlink(missing_ok=True)
            raise

    def _fetch(self, offered: Offered, to: Path) -> str:
        path = f"{self._prefix}/{offered.name}".lstrip("/")
        digest, size = hashlib.sha256(), 0
        found = self._obstore.get(self._store, path, options={"if_match": offered.etag} if offered.etag else None)
        with to.open("xb") as written:
            for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                digest.update(chunk)
                size += written.write(chunk)
        if size != offered.size:
            raise WorldError(
                f"Of {offered.name} {size:,} of {offered.size:,} bytes arrived.", remedy="It is fetched again by itself in a moment."
            )
        return digest.hexdigest()

    def _lost(self, wrong: BaseException) -> WorldError:
        """The first line of what the store says: the rest shows requests in full."""
        said = str(wrong).strip().splitlines()[0][:300] if str(wrong).strip() else type(wrong).__name__
        return WorldError(
            f"The bucket {self._bucket} can't be read: {said.rstrip('.')}.",
            remedy="Check the bucket's name, its endpoint and the key's rights.",
        )


def _obstore() -> Any:
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ModuleNotFoundError:
        raise CallError("S3 needs a library that is not installed.", remedy="Install breakwater[s3].") from None
    return obstore
