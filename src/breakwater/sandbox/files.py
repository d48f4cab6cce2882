"""Uploaded files: announced, uploaded, completed; only then may a message or an image block show them."""

from __future__ import annotations

import mimetypes
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from breakwater.sandbox.messages import Json
from breakwater.sandbox.refusal import RefusalError

MOST_BYTES = 64 * 1024 * 1024
IMAGE_TYPES = {"image/png", "image/jpeg", "image/gif"}


@dataclass(frozen=True)
class File:
    """A file the bot announced. It is `completed` once the bot has said so; `channels` are those it was shared in."""

    id: str
    name: str
    size: int
    user: str
    created_s: int
    title: str = ""
    alt_text: str = ""
    content: bytes | None = None
    completed: bool = False
    channels: tuple[str, ...] = ()

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def text(self) -> str:
        """The content of a text file, like a CSV."""
        return (self.content or b"").decode("utf-8")


class Files:
    """All files of the workspace, by id."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def __iter__(self) -> Any:
        return iter(tuple(self._files.values()))

    def announce(self, *, name: str, size: int, user: str, created_s: int, alt_text: str) -> File:
        """Reserve an id for a file of `size` bytes."""
        if size <= 0 or size > MOST_BYTES:
            raise RefusalError("invalid_arguments", ["[ERROR] length must be positive and within the limit [json-pointer:/length]"])
        file = File(id=f"F{secrets.token_hex(5).upper()}", name=name, size=size, user=user, created_s=created_s, alt_text=alt_text)
        self._files[file.id] = file
        return file

    def upload(self, file_id: str, content: bytes) -> None:
        """Receive the bytes; their number must be the announced one."""
        file = self.get(file_id)
        if file.completed or file.size != len(content):
            raise RefusalError("invalid_upload", [f"{file.size} bytes were announced, {len(content)} came"])
        self._files[file_id] = replace(file, content=content)

    def complete(self, file_id: str, *, title: str) -> File:
        """Finish an upload, so that the file can be shown."""
        file = self.get(file_id)
        if file.content is None or file.completed:
            raise RefusalError("file_not_found")
        self._files[file_id] = replace(file, completed=True, title=title or file.name)
        return self._files[file_id]

    def share(self, file_id: str, channel: str) -> None:
        """Note the channel a file is now seen in."""
        file = self.get(file_id)
        self._files[file_id] = replace(file, channels=tuple(dict.fromkeys((*file.channels, channel))))

    def get(self, file_id: str) -> File:
        if file_id not in self._files:
            raise RefusalError("file_not_found")
        return self._files[file_id]

    def is_image(self, reference: Mapping[str, Any]) -> bool:
        """Whether a block's `slack_file` (an id or a private URL) names a completed image."""
        named = str(reference.get("id") or str(reference.get("url", "")).rsplit("/", 2)[-2:][0])
        file = self._files.get(named)
        return file is not None and file.completed and file.mimetype in IMAGE_TYPES


def file_json(file: File, *, base_url: str) -> Json:
    """A file as the Web API shows it."""
    return {
        "id": file.id,
        "created": file.created_s,
        "timestamp": file.created_s,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rsplit(".", 1)[-1].lower() if "." in file.name else "text",
        "user": file.user,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(file.channels),
        "alt_txt": file.alt_text,
        "url_private": f"{base_url}/files-pri/{file.id}/{file.name}",
        "url_private_download": f"{base_url}/files-pri/{file.id}/download/{file.name}",
        "permalink": f"{base_url}/files/{file.user}/{file.id}/{file.name}",
        "channels": list(file.channels),
        "groups": [],
        "ims": [],
    }
