"""The wall's frame: tokens in step with the stylesheet, both languages complete, data only ever as text, ids that scripts know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dash.development.base_component import Component

from commandcenter.pages.wall import answers, bar, card, ids, layout, numbers, results
from commandcenter.pages.wall.card import card_view, choices_view, fault_view
from commandcenter.pages.wall.layout import wall_layout
from commandcenter.pages.wall.numbers import queue_view, strip_view
from commandcenter.pages.wall.results import results_view
from commandcenter.text import LANGUAGES, Language, Text
from commandcenter.web.theme import STYLESHEET, stylesheet
from layers import discover
from layers.cards import CardLink, CardRow, CardView
from layers.figures import Figure, QueueRow
from layers.search import Hit
from layers.tokens import THEMES, colours, css_name, sizes

ASSETS = STYLESHEET.parent
SCRIPTS = sorted(ASSETS.glob("*.js"))
SHEETS = sorted(set(ASSETS.glob("*.css")) - {STYLESHEET})
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HOSTILE = "<b onclick=alert(1)>红星</b>"
CARD = CardView(
    "cases", 7, HOSTILE, "事项", (CardRow("编号", "1"), CardRow("网格", "红星1网格", ("grids", "230202001006001"))),
    (CardLink("监控 3 路", "cameras", 5, 123.95, 47.31),), 123.95, 47.31, "事项（合成）", True,
)  # fmt: skip
FIGURE = Figure(
    "overdue_cases",
    "超期",
    "1,204",
    "件",
    datetime(2026, 11, 23, 3, tzinfo=UTC),
    "事项",
    "cases",
    {"urgency": "overdue"},
    None,
)
OTHER = {"layer": "grids", "id": 4, "title": HOSTILE, "layer_title": "网格", "lon": 123.9, "lat": 47.3}


def parts(view: object) -> Iterator[Component]:
    """Every component of a tree."""
    if isinstance(view, (list, tuple)):
        for one in view:
            yield from parts(one)
    elif isinstance(view, Component):
        yield view
        yield from parts(getattr(view, "children", None))


def words(view: object) -> list[str]:
    """Every text and accessible name of a tree."""
    found: list[str] = []
    for part in parts(view):
        children = getattr(part, "children", None)
        found += [
            child
            for child in (children if isinstance(children, (list, tuple)) else [children])
            if isinstance(child, str)
        ]
        found += [str(value) for name in ("title", "placeholder", "aria-label") if (value := getattr(part, name, None))]
    return found


def attribute(part: Component, name: str) -> str | None:
    """A data attribute of a component."""
    value = part.to_plotly_json()["props"].get(name)
    return None if value is None else str(value)


def test_the_stylesheet_is_what_the_tokens_say() -> None:
    assert STYLESHEET.read_text(encoding="utf-8") == stylesheet(), "run python -m commandcenter.web.theme"


def test_both_themes_hold_every_colour_and_no_name_means_two_things() -> None:
    for theme in THEMES:
        assert all(re.fullmatch(r"#[0-9A-F]{6}([0-9A-F]{2})?", value) for value in colours(theme).values())
    assert not {css_name(name) for name in colours()} & {css_name(name) for name in sizes()}


@pytest.mark.parametrize("text, ground", [("text", "panel"), ("text_soft", "panel"), ("text_faint", "panel"), ("accent", "panel"),
                                          ("bad", "panel"), ("warn", "panel"), ("text_soft", "panel_raised"), ("on_accent", "accent")])  # fmt: skip
@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable(theme: str, text: str, ground: str) -> None:
    palette = colours("light" if theme == "light" else "dark")
    assert contrast(palette[text], palette[ground]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours."""

    def light(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("file", [*SCRIPTS, *SHEETS], ids=lambda file: file.name)
def test_nobody_types_a_colour_or_makes_html(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b(?!\w)|\brgba?\(|\bhsla?\(", source)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|bindPopup|bindTooltip", source
    )
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", source)


def test_every_variable_of_the_sheets_is_a_token_or_set_there() -> None:
    known = {css_name(name) for name in (*colours(), *sizes())} | {"--font"}
    source = "".join(sheet.read_text(encoding="utf-8") for sheet in SHEETS)
    source += "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    known |= set(re.findall(r"(--[a-z-]+):", source)) | {"--live-scale"}
    assert not set(re.findall(r"var\((--[a-z0-9-]+)", source)) - known


def test_every_icon_of_the_sheet_is_a_vendored_file_and_every_used_icon_has_its_picture() -> None:
    sheet = (ASSETS / "01-icons.css").read_text(encoding="utf-8")
    pictured = set(re.findall(r"\.icon-([a-z0-9-]+)", sheet))
    used = {
        match
        for part in parts(wall_layout("zh"))
        for match in re.findall(r"icon-([a-z0-9-]+)", str(getattr(part, "className", "")))
    }
    assert used <= pictured


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_speaks_one_language(language: Language) -> None:
    said = words(wall_layout(language))
    assert said
    if language == "en":
        assert [word for word in said if CHINESE.search(word)] == ["中文"]
    else:
        assert [word for word in said if re.search(r"[A-Za-z]{3}", word) and not CHINESE.search(word)] == []


@pytest.mark.parametrize("module", [answers, bar, card, layout, numbers, results], ids=lambda module: module.__name__)
def test_every_sentence_has_its_twin(module: object) -> None:
    texts = [value for value in vars(module).values() if isinstance(value, Text)]
    assert all(text.zh and text.en for text in texts)


def test_scripts_and_callbacks_know_the_same_parts() -> None:
    placed = {part.id for part in parts(wall_layout("zh")) if getattr(part, "id", None)}
    wanted = {
        ids.PICKED,
        ids.ASK,
        ids.QUERY,
        ids.CARD,
        ids.QUEUE,
        ids.STRIP,
        ids.RESULTS,
        ids.SELECTION,
        *map(ids.live, ids.LIVE_LAYERS),
    }
    assert wanted <= placed
    source = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    named = set(re.findall(r'byId\("(wall-[a-z-]+)"\)', source))
    assert named <= placed
    assert {layer.id for layer in discover().values() if layer.live} == set(ids.LIVE_LAYERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_has_a_name(language: Language) -> None:
    views = [
        wall_layout(language),
        card_view(CARD, [OTHER], language, discover()),
        strip_view([FIGURE], language, ZoneInfo("Asia/Shanghai")),
    ]
    for part in parts(views):
        if type(part).__name__ == "Button":
            assert attribute(part, "aria-label") or "".join(words(part)).strip()


def test_data_stays_text() -> None:
    views = [
        card_view(CARD, [OTHER], "zh", discover()),
        choices_view([OTHER, OTHER], "zh"),
        results_view([Hit("grids", 4, HOSTILE, HOSTILE, "1", 123.9, 47.3, 15)], discover(), "zh"),
        queue_view(Text("甲", "A"), [QueueRow("cases", 1, HOSTILE, HOSTILE, "overdue", 123.9, 47.3)], "zh"),
    ]
    assert all(type(part).__name__ not in {"Markdown", "DangerouslySetInnerHTML", "Iframe"} for part in parts(views))
    assert HOSTILE in words(views)


def test_a_card_opens_its_neighbours() -> None:
    buttons = [part for part in parts(card_view(CARD, [OTHER], "zh", discover())) if attribute(part, "data-layer")]
    assert [(attribute(b, "data-layer"), attribute(b, "data-ref") or attribute(b, "data-code")) for b in buttons] == [
        ("grids", "230202001006001"), ("cameras", "5"), ("grids", "4"),
    ]  # fmt: skip


def test_a_number_names_its_moment_and_opens_its_rows() -> None:
    (shown,) = strip_view([FIGURE], "zh", ZoneInfo("Asia/Shanghai"))
    assert "截至 11-23 11:00 · 事项" in words(shown)
    assert attribute(shown, "data-opens") == "cases"
    assert json.loads(str(attribute(shown, "data-filters"))) == {"urgency": "overdue"}


def test_a_number_that_cannot_be_computed_says_why() -> None:
    why = "这座城市没有接入这类数据。"
    (shown,) = strip_view([_without_value(why)], "zh", ZoneInfo("Asia/Shanghai"))
    assert why in words(shown) and "件" not in words(shown)


def _without_value(why: str) -> Figure:
    return Figure(FIGURE.key, FIGURE.label, "—", FIGURE.unit, None, "", FIGURE.opens, {}, why)


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_and_faulty_places_say_what_to_do(language: Language) -> None:
    sentence = Text("数据库没有回答。", "The database does not answer.")
    assert any(sentence.to(language) == word for word in words(fault_view(sentence, language)))
    assert numbers.EMPTY.to(language) in words(queue_view(Text("甲", "A"), [], language))
    assert words(queue_view(Text("甲", "A"), [], language, "没有接入"))[-1] == "没有接入"
    assert results.NOTHING.to(language) in words(results_view([], discover(), language))
