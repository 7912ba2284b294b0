"""The data desk's page: each address its own layout and scripts, both languages complete, numbers that add up, data only ever as text."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commandcenter.errors import CommandCenterError
from commandcenter.pages.data import ids
from commandcenter.pages.data.asked import Asked
from commandcenter.pages.data.deliver import deliver_view
from commandcenter.pages.data.layout import desk_layout
from commandcenter.pages.data.overview import overview
from commandcenter.pages.data.parts import fault, for_stewards
from commandcenter.pages.data.preview import preview_view
from commandcenter.pages.data.quarantine import editor, field_names, grid, grid_rows
from commandcenter.pages.data.run import account, acts, findings_view, now_view, rules_view, run_head
from commandcenter.pages.data.source import contract_view, gone_view, runs_view, source_head
from commandcenter.pages.data.words import ADVICE, RULE, STATUS, count, size, span
from commandcenter.text import LANGUAGES, Language, Text
from tests.city import OPERATOR
from tests.serving import ServedApplication
from tests.test_wall_layout import CHINESE, attribute, parts, words

ZONE = ZoneInfo("Asia/Shanghai")
ASSETS = Path(__file__).parents[1] / "assets"
SCRIPTS = sorted(ASSETS.glob("7*-desk*.js"))
HOSTILE = "<b onclick=alert(1)>x</b>"
AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
RUN: dict[str, Any] = {
    "id": 12, "source": "shops", "mapping": "shops", "kind": "dry_run", "status": "done", "file_name": HOSTILE, "file_bytes": 3_456_789,
    "actor": "account:7", "actor_title": "Li", "started_at": AT, "finished_at": AT.replace(second=8),
    "rows_read": 1260, "loaded": 1200, "unchanged": 20, "quarantined": 40, "vanished": 3, "repaired": 2,
    "findings": 6, "progress": 1260, "step": None, "cancel_requested": False, "conversion": {}, "message": None, "message_en": None, "upload_id": 5,
    "mapping_sha256": "ab" * 32, "withdrawn_at": None, "withdrawn_by": None,
}  # fmt: skip
SOURCE: dict[str, Any] = {
    "name": "shops", "title": "店", "title_en": "Shops", "target": "service_point", "owner": "Bureau", "licence": "CC0", "attribution": "", "cadence_s": 86_400,
    "synthetic": True, "estimated": False, "data_as_of": AT, "last_good_run_at": AT, "row_count": 1234, "contract": {"reader": "csv", "delivery": "full"},
    "late": True, "lag_s": 90_000, "open_quarantine": 40, "running": False, "last_status": "done", "last_run_id": 12,
    "trend": [{"run_id": 12, "at": AT.isoformat(), "read": 1260, "quarantined": 40, "status": "done"}],
}  # fmt: skip
ROW: dict[str, Any] = {
    "id": 77, "run_id": 12, "line": "9", "source_key": "K9", "field": "when", "rule": "not_future", "sentence": "时间在未来。", "sentence_en": "In the future.",
    "raw": HOSTILE, "fields": {"a.b": HOSTILE, "when": None}, "lon": 123.9, "lat": 47.3, "has_proposal": True, "state": "open",
}  # fmt: skip


def views(language: Language) -> list[Any]:
    """Everything the desk can show, in one language."""
    asked = Asked(language, "shops", 12, "not_future")
    rows = grid_rows([ROW], field_names([ROW]), language)
    run = RUN | {"file_name": "f"}
    return [
        overview(asked, [SOURCE], [("mapping", Text("映射", "Mapping"))], ZONE, True, {"service_point": "service_points"}),
        overview(asked, [], [], ZONE, False, {}),
        source_head(asked, SOURCE, ZONE, None), contract_view(SOURCE["contract"], language), contract_view({}, language),
        runs_view(asked, [run], ZONE), runs_view(asked, [], ZONE), gone_view([{"source_key": "1", "gone_run_id": 2, "lon": 1.0, "lat": 2.0}], 1, language),
        deliver_view("shops", language), preview_view(12, True, language), for_stewards(asked), grid(["f"], language),
        *(run_head(asked, run | {"status": status, "withdrawn_at": AT}, "t", ZONE) for status in STATUS),
        *(now_view(run | {"status": "running", "step": "placing", "cancel_requested": wish}, language, True, 200.0) for wish in (True, False)),
        account(asked, run | {"conversion": {"zh": "甲", "en": "one", "residual_m": 0.25}}, "cases"), acts(run, language),
        acts(run | {"kind": "load"}, language), rules_view(asked, [{"rule": "not_future", "count": 40}]), rules_view(asked, []),
        findings_view([{"id": 1, "line": "1", "rule": "corrected", "field": "f", "sentence": "甲", "sentence_en": "one", "lon": 1.0, "lat": 2.0}], language),
        editor([], asked, 40, ["f"]), editor([rows[0] | {"raw": "", "fields": {"f": "v"}}], asked, 40, ["f"]), editor(rows * 2, asked, 40, ["f"]),
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_view_speaks_one_language(language: Language) -> None:
    said = words([desk_layout(language), views(language)])
    assert len(said) > 150
    if language == "en":
        assert {word for word in said if CHINESE.search(word)} == {"中文"}
    else:
        given = {"Bureau", "mapping", RUN["mapping_sha256"], RUN["mapping_sha256"][:12]}  # the data's own words
        assert {word for word in said if re.search(r"[A-Za-z]{4}", word) and not CHINESE.search(word)} == given


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_and_link_has_a_name(language: Language) -> None:
    for part in parts([desk_layout(language), views(language)]):
        if type(part).__name__ in {"Button", "A"}:
            assert attribute(part, "aria-label") or "".join(words(part)).strip(), part


def test_data_stays_text() -> None:
    asked = Asked("zh", "shops", 12)
    rows = grid_rows([ROW], field_names([ROW]), "zh")
    shown = [run_head(asked, RUN, HOSTILE, ZONE), runs_view(asked, [RUN], ZONE), editor(rows, asked, 0, [])]
    assert all(type(part).__name__ not in {"Markdown", "DangerouslySetInnerHTML", "Iframe"} for part in parts(shown))
    assert words(shown).count(HOSTILE) >= 4
    # A field's name, whatever it is, is never a path into the row nor a piece of a script.
    columns = grid(field_names([ROW]), "zh").children.columnDefs
    assert [(column["field"], column["headerName"]) for column in columns[-2:]] == [("f0", "a.b"), ("f1", "when")]
    assert not any("function" in value for column in columns for value in column.values() if isinstance(value, dict))
    assert rows[0]["f0"] == HOSTILE and rows[0]["f1"] == ""


def test_the_numbers_of_a_run_add_up_and_open_their_rows() -> None:
    asked = Asked("en", "shops", 12)
    said = " ".join(words(account(asked, RUN, "cases")))
    assert "1,260 rows read = 1,200 would be loaded + 20 unchanged + 40 refused." in said
    leads = {attribute(part, "data-go"): attribute(part, "data-then") for part in parts(account(asked, RUN, "cases")) if attribute(part, "data-go")}
    assert leads["?source=shops&run=12&rule=all"] == "desk-refused"
    loaded = [part.href for part in parts(account(asked, RUN | {"kind": "load"}, "cases")) if type(part).__name__ == "A"]
    assert "/?layers=base,areas,cases" in loaded


def test_what_can_be_done_depends_on_how_the_run_ended() -> None:
    def offered(**changes: Any) -> set[str | None]:
        return {attribute(part, "data-desk") for part in parts(acts(RUN | changes, "zh"))} - {None}

    assert offered() == {"load-now"}
    assert offered(upload_id=None) == set()
    assert offered(kind="load") == {"withdraw"}
    assert offered(kind="load", status="withdrawn") == {"load-again"}
    assert offered(status="broken") == {"load-again"}
    assert offered(status="running") == set()
    (withdraw,) = [part for part in parts(acts(RUN | {"kind": "load"}, "en")) if attribute(part, "data-desk")]
    assert "1,200 rows" in str(attribute(withdraw, "data-confirm"))
    assert set(ADVICE) >= set(STATUS) - {"done", "running"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_carry_the_id_of_the_log_and_the_forbidden_a_way_in(language: Language) -> None:
    error = CommandCenterError(Text("不行。", "No."))
    assert any(error.id in word for word in words(fault(error, language)))
    (way,) = [part.href for part in parts(for_stewards(Asked(language, "shops", 3))) if type(part).__name__ == "A"]
    assert way == "/sign-in?next=%2Fdata%3Fsource%3Dshops%26run%3D3"


@settings(suppress_health_check=[HealthCheck.too_slow])  # Hypothesis reads Unicode's tables once
@given(st.dictionaries(st.sampled_from(["language", "source", "run", "rule"]), st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text()))))
def test_an_address_is_never_more_than_names_and_numbers(said: dict[str, Any]) -> None:
    asked = Asked.of(said)
    assert asked.language in LANGUAGES
    assert all(name is None or re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", name) for name in (asked.source, asked.rule))
    assert asked.run is None or 0 <= asked.run < 2**63
    assert re.fullmatch(r"/data(\?[\w.=&-]+)?", asked.href)


def test_amounts_are_said_in_their_largest_sensible_unit() -> None:
    assert [span(seconds, "en") for seconds in (None, 30, 3600, 7200, 86_400, 140 * 86_400)] == ["Unknown", "0 min", "60 min", "2 h", "24 h", "140 days"]
    assert [size(octets, "en") for octets in (None, 900, 2048, 5 * 2**20, 3 * 2**30)] == ["0 bytes", "900 bytes", "2.0 KB", "5.0 MB", "3.0 GB"]
    assert count(1234567) == "1,234,567" and count(None) == "0"


def test_scripts_and_callbacks_know_the_same_parts() -> None:
    placed = {part.id for part in parts([desk_layout("zh"), views("zh")]) if isinstance(getattr(part, "id", None), str)}
    made_by_answers = {ids.NOW, ids.RULES, ids.REFUSED, ids.SHOWN, ids.EDITOR, "desk-refused"}
    source = "".join(script.read_text(encoding="utf-8") for script in SCRIPTS)
    named = set(re.findall(r'byId\("(desk[a-z-]*)"\)', source)) | set(re.findall(r'tell\("(desk[a-z-]*)"', source))
    assert len(SCRIPTS) == 2 and len(named) > 12
    assert named <= placed | made_by_answers, named - placed - made_by_answers
    assert {ids.VIEW, ids.ASK, ids.NARROW, ids.COMMAND, ids.DONE, ids.TICK, ids.PLACED} <= placed
    assert set(map(ids.drawn, ids.DRAWN)) <= placed
    acted = set(re.findall(r'^    "?([a-z-]+)"?: (?:\(|pick)', source, re.MULTILINE))
    wanted = {attribute(part, "data-desk") for part in parts([desk_layout("zh"), views("zh")])} - {None}
    assert wanted <= acted, wanted - acted


def test_every_icon_of_the_desk_is_pictured_and_vendored() -> None:
    sheets = "".join(sheet.read_text(encoding="utf-8") for sheet in ASSETS.glob("*.css"))
    pictured = set(re.findall(r"\.icon-([a-z0-9-]+) \{", sheets))
    used = {match for part in parts([desk_layout("zh"), views("zh")]) for match in re.findall(r"icon-([a-z0-9-]+)", str(getattr(part, "className", "")))}
    assert used and used <= pictured, used - pictured
    vendored = {file.stem for file in (ASSETS / "vendor" / "tabler").glob("*.svg")}
    assert set(re.findall(r"/tabler/([a-z0-9-]+)\.svg", (ASSETS / "06-desk.css").read_text(encoding="utf-8"))) <= vendored


def test_each_address_has_its_own_page_and_only_its_own_scripts(application: ServedApplication) -> None:
    desk, wall = application.get("/data", OPERATOR).text, application.get("/", OPERATOR).text
    assert "<title>数据台 · Data desk</title>" in desk and "/dash_ag_grid/" in desk
    assert "<title>城市指挥中心 · City command center</title>" in wall
    scripts = re.findall(r'<script src="([^"]+)"', wall)
    assert scripts and not any("ag_grid" in script or "plotly" in script for script in scripts)
    assert {*scripts} <= {*re.findall(r'<script src="([^"]+)"', desk)}
    # The browser asks for the layout below Dash's own address; only the referrer tells for which page.
    from_pages = ("/data?source=x", "/data/", "/", "/?layers=base")
    asked = {path: application.get("/_dash-layout", OPERATOR, referer=f"http://127.0.0.1{path}").text for path in from_pages}
    assert ['"id":"desk"' in layout for layout in asked.values()] == [True, True, False, False]
    assert ['"id":"wall"' in layout for layout in asked.values()] == [False, False, True, True]
    assert '"id":"wall"' in application.get("/_dash-layout", OPERATOR).text
    assert not re.search(r"AgGrid|dash_ag_grid", asked["/"])


def test_the_desk_is_the_first_page_anybody_may_open(application: ServedApplication) -> None:
    """Dash sets itself up when its root is asked for; the desk must not need that somebody looked at the wall before."""
    fresh = ServedApplication(application.state.settings)
    with fresh:
        assert "/assets/70-desk.js" in fresh.get("/data", OPERATOR).text


def test_every_rule_has_its_words() -> None:
    """Whatever a row can be refused for, or a finding be called, reads as words in both languages."""
    called: set[str] = set()
    for path in (Path(__file__).parent.parent / "ingest").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding" and node.args
            if named and isinstance(node.args[0], ast.Constant):
                called.add(node.args[0].value)
    assert len(called) > 20
    assert called - set(RULE) == set()


def test_a_finding_with_a_place_leads_to_it_and_a_refused_file_to_its_dry_run() -> None:
    finding = {"id": 7, "line": "", "rule": "gap", "field": "geometry", "sentence": "缝", "sentence_en": "gap", "lon": 123.9, "lat": 47.3}
    led = [part for part in parts(findings_view([finding, {**finding, "lon": None}], "en")) if attribute(part, "data-desk") == "show-finding"]
    assert [(attribute(part, "data-id"), attribute(part, "data-lon")) for part in led] == [("7", "123.9000000")]
    failed = RUN | {"kind": "load", "status": "failed", "upload_id": 3, "mapping": "m", "quarantined": 0}
    offered = [(attribute(part, "data-desk"), attribute(part, "data-kept")) for part in parts(acts(failed, "en")) if attribute(part, "data-desk")]
    assert offered == [("load-again", "load"), ("load-again", "dry_run")]
