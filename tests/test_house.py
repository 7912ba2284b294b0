"""The rules of the house, checked on the source itself: floors, file sizes, where SQL lives, chance, callbacks, both languages."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commandcenter.text import Text
from commandcenter.web.admin import admin_routes
from commandcenter.web.audit_page import audit_routes
from commandcenter.web.break_glass_page import break_glass_routes
from commandcenter.web.data_routes import data_routes
from commandcenter.web.demo_entry import demo_routes
from commandcenter.web.leaks_page import leaks_routes
from commandcenter.web.oidc import oidc_routes
from commandcenter.web.people_page import people_routes
from commandcenter.web.routes import health_routes, map_routes
from commandcenter.web.sign_in import sign_in_routes
from commandcenter.web.token_page import kiosk_routes, token_routes
from tests.serving import ServedApplication

ROOT = Path(__file__).parents[1]
PACKAGES = ("commandcenter", "layers", "gridmaps", "ingest")
LONGEST_MODULE = 500
SQL = re.compile(r"\bselect\s.+\sfrom\s|\binsert\s+into\s|\bdelete\s+from\s|\bupdate\s+\w+\s+set\s", re.IGNORECASE | re.DOTALL)
SQL_ROOMS = re.compile(
    r"(commandcenter/db/|layers/|commandcenter/demo/(load|renew)\.py$|(.*/)?(\w+_)?store\.py$|commandcenter/web/(state|routes|versions)\.py$"
    r"|ingest/readers/vector\.py$)"  # a GeoPackage is a database of its own
)
NUMPY_CHANCE = {"default_rng", "Generator", "SeedSequence", "PCG64", "Philox", "BitGenerator"}


def sources() -> Iterator[tuple[str, Path]]:
    for path in [ROOT / "app.py", *(p for package in PACKAGES for p in sorted((ROOT / package).rglob("*.py")))]:
        yield path.relative_to(ROOT).as_posix(), path


def trees() -> Iterator[tuple[str, ast.Module]]:
    for name, path in sources():
        yield name, ast.parse(path.read_text(encoding="utf-8"), name)


def modules() -> Iterator[Any]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not found.name.endswith("__main__") and ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def test_nobody_imports_upwards() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "kept" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout


def test_no_module_is_longer_than_a_sitting() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in sources()}
    assert len(lengths) > 50
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_no_module_is_a_drawer() -> None:
    named = {part for name, _ in sources() for part in Path(name).with_suffix("").parts}
    assert named & {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"} == set()


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of the nodes that are docstrings: words about SQL are no SQL."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def test_sql_lives_in_its_rooms() -> None:
    strangers = {}
    rooms = 0
    for name, tree in trees():
        words = docstrings(tree)
        found = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words and SQL.search(node.value)
        ]
        rooms += bool(found and SQL_ROOMS.match(name))
        if found and not SQL_ROOMS.match(name):
            strangers[name] = found
    assert rooms >= 6, "the search for SQL finds none where it must be"
    assert strangers == {}


def test_chance_is_passed_in() -> None:
    """No module-level random state: neither ``random.random()`` nor ``numpy.random.rand()``; a Generator is passed."""
    faults = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
                faults.append((name, node.lineno, "import random"))
            if isinstance(node, ast.ImportFrom) and node.module in {"random", "numpy.random"} and any(a.name not in NUMPY_CHANCE for a in node.names):
                faults.append((name, node.lineno, f"from {node.module}"))
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and node.value.attr == "random"
                and isinstance(node.value.value, ast.Name)
                and node.value.value.id in {"np", "numpy"}
                and node.attr not in NUMPY_CHANCE
            ):
                faults.append((name, node.lineno, f"numpy.random.{node.attr}"))
    assert faults == []


def test_no_callback_and_no_route_blocks_the_event_loop(application: ServedApplication) -> None:
    """A synchronous callback stops every tile while it runs."""
    dash = application.dash
    functions = {key: inspect.unwrap(entry["callback"]) for key, entry in dash.callback_map.items() if entry.get("callback") is not None}
    assert functions, "the wall has callbacks"
    assert {key for key, function in functions.items() if not inspect.iscoroutinefunction(function)} == set()
    state, door = application.state, application.app._door
    of_state, of_both = (
        (health_routes, data_routes, map_routes, audit_routes, people_routes, leaks_routes),
        (demo_routes, sign_in_routes, admin_routes, break_glass_routes, token_routes, kiosk_routes, oidc_routes),
    )
    made = [*(make(state) for make in of_state), *(make(state, door) for make in of_both)]
    routes = [route for router in made for route in router.routes]
    assert len(routes) >= 8
    assert [r.path for r in routes if not inspect.iscoroutinefunction(r.endpoint)] == []  # type: ignore[attr-defined]


def texts_in(value: Any, seen: set[int]) -> Iterator[Text]:
    """Every Text reachable from a module's values through containers and dataclasses."""
    if isinstance(value, Text):
        yield value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, dict):
        inner: Iterator[Any] = iter(value.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        inner = iter(value)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        inner = (getattr(value, name) for name in value.__dataclass_fields__)
    else:
        return
    for part in inner:
        yield from texts_in(part, seen)


def test_every_sentence_has_both_languages() -> None:
    seen: set[int] = set()
    found = [(module.__name__, text) for module in modules() for value in vars(module).values() for text in texts_in(value, seen)]
    assert len(found) > 300
    unit_without_english = {"户", "件", "路"}  # a class of a legend counts things its English title names
    assert [(name, t) for name, t in found if not t.zh.strip() or (not t.en.strip() and t.zh not in unit_without_english)] == []
    switch = Text("EN", "中文")  # names the other language, in that language
    swapped = [(name, t) for name, t in found if re.search(r"[一-鿿]", t.en) and t != switch]
    assert swapped == [], "English that holds Chinese characters"


def test_both_languages_fill_the_same_places() -> None:
    """``{count}`` in one sentence and not in the other loses a number."""
    faults = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text" and len(node.args) == 2:
                zh, en = (places(argument) for argument in node.args)
                if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant) and zh != en:
                    faults.append((name, node.lineno, zh ^ en))
    assert faults == []


def places(node: ast.expr) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", node.value)) if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


@pytest.mark.parametrize("package", PACKAGES)
def test_public_things_say_what_they_are(package: str) -> None:
    silent = [
        f"{name}:{node.lineno} {getattr(node, 'name', 'module')}"
        for name, tree in trees()
        if name.startswith(package + "/") and "/migrations/" not in name
        for node in [tree, *tree.body]
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and (isinstance(node, ast.Module) or not node.name.startswith("_"))
        and ast.get_docstring(node) is None
        and not (isinstance(node, ast.Module) and not node.body)
    ]
    assert silent == []


def test_no_file_names_this_machine() -> None:
    """Paths of the machine a file was written on, and addresses of its package mirrors, are nobody else's."""
    suspicious = re.compile(r"/wor[k]/|/roo[t]/|\bpypi\.[a-z]+\.internal")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    faults = []
    for name in listed:
        path = ROOT / name
        if name and path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt", ".json", ".js", ".css", ".cfg", ".yml", ".sql", ""}:
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
                if suspicious.search(line):
                    faults.append(f"{name}:{number}: {line.strip()[:80]}")
    assert faults == []
