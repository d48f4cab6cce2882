"""Views people have open: the stack of modals of each person, their App Home, and the triggers that open them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from breakwater.sandbox.messages import Json, words_of
from breakwater.sandbox.refusal import RefusalError

MOST_STACKED = 3


@dataclass(frozen=True)
class View:
    """A modal or an App Home as it stands. `errors` are shown under inputs, by block id; `trouble` means no usable answer came."""

    id: str
    user: str
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    errors: Json = field(default_factory=dict)
    trouble: str = ""

    @property
    def blocks(self) -> tuple[Json, ...]:
        return tuple(self.content["blocks"])

    @property
    def title(self) -> str:
        return str(self.content.get("title", {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        return str(self.content.get("callback_id", ""))

    @property
    def words(self) -> str:
        """Everything a person reads in it: title, blocks, errors, buttons below."""
        parts = [self.title, words_of(self.blocks), *map(str, self.errors.values()), self.trouble]
        parts += [self.content[name]["text"] for name in ("submit", "close") if name in self.content]
        return "\n".join(part for part in parts if part)


class Views:
    """The stacks of open modals and the published homes, by person."""

    def __init__(self) -> None:
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> tuple[View, ...]:
        return tuple(self._stacks.get(user, ()))

    def top(self, user: str) -> View | None:
        stack = self._stacks.get(user)
        return stack[-1] if stack else None

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def open(self, content: Json, *, user: str) -> View:
        """Open a modal in place of whatever the person had open."""
        self._no_other_has(content.get("external_id"), allowed=None)
        view = _new(content, user=user)
        self._stacks[user] = [view]
        return view

    def push(self, content: Json, *, user: str) -> View:
        """Put a modal above the open one; three at most."""
        stack = self._stacks.get(user, [])
        if not stack:
            raise RefusalError("not_found")
        if len(stack) >= MOST_STACKED:
            raise RefusalError("push_limit_reached")
        self._no_other_has(content.get("external_id"), allowed=None)
        view = _new(content, user=user, root=stack[0].id, previous=stack[-1].id)
        stack.append(view)
        return view

    def update(self, content: Json, *, view_id: str | None, external_id: str | None, expected_hash: str | None) -> View:
        """Replace an open modal's content; a `hash` that is not the newest is a conflict."""
        found = self.find(view_id=view_id, external_id=external_id)
        if expected_hash and expected_hash != found.hash:
            raise RefusalError("hash_conflict")
        self._no_other_has(content.get("external_id"), allowed=found.id)
        changed = replace(found, content=content, hash=_hash(), errors={}, trouble="")
        self._stacks[found.user] = [changed if v.id == found.id else v for v in self._stacks.get(found.user, [])]
        return changed

    def mark(self, view: View, *, errors: Json | None = None, trouble: str = "") -> None:
        """Show errors under the inputs of an open modal or trouble above them; the same mark also falls on a home."""
        stack = self._stacks.get(view.user, [])
        self._stacks[view.user] = [replace(v, errors=errors or {}, trouble=trouble) if v.id == view.id else v for v in stack]
        home = self._homes.get(view.user)
        if home and home.id == view.id:
            self._homes[view.user] = replace(home, trouble=trouble)

    def close(self, view: View, *, all_of_them: bool = False) -> tuple[View, ...]:
        """Close a modal with those above it, or the whole stack; returns what was closed."""
        stack = self._stacks.get(view.user, [])
        keep = 0 if all_of_them else next((n for n, v in enumerate(stack) if v.id == view.id), len(stack))
        self._stacks[view.user] = stack[:keep]
        return tuple(stack[keep:])

    def publish(self, content: Json, *, user: str, expected_hash: str | None) -> View:
        """Show a person's App Home."""
        before = self._homes.get(user)
        if expected_hash and before and expected_hash != before.hash:
            raise RefusalError("hash_conflict")
        home = replace(before, content=content, hash=_hash(), trouble="") if before else _new(content, user=user)
        self._homes[user] = home
        return home

    def find(self, *, view_id: str | None, external_id: str | None = None) -> View:
        """An open modal or a home; RefusalError not_found when it is closed or never was."""
        everything = [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())
        for view in everything:
            if view.id == view_id or (external_id and view.content.get("external_id") == external_id):
                return view
        raise RefusalError("not_found")

    def _no_other_has(self, external_id: str | None, *, allowed: str | None) -> None:
        for stack in self._stacks.values():
            if external_id and any(v.content.get("external_id") == external_id and v.id != allowed for v in stack):
                raise RefusalError("duplicate_external_id")


def _new(content: Json, *, user: str, root: str = "", previous: str | None = None) -> View:
    view_id = f"V{secrets.token_hex(5).upper()}"
    return View(id=view_id, user=user, content=content, hash=_hash(), root_id=root or view_id, previous_id=previous)


def _hash() -> str:
    return secrets.token_hex(8)


class Triggers:
    """Permissions to open a modal: each comes with an interaction, works once, and only for a short while."""

    def __init__(self, *, life_s: float, clock: Callable[[], float]) -> None:
        self._life_s = life_s
        self._clock = clock
        self._users: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def issue(self, user: str) -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._users[trigger_id] = (user, self._clock() + self._life_s)
        return trigger_id

    def redeem(self, trigger_id: str) -> str:
        """The person who interacted; RefusalError when it is unknown, used or too old."""
        if trigger_id not in self._users:
            raise RefusalError("invalid_trigger_id")
        user, until = self._users[trigger_id]
        if trigger_id in self._used:
            raise RefusalError("exchanged_trigger_id")
        if self._clock() > until:
            raise RefusalError("expired_trigger_id")
        self._used.add(trigger_id)
        return user
