"""The architecture: imports go down. This table is DESIGN 2 as the code has it, and the README shows it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "breakwater"

# room: (rooms it may import, outside packages it may use). A room is a folder or file right under src/breakwater.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "model": ({"errors"}, {"iso4217", "holidays", "schwifty", "pyarrow"}),
    "sources": ({"errors", "model"}, {"lxml", "cardutil", "duckdb", "numpy", "pyarrow", "httpx", "sqlalchemy", "asyncssh", "obstore"}),
    "matching": ({"errors", "model"}, {"ibis", "numpy", "pyarrow", "duckdb", "psycopg", "sqlglot", "pyspark", "py4j"}),
    "detection": ({"errors", "model"}, {"numpy"}),
    "views": ({"errors", "model"}, {"matplotlib", "jinja2", "rich", "babel"}),
    "store": ({"errors", "model"}, {"sqlalchemy", "alembic"}),
    "lake": ({"errors", "model"}, {"duckdb", "numpy", "pyarrow"}),
    "steps": ({"errors", "model", "detection", "matching", "views", "store", "lake"}, {"sqlalchemy", "pyarrow"}),
    "slack": ({"errors", "model", "views", "steps", "store"}, {"slack_bolt", "slack_sdk"}),
    "config": ({"errors", "model"}, {"pydantic", "apscheduler"}),
    "schedule": (set(), {"apscheduler"}),
    "web": (
        {"errors", "model", "config", "store", "lake", "slack", "steps"},
        {"uvicorn", "starlette", "slack_bolt", "slack_sdk", "prometheus_client", "structlog"},
    ),
    "agreement_files": ({"errors", "model", "matching", "steps"}, set()),
    "ledger_source": ({"errors", "model", "config", "sources"}, set()),
    "live_sources": ({"errors", "model", "config", "sources"}, set()),
    "deliveries": (
        {"errors", "model", "config", "ledger_source", "sources", "views", "store", "lake", "steps"},
        {"structlog"},
    ),
    "app": (
        {"errors", "model", "config", "sources", "matching", "detection", "views", "store", "lake", "steps", "slack", "web", "schedule"}
        | {"agreement_files", "deliveries", "live_sources"},
        {"structlog", "slack_bolt", "slack_sdk", "sqlalchemy", "uvicorn", "starlette", "prometheus_client"},
    ),
    "cli": (
        {"errors", "model", "config", "sources", "matching", "detection", "views", "store", "lake", "steps", "slack", "web", "app"}
        | {"agreement_files", "live_sources", "sandbox", "demo", "__init__"},
        {"click", "rich", "pyarrow", "structlog", "uvicorn", "httpx"},
    ),
    "sandbox": (set(), {"starlette", "uvicorn", "websockets", "python_multipart"}),
    "demo": ({"errors", "model"}, {"lxml", "pyarrow", "cardutil"}),
    "__init__": (set(), set()),
    "__main__": ({"cli"}, set()),
}
# Narrower than a room: what only some may touch.
STEPS_MAY_USE_OF_MATCHING = {"agreement", "causes", "state"}
ONLY_STEPS_WRITE = "breakwater.store.writes"


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


def room_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """Every imported module of a file, and whether the import hides inside a function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) for n in ast.walk(f)}
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in hidden) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found += [(f"{node.module}.{alias.name}", id(node) in hidden) for alias in node.names]
    return found


def complaints(path: Path) -> list[str]:
    room = room_of(path)
    inside, outside = ROOMS[room]
    wrong = []
    for module, is_hidden in imports(path):
        first, *rest = module.split(".")
        if first == "breakwater":
            target = rest[0] if (SOURCE / rest[0]).is_dir() or (SOURCE / f"{rest[0]}.py").exists() else "__init__"
            if target != room and target not in inside:
                wrong.append(f"{room} must not import {target} ({module})")
            if is_hidden:
                wrong.append(f"an import of the house hides in a function ({module})")
            if module.startswith(ONLY_STEPS_WRITE) and room not in {"steps", "store"}:
                wrong.append(f"only steps import store.writes ({module})")
            if room == "steps" and target == "matching" and rest[1] not in STEPS_MAY_USE_OF_MATCHING:
                wrong.append(f"steps take a match function, they do not import {module}")
        elif first not in sys.stdlib_module_names and first not in outside:
            wrong.append(f"{room} must not use {first}")
    return wrong


def test_every_room_is_in_the_table() -> None:
    rooms = {room_of(path) for path in modules()}

    assert rooms <= set(ROOMS), f"no floor for: {rooms - set(ROOMS)}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_down(path: Path) -> None:
    assert complaints(path) == []


def test_no_circular_imports() -> None:
    names = {name_of(path): path for path in modules()}
    graph = {name: {known_prefix(module, names) for module, _ in imports(path)} - {None, name} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail, name])
        if name not in done:
            for target in graph[name]:
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def known_prefix(module: str, names: dict[str, Path]) -> str | None:
    parts = module.split(".")
    return next((".".join(parts[:n]) for n in range(len(parts), 1, -1) if ".".join(parts[:n]) in names), None)


def test_no_room_is_called_utils() -> None:
    assert [p.name for p in modules() if p.stem in {"utils", "util", "helpers", "common", "misc"}] == []


@pytest.mark.parametrize(
    ("room", "line", "complaint"),
    [
        ("model/x.py", "import sqlalchemy", "model must not use sqlalchemy"),
        ("views/x.py", "from breakwater.store import reads", "views must not import store"),
        ("slack/x.py", "from breakwater.store import writes", "only steps import store.writes"),
        ("steps/x.py", "from breakwater.matching.passes import match", "steps take a match function"),
        ("views/x.py", "def f():\n    from breakwater.model import money", "hides in a function"),
    ],
)
def test_the_floors_test_can_fail(room: str, line: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "matching").mkdir()
    path = tmp_path / room
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)

    assert any(complaint in c for c in complaints(path))
