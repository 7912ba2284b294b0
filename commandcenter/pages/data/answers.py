"""The desk's callbacks: the asked view, the pulse of what runs, the acts, the rows of the table and the editor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping as Dict
from collections.abc import Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from commandcenter.actor import Actor
from commandcenter.errors import BadInput, CommandCenterError, NotFound
from commandcenter.pages.data import ids
from commandcenter.pages.data.acts import STEWARD, carry_out
from commandcenter.pages.data.arrival import arrival_of, file_is_kept, no_worker
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
from ingest.contract import Mapping
from ingest.desk import store
from ingest.desk.mappings import own_mappings, steward_mapping
from ingest.mapping import mapping_names
from ingest.store import contract_of

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
    async def do_command(said: dict[str, Any] | None) -> dict[str, Any]:
        command = said or {}
        done = await carry_out(state.settings, current_actor(), command)
        language = Asked.of(command).language
        return {"sentence": done.sentence.to(language), "good": done.good, "go": done.go, "only_rows": done.only_rows, "at": time.time()}

    @app.callback(Output(ids.RULES, "children"), Output(ids.REFUSED, "children"), Input(ids.NARROW, "data"), prevent_initial_call=True)
    async def narrow(ask: dict[str, Any]) -> tuple[Any, Any]:
        return await narrow_answer(state, Asked.of(ask))

    @app.callback(
        Output(ids.GRID, "getRowsResponse"), Input(ids.GRID, "getRowsRequest"), State(ids.SHOWN, "data"), State(ids.GRID, "columnDefs"),
        prevent_initial_call=True,
    )  # fmt: skip
    async def show_rows(request: dict[str, Any] | None, shown: dict[str, Any], columns: list[dict[str, Any]]) -> Any:
        return await rows_answer(state, Asked.of(shown), request, columns)

    @app.callback(Output(ids.EDITOR, "children"), Output(ids.PLACED, "data"), Input(ids.GRID, "selectedRows"), State(ids.SHOWN, "data"))
    async def show_editor(selected: list[dict[str, Any]] | None, shown: dict[str, Any] | None) -> tuple[View, Any]:
        return await editor_answer(state, Asked.of(shown), selected or [])

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
            return await _run_view(state, actor, asked, asked.run)
        if asked.source is not None:
            return await _source_view(state, actor, asked, asked.source)
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


async def rows_answer(state: Desk, asked: Asked, request: Dict[str, Any] | None, columns: Sequence[Dict[str, Any]]) -> Any:
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


async def narrow_answer(state: Desk, asked: Asked) -> tuple[Any, Any]:
    """The rules and the rows anew, without the rest of the view."""
    try:
        actor = current_actor()
        return rules_view(asked, await _rules(state, actor, asked), 1), await _refused(state, actor, asked)
    except CommandCenterError as error:
        return no_update, [fault(error, asked.language)]


async def editor_answer(state: Desk, asked: Asked, selected: Sequence[Dict[str, Any]]) -> tuple[View, Any]:
    """The editor of what is selected, and where a single row lies."""
    one = selected[0] if len(selected) == 1 else None
    placed = {"id": one["id"], "lon": one["lon"], "lat": one["lat"], "repair": one["repair"]} if one else None
    total, names = 0, list(dict.fromkeys(name for row in selected for name in (row.get("fields") or {})))
    if asked.rule not in (None, ALL_RULES) and not one:
        try:
            actor = current_actor()
            total = sum(int(each["count"]) for each in await _rules(state, actor, asked) if each["rule"] == asked.rule)
            names = names or field_names(await _first_rows(state, actor, asked))
        except CommandCenterError as error:
            return [fault(error, asked.language)], None
    return editor(selected, asked, total, names), placed


async def _overview(state: Desk, actor: Actor, asked: Asked) -> tuple[View, bool]:
    rows = await state.reader.rows(actor, store.sources_request())
    steward, zone = actor.may(STEWARD), (await state.city()).zone
    held = {str(row["name"]) for row in rows}
    unused = await asyncio.to_thread(_titles, state, held) if steward else []
    idle = not any(row["running"] for row in rows)
    notices = no_worker(state.just_started or await state.worker_lives(), asked.language)
    return [html.Div(id=ids.NOW), *overview(asked, rows, unused, zone, steward, _layers(state), notices)], idle


async def _source_view(state: Desk, actor: Actor, asked: Asked, name: str) -> tuple[View, bool]:
    language, zone = asked.language, (await state.city()).zone
    row = await _source(state, actor, name)
    steward = actor.may(STEWARD)
    takes_files = name in _names(state)
    notice: View = [] if steward else [for_stewards(asked)]
    deliver: View = [deliver_view(name, language)] if takes_files and steward else []
    comes = await arrival_of(state, actor, _readable(state, name), language, zone, steward) if takes_files else []
    if row is None:
        mapping = _mapping(state, name)
        head: View = [crumbs(asked), html.H2(mapping.title.to(language), className="desk-headline"), sentence(FIRST, language)]
        promises = contract_view({**contract_of(mapping), "owner": mapping.owner, "licence": mapping.licence}, language)
        return [*head, html.Div(id=ids.NOW), *notice, html.Div([html.Div([*comes, *deliver]), html.Div(promises)], className="desk-columns even")], True
    runs = await state.reader.rows(actor, store.runs_request(name, RUNS_SHOWN))
    gone = await state.reader.rows(actor, store.gone_request(name, GONE_SHOWN)) if steward else []
    running = [run for run in runs if run["status"] in RUNNING]
    left: View = [*comes, *deliver, contract_view(row["contract"] or {}, language)]
    right: View = [runs_view(asked, runs, zone), *gone_view(gone, GONE_SHOWN, language)]
    view: View = [
        *source_head(asked, row, zone, _layers(state).get(row["target"])),
        html.Div(_now(running, asked, actor), id=ids.NOW),
        *notice,
    ]
    if asked.rule and steward:
        view += [html.Div(rules_view(asked, await _rules(state, actor, asked), 1), id=ids.RULES), *await _quarantine(state, actor, asked)]
    return [*view, html.Div([html.Div(left), html.Div(right)], className="desk-columns")], not running


async def _run_view(state: Desk, actor: Actor, asked: Asked, run_id: int) -> tuple[View, bool]:
    language, zone = asked.language, (await state.city()).zone
    run = await state.reader.row(actor, store.run_request(run_id))
    if run is None:
        raise NotFound(NO_RUN.with_values(run=run_id))
    run = {**run, "file_kept": await file_is_kept(state, actor, run)}
    here = asked.at(source=run["source"])
    row = await _source(state, actor, run["source"])
    running, steward = run["status"] in RUNNING, actor.may(STEWARD)
    title = title_of(row, language) if row else str(run["source"])
    view: View = [*run_head(here, run, title, zone), html.Div(_now([run], here, actor), id=ids.NOW)]
    if running:
        return view, False
    layer = _layers(state).get(row["target"]) if row else None
    if not steward:
        return [*view, account(here, run, layer), for_stewards(here)], True
    noticed = run["findings"] or run["repaired"]
    findings = await state.reader.rows(actor, store.findings_request(run_id, FINDINGS_SHOWN)) if noticed else []
    ended_well = run["status"] in {"done", "withdrawn"}
    waiting = await _rules(state, actor, here) if ended_well else []
    # A run that broke off accounts for nothing: none of its rows went anywhere.
    left: View = [*([account(here, run, layer, bool(waiting))] if ended_well else []), acts(run, language)]
    if ended_well:
        left.append(html.Div(rules_view(here, waiting, run["quarantined"]), id=ids.RULES))
    located = any(finding["lon"] is not None for finding in findings)
    drawn = ended_well and (run["kind"] == "dry_run" or run["quarantined"] or located)
    right: View = [preview_view(run["id"], run["kind"] == "dry_run", language, located)] if drawn else []
    refused = await _quarantine(state, actor, here, run) if waiting else []
    return [*view, html.Div([html.Div(left), html.Div(right)], className="desk-columns"), *refused, *findings_view(findings, language)], True


async def _quarantine(state: Desk, actor: Actor, asked: Asked, run: Dict[str, Any] | None = None) -> View:
    """The section of the refused rows, of a source or of one of its runs."""
    again = again_view(str(asked.source), asked.language, run if run and run["kind"] == "dry_run" else None)
    place = html.Div(await _refused(state, actor, asked), id=ids.REFUSED)
    return [section(REFUSED, [place], asked.language, beside=again, id="desk-refused")]


async def _refused(state: Desk, actor: Actor, asked: Asked) -> View:
    """The table of refused rows with its editor, and the word whose rows they are."""
    fields = field_names(await _first_rows(state, actor, asked))
    shown = {"source": asked.source, "run": asked.run, "rule": asked.rule, "language": asked.language}
    parts: list[Component] = [grid(fields, asked.language), html.Aside(id=ids.EDITOR, className="desk-editor")]
    return [dcc.Store(id=ids.SHOWN, data=shown), html.Div(parts, className="desk-rows")]


async def _first_rows(state: Desk, actor: Actor, asked: Asked) -> list[dict[str, Any]]:
    rule = None if asked.rule in (None, ALL_RULES) else asked.rule
    return await state.reader.rows(actor, store.quarantine_request(asked.run, asked.source, rule, PAGE_ROWS, 0))


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


def _now(runs: Sequence[Dict[str, Any]], asked: Asked, actor: Actor) -> View:
    moment = datetime.now(UTC)
    return [
        part for run in runs for part in now_view(run, asked.language, actor.may(STEWARD), (moment - run["started_at"]).total_seconds())
    ]


def _layers(state: Desk) -> dict[str, str]:
    """The map layer that draws a table."""
    return {layer.table: layer.id for layer in reversed(list(state.layers.values()))}


def _mapping(state: Desk, name: str) -> Mapping:
    """The mapping of a source, the city's own before those that ship; raises NotFound."""
    try:
        return steward_mapping(name, [own_mappings(state.settings.data_dir)])
    except BadInput as error:
        raise NotFound(NO_SOURCE.with_values(name=name)) if name not in _names(state) else error from error


def _readable(state: Desk, name: str) -> Mapping | None:
    with suppress(CommandCenterError):
        return _mapping(state, name)
    return None


def _names(state: Desk) -> set[str]:
    own = own_mappings(state.settings.data_dir)
    return {*mapping_names(), *(mapping_names(own) if own.is_dir() else ())}


def _titles(state: Desk, held: Set[str]) -> list[tuple[str, Text]]:
    """Names and titles of the mappings that have delivered nothing; one that cannot be read is not offered."""
    titles = []
    for name in sorted(_names(state) - held):
        with suppress(CommandCenterError):
            titles.append((name, _mapping(state, name).title))
    return titles
