"""The desk's callbacks: the asked view, the pulse of what runs, the acts, the rows of the table and the editor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, html, no_update
from dash.development.base_component import Component

from commandcenter.actor import Actor
from commandcenter.errors import CommandCenterError, NotFound
from commandcenter.pages.data import ids
from commandcenter.pages.data.acts import STEWARD, carry_out
from commandcenter.pages.data.asked import ALL_RULES, Asked
from commandcenter.pages.data.deliver import deliver_view
from commandcenter.pages.data.overview import overview, title_of
from commandcenter.pages.data.parts import fault, for_stewards, section, sentence
from commandcenter.pages.data.preview import preview_view
from commandcenter.pages.data.quarantine import PAGE_ROWS, again_view, editor, field_names, grid, grid_rows
from commandcenter.pages.data.run import account, acts, findings_view, now_view, rules_view, run_head
from commandcenter.pages.data.source import contract_view, crumbs, gone_view, runs_view, source_head
from commandcenter.pages.data.words import RUNNING
from commandcenter.text import Text
from commandcenter.web.context import current_actor
from commandcenter.web.state import State as Desk
from ingest.desk import store
from ingest.mapping import load_mapping, mapping_names

RUNS_SHOWN = 30
GONE_SHOWN = 200
FINDINGS_SHOWN = 200
REFUSED = Text("隔离的行", "Refused rows")
NO_SOURCE = Text("没有名为“{name}”的数据源或映射，或不在您的权限内。", "There is no source or mapping '{name}', or it is not yours to see.")
NO_RUN = Text("没有运行 {run}，或不在您的权限内。", "There is no run {run}, or it is not yours to see.")
ENDED = Text("{run} 号运行结束。", "Run {run} has ended.")
FIRST = Text("还没有交付过。", "Nothing was delivered so far.")
View = list[Any]


def register(app: dash.Dash, state: Desk) -> None:
    """What the desk asks the server through Dash."""

    @app.callback(Output(ids.VIEW, "children"), Output(ids.TICK, "disabled"), Input(ids.ASK, "data"), prevent_initial_call=True)
    async def show_view(ask: dict[str, Any]) -> tuple[View, bool]:
        return await view_answer(state, Asked.of(ask))

    @app.callback(
        Output(ids.NOW, "children"), Output(ids.DONE, "data", allow_duplicate=True), Input(ids.TICK, "n_intervals"), State(ids.ASK, "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    async def show_now(_: int, ask: dict[str, Any]) -> tuple[Any, Any]:
        return await now_answer(state, Asked.of(ask))

    @app.callback(Output(ids.DONE, "data"), Input(ids.COMMAND, "data"), prevent_initial_call=True)
    async def do_command(command: dict[str, Any]) -> dict[str, Any]:
        done = await carry_out(state.settings, current_actor(), command)
        language = Asked.of(command).language
        return {"sentence": done.sentence.to(language), "good": done.good, "go": done.go, "at": time.time()}

    @app.callback(
        Output(ids.GRID, "getRowsResponse"), Input(ids.GRID, "getRowsRequest"), State(ids.ASK, "data"), State(ids.GRID, "columnDefs"),
        prevent_initial_call=True,
    )  # fmt: skip
    async def show_rows(request: dict[str, Any] | None, ask: dict[str, Any], columns: list[dict[str, Any]]) -> Any:
        return await rows_answer(state, Asked.of(ask), request, columns)

    @app.callback(Output(ids.EDITOR, "children"), Output(ids.PLACED, "data"), Input(ids.GRID, "selectedRows"), State(ids.ASK, "data"))
    async def show_editor(selected: list[dict[str, Any]] | None, ask: dict[str, Any] | None) -> tuple[View, Any]:
        return await editor_answer(state, Asked.of(ask), selected or [])

    app.clientside_callback(
        ClientsideFunction("desk", "follow"), Output("desk", "data-followed"), Input(ids.DONE, "data"), prevent_initial_call=True
    )
    app.clientside_callback(
        ClientsideFunction("desk", "place"), Output("desk", "data-placed"), Input(ids.PLACED, "data"), prevent_initial_call=True
    )


async def view_answer(state: Desk, asked: Asked) -> tuple[View, bool]:
    """The asked view, and whether nothing runs in it."""
    try:
        actor = current_actor()
        if asked.run is not None:
            return await _run_view(state, actor, asked)
        if asked.source is not None:
            return await _source_view(state, actor, asked)
        return await _overview(state, actor, asked)
    except CommandCenterError as error:
        return [crumbs(asked), fault(error, asked.language)], True


async def now_answer(state: Desk, asked: Asked) -> tuple[Any, Any]:
    """What runs at this moment; when it has ended, the word to look at the whole view again."""
    try:
        actor = current_actor()
        runs = await _running(state, actor, asked)
    except CommandCenterError as error:
        return [fault(error, asked.language)], no_update
    if runs:
        return _now(runs, asked, actor), no_update
    return [], {"sentence": "", "good": True, "go": None, "at": time.time()}


async def rows_answer(state: Desk, asked: Asked, request: Mapping[str, Any] | None, columns: Sequence[Mapping[str, Any]]) -> Any:
    """A block of refused rows for the table."""
    if request is None:
        return no_update
    first = max(0, int(request.get("startRow") or 0))
    rule = None if asked.rule in (None, ALL_RULES) else asked.rule
    names = [str(column["headerName"]) for column in columns if str(column.get("field", "")).removeprefix("f").isdigit()]
    try:
        actor = current_actor()
        rows = await state.reader.rows(actor, store.quarantine_request(asked.run, asked.source, rule, PAGE_ROWS, first))
        total = sum(int(each["count"]) for each in await _rules(state, actor, asked) if rule in (None, each["rule"]))
    except CommandCenterError:
        return {"rowData": [], "rowCount": first}
    return {"rowData": grid_rows(rows, names, asked.language), "rowCount": total}


async def editor_answer(state: Desk, asked: Asked, selected: Sequence[Mapping[str, Any]]) -> tuple[View, Any]:
    """The editor of what is selected, and where a single row lies."""
    one = selected[0] if len(selected) == 1 else None
    placed = {"id": one["id"], "lon": one["lon"], "lat": one["lat"], "repair": one["repair"]} if one else None
    total, names = 0, list(dict.fromkeys(name for row in selected for name in (row.get("fields") or {})))
    if not names and asked.rule not in (None, ALL_RULES):
        try:
            actor = current_actor()
            total = sum(int(each["count"]) for each in await _rules(state, actor, asked) if each["rule"] == asked.rule)
            names = field_names(await state.reader.rows(actor, store.quarantine_request(asked.run, asked.source, asked.rule, PAGE_ROWS, 0)))
        except CommandCenterError as error:
            return [fault(error, asked.language)], None
    return editor(selected, asked, total, names), placed


async def _overview(state: Desk, actor: Actor, asked: Asked) -> tuple[View, bool]:
    rows = await state.reader.rows(actor, store.sources_request())
    held = {str(row["name"]) for row in rows}
    unused = [(name, load_mapping(name).title) for name in mapping_names() if name not in held] if actor.may(STEWARD) else []
    zone = (await state.city()).zone
    idle = not any(row["running"] for row in rows)
    return [html.Div(id=ids.NOW), *overview(asked, rows, unused, zone, actor.may(STEWARD))], idle


async def _source_view(state: Desk, actor: Actor, asked: Asked) -> tuple[View, bool]:
    language, zone = asked.language, (await state.city()).zone
    row = await _source(state, actor, str(asked.source))
    steward = actor.may(STEWARD)
    takes_files = str(asked.source) in mapping_names()
    deliver: View = [deliver_view(str(asked.source), language)] if takes_files and steward else []
    if row is None:
        mapping = _mapping(asked)
        head: View = [crumbs(asked), html.H2(mapping.title.to(language), className="desk-headline"), sentence(FIRST, language)]
        return [*head, html.Div(id=ids.NOW), *([] if steward else [for_stewards(asked)]), *deliver], True
    runs = await state.reader.rows(actor, store.runs_request(asked.source, RUNS_SHOWN))
    gone = await state.reader.rows(actor, store.gone_request(asked.source, GONE_SHOWN)) if steward else []
    running = [run for run in runs if run["status"] in RUNNING]
    view = [
        *source_head(asked, row, zone),
        html.Div(_now(running, asked, actor), id=ids.NOW),
        *([] if steward else [for_stewards(asked)]),
        *(await _quarantine(state, actor, asked) if asked.rule and steward else []),
        html.Div([html.Div([*deliver, contract_view(row["contract"] or {}, language)]), html.Div([runs_view(asked, runs, zone), *gone_view(gone, GONE_SHOWN, language)])], className="desk-columns"),
    ]  # fmt: skip
    return view, not running


async def _run_view(state: Desk, actor: Actor, asked: Asked) -> tuple[View, bool]:
    language, zone = asked.language, (await state.city()).zone
    run = await state.reader.row(actor, store.run_request(asked.run))
    if run is None:
        raise NotFound(NO_RUN.with_values(run=asked.run))
    here = asked.at(source=run["source"])
    row = await _source(state, actor, run["source"])
    running, steward = run["status"] in RUNNING, actor.may(STEWARD)
    title = title_of(row, language) if row else str(run["source"])
    view: View = [*run_head(here, run, title, zone), html.Div(_now([run], here, actor), id=ids.NOW)]
    if running:
        return view, False
    layer = next((each.id for each in state.layers.values() if row and each.table == row["target"]), None)
    if not steward:
        return [*view, account(here, run, layer), for_stewards(here)], True
    findings = await state.reader.rows(actor, store.findings_request(asked.run, FINDINGS_SHOWN)) if run["findings"] or run["repaired"] else []
    drawn = run["status"] in {"done", "withdrawn"} and (run["kind"] == "dry_run" or run["quarantined"])
    rules = rules_view(here, await _rules(state, actor, here)) if run["status"] in {"done", "withdrawn"} else None
    view += [
        html.Div([html.Div([account(here, run, layer), acts(run, language), rules]), html.Div([preview_view(run["id"], language)] if drawn else [])], className="desk-columns"),
        *(await _quarantine(state, actor, here) if run["quarantined"] else []),
        *findings_view(findings, language),
    ]  # fmt: skip
    return view, True


async def _quarantine(state: Desk, actor: Actor, asked: Asked) -> View:
    """The table of refused rows with its editor; over a whole source the rules stand above it."""
    language = asked.language
    rule = None if asked.rule in (None, ALL_RULES) else asked.rule
    first = await state.reader.rows(actor, store.quarantine_request(asked.run, asked.source, rule, PAGE_ROWS, 0))
    above = [rules_view(asked, await _rules(state, actor, asked))] if asked.run is None else []
    parts: list[Component] = [grid(field_names(first), language), html.Aside(id=ids.EDITOR, className="desk-editor")]
    return [
        section(REFUSED, [*above, html.Div(parts, className="desk-refused")], language, beside=again_view(str(asked.source), language), id="desk-refused")
    ]


async def _rules(state: Desk, actor: Actor, asked: Asked) -> list[dict[str, Any]]:
    return await state.reader.rows(actor, store.quarantine_rules_request(asked.run, asked.source))


async def _source(state: Desk, actor: Actor, name: str) -> dict[str, Any] | None:
    rows = await state.reader.rows(actor, store.sources_request())
    return next((row for row in rows if row["name"] == name), None)


async def _running(state: Desk, actor: Actor, asked: Asked) -> list[dict[str, Any]]:
    """The runs of the view that have not ended."""
    if asked.run is not None:
        run = await state.reader.row(actor, store.run_request(asked.run))
        return [run] if run and run["status"] in RUNNING else []
    if asked.source is not None:
        runs = await state.reader.rows(actor, store.runs_request(asked.source, RUNS_SHOWN))
        return [run for run in runs if run["status"] in RUNNING]
    rows = await state.reader.rows(actor, store.sources_request())
    found = [await state.reader.row(actor, store.run_request(row["last_run_id"])) for row in rows if row["running"]]
    return [run for run in found if run and run["status"] in RUNNING]


def _now(runs: Sequence[Mapping[str, Any]], asked: Asked, actor: Actor) -> View:
    moment = datetime.now(UTC)
    return [
        part for run in runs for part in now_view(run, asked.language, actor.may(STEWARD), (moment - run["started_at"]).total_seconds())
    ]


def _mapping(asked: Asked) -> Any:
    if asked.source not in mapping_names():
        raise NotFound(NO_SOURCE.with_values(name=asked.source))
    return load_mapping(str(asked.source))
