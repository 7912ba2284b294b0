"""What README and docs promise is executed: the examples run as written, every setting, command, key and link is true."""

from __future__ import annotations

import dataclasses
import importlib
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

import layers
from commandcenter import identity_provider
from commandcenter.__main__ import COMMANDS
from commandcenter.config import PREFIX, Settings
from commandcenter.pages.wall.layout import TOOLS
from ingest import mapping as mapping_file
from ingest import readers
from ingest.__main__ import main as ingest
from layers.base import Layer
from layers.cards import card_request
from layers.figures import PRESETS, QUEUE_TITLES
from layers.style import catalogue, map_style
from tests.asking import ask, tile, tile_at
from tests.city import HOME, OPERATOR, STRANGER
from tests.conftest import TestDatabase

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STEWARDS = (ROOT / "docs" / "data-stewards.md").read_text(encoding="utf-8")
ADMINISTRATORS = (ROOT / "docs" / "administrators.md").read_text(encoding="utf-8")
OPERATORS = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
INGEST = ".venv/bin/python -m ingest "
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED_FENCE = re.compile(r"`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SECONDS = re.compile(r"\(\d+\.\d s\)")


def fences(document: str, language: str) -> list[str]:
    """The code blocks of one language."""
    return [code for spoken, code in FENCE.findall(document) if spoken == language]


def write_files(document: str, folder: Path) -> None:
    """Every file the document shows: named in the words before the block, or in the block's first line."""
    shown = dict(NAMED_FENCE.findall(document))
    shown |= {code.split("\n")[0][2:]: code for _, code in FENCE.findall(document) if re.match(r"# [\w/]+\.(toml|py)\n", code)}
    for name, code in shown.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8")


def commands(block: str) -> list[list[str]]:
    """The ingest commands of a block, ready for its ``main``."""
    return [shlex.split(line.removeprefix(INGEST)) for line in block.splitlines() if line.startswith(INGEST)]


def untimed(text: str) -> list[str]:
    return [SECONDS.sub("", line) for line in text.splitlines() if line and not line.startswith(INGEST)]


@pytest.fixture
def readme_layer(tmp_path: Path) -> Iterator[Layer]:
    """The layer of the README as one more file beside the others."""
    write_files(README, tmp_path)
    layers.__path__.append(str(tmp_path / "layers"))
    importlib.invalidate_caches()
    try:
        yield layers.discover()["addresses"]
    finally:
        layers.__path__.remove(str(tmp_path / "layers"))
        sys.modules.pop("layers.addresses", None)
        if hasattr(layers, "addresses"):
            del layers.addresses


@pytest.fixture
def run_ingest(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], list[str]]:
    """Runs one ingest command in a folder of its own against a fresh database; gives back what it said, without times."""
    for setting in dataclasses.fields(Settings):
        monkeypatch.delenv(PREFIX + setting.name.upper(), raising=False)
    monkeypatch.setenv(PREFIX + "DATABASE_URL", database.admin_dsn)
    monkeypatch.chdir(tmp_path)

    def run(words: list[str]) -> list[str]:
        capsys.readouterr()
        assert ingest(words) == 0
        return untimed(capsys.readouterr().out)

    return run


def test_the_layer_of_the_readme_draws(readme_layer: Layer, connection: psycopg.Connection) -> None:
    address = tile_at(*HOME.lonlat(-309, 40), 16)
    drawn = tile(connection, OPERATOR, readme_layer, address)["addresses"].features
    assert "红星街1号" in {feature.properties["label"] for feature in drawn}
    assert not any(part.features for part in tile(connection, STRANGER, readme_layer, address).values())
    (card,) = ask(connection, OPERATOR, card_request(readme_layer, drawn[0].id or 0))
    assert (card["card_title"], card["f_street"]) == (drawn[0].properties["label"], "红星街")


def test_the_layer_of_the_readme_is_styled_and_listed(readme_layer: Layer) -> None:
    found = layers.discover()
    style = map_style(found, {}, "zh", "dark")
    assert "addresses" in style["sources"] and "addresses:dot" in {part["id"] for part in style["layers"]}
    assert catalogue(found, "en", "light")["layers"]["addresses"]["title"] == "Addresses"


def test_the_source_of_the_readme_loads_what_the_layer_draws(
    readme_layer: Layer, run_ingest: Callable[[list[str]], list[str]], database: TestDatabase
) -> None:
    (block,) = [code for code in fences(README, "") if INGEST in code]
    (command,), expected = commands(block), untimed(block)
    assert expected and set(expected) <= set(run_ingest(command))
    assert [line.replace("loaded 2, unchanged 0", "loaded 0, unchanged 2") for line in expected] == run_ingest(command)[1:]
    with database.connect() as connection:
        drawn = tile(connection, OPERATOR, readme_layer, tile_at(123.951, 47.316, 16))["addresses"].features
    assert "红星街12号" in {feature.properties["label"] for feature in drawn}


def test_the_example_for_data_stewards_ends_as_it_says(
    run_ingest: Callable[[list[str]], list[str]], database: TestDatabase, tmp_path: Path
) -> None:
    write_files(STEWARDS, tmp_path)
    (block,) = [code for code in fences(STEWARDS, "sh") if "wulong.toml" in code]
    first, again = fences(STEWARDS, "text")
    dry, real = commands(block)
    said_dry, said = untimed(first)
    assert said_dry in run_ingest(dry) and said in run_ingest(real)
    assert set(untimed(again)) <= set(run_ingest(real))
    (question,) = fences(STEWARDS, "sql")
    told = re.findall(r"^\| (\d+) \| (\S+) \| `(\w+)` \|$", STEWARDS, re.MULTILINE)
    with psycopg.connect(database.admin_dsn) as admin:
        refused = admin.execute(question).fetchall()  # type: ignore[arg-type]
        loaded = admin.execute("select code, class, kind, services from service_point order by code").fetchall()
    assert told and [(line, field, rule) for line, field, rule, _, _ in refused] == told
    assert len(loaded) == 5 and loaded[0] == ("FW001", "public", "office", ["社保", "医保", "残联"])


def test_the_example_of_a_format_reads_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (code,) = fences(STEWARDS, "python")
    module = ModuleType("ingest.readers.barred")
    exec(compile(code, "barred.py", "exec"), module.__dict__)
    monkeypatch.setitem(sys.modules, "ingest.readers.barred", module)
    monkeypatch.setitem(readers.READERS, "barred", ("barred", "batches"))
    for name in ("READERS", "TABLES"):
        monkeypatch.setattr(mapping_file, name, (*getattr(mapping_file, name), "barred"))
    write_files(STEWARDS, tmp_path)
    mapping = tmp_path / "wulong.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace('reader = "csv"', 'reader = "barred"'), encoding="utf-8")
    table = tmp_path / "points.txt"
    table.write_text((tmp_path / "service_points.csv").read_text(encoding="utf-8").replace(",", "|").replace("红星街", "红|星街"), encoding="utf-8")
    (batch,) = readers.batches(table, mapping_file.load_mapping(mapping))
    assert len(batch) == 9 and [batch.where[at] for at, fault in batch.faults.items() if fault.rule == "not_a_row"] == ["3"]
    assert batch.values["名称"][0] == "五龙便民服务中心" and batch.geometry[0].x == 123.9575


@pytest.mark.parametrize("name", ["new_grids", "household_register"])
def test_documented_mappings_are_mappings(tmp_path: Path, name: str) -> None:
    write_files(STEWARDS, tmp_path)
    mapping = mapping_file.load_mapping(tmp_path / f"{name}.toml")
    assert (mapping.plan is not None, mapping.building is not None) == (name == "new_grids", name != "new_grids")


def test_every_toml_block_is_toml() -> None:
    for document in (README, STEWARDS):
        for code in fences(document, "toml"):
            tomllib.loads(code)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}, which is not there"


def test_every_setting_is_documented() -> None:
    names = {setting.name.upper() for setting in dataclasses.fields(Settings)} - {"APP_DSN", "IDENTITY_PROVIDER"}  # found; put together
    names |= {name.removeprefix(PREFIX) for name in identity_provider.SETTINGS}
    unsaid = {name for name in names if f"`{name}`" not in ADMINISTRATORS and PREFIX + name not in ADMINISTRATORS + README}
    assert not unsaid


def test_every_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert {name for name in COMMANDS if f"`{name}`" not in ADMINISTRATORS and f"`{name} " not in ADMINISTRATORS} == set()

    def helped(*words: str) -> str:
        with pytest.raises(SystemExit):
            ingest([*words, "--help"])
        return capsys.readouterr().out

    found = re.search(r"\{([\w,]+)\}", helped())
    assert found is not None
    for name in found[1].split(","):
        assert f"ingest {name}" in STEWARDS
        for option in set(re.findall(r"--[a-z-]+", helped(name))) - {"--help"}:
            assert option in STEWARDS, f"ingest {name} {option} is not documented"


@pytest.mark.parametrize("source", ["ingest/mapping.py", "commandcenter/city.py"])
def test_every_word_of_mapping_and_city_file_is_documented(source: str) -> None:
    code = (ROOT / source).read_text(encoding="utf-8")
    words = set(re.findall(r'\.(?:take|word|text|table|tables)\(\s*"(\w+)"', code))
    assert len(words) > 15
    unsaid = {word for word in words if not re.search(rf"`\[*{word}[\].<`]|\b{word} = ", STEWARDS)}
    assert not unsaid


def test_every_reason_of_quarantine_is_documented() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ingest").rglob("*.py")))
    rules = set(re.findall(r'(?:Refused|Finding)\(\s*"(\w+)"', code))
    assert len(rules) > 12
    assert {rule for rule in rules if f"`{rule}`" not in STEWARDS} == set()


def test_the_operators_page_names_what_is_on_screen() -> None:
    found = layers.discover().values()
    titles = [preset.title for preset in PRESETS.values()] + [text for _, _, text in TOOLS] + list(QUEUE_TITLES.values())
    for layer in found:
        titles += [layer.title, *(chosen.title for chosen in layer.filters), *(one.title for one in layer.variants)]
    titles += [entry.text for layer in found if layer.live for legend in layer.legends for entry in legend.classes]
    assert {title.zh for title in titles if title.zh not in OPERATORS} == set()
