"""How a source comes by itself and when it is due next, whether somebody is there to fetch it, and whether a file is still kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from commandcenter.actor import Actor
from commandcenter.errors import BadInput
from commandcenter.pages.data.parts import fact, facts, section, sentence
from commandcenter.pages.data.words import NO_WORKER, moment
from commandcenter.pages.wall.parts import icon
from commandcenter.security.builtin import FETCHER
from commandcenter.text import Language, Text
from commandcenter.web.state import State as Desk
from ingest.contract import Mapping
from ingest.desk.arrivals import store
from ingest.desk.arrivals.due import FAILED, UNFINISHED, Attempt, comes_by_itself, next_due
from ingest.desk.kept_files import uploads_folder
from ingest.fetching import host_of

COMES = Text("自动取数", "Comes by itself")
FROM, FOLDER, DUE, LAST = Text("取自", "Fetched from"), Text("监视的文件夹", "Watched folder"), Text("下次取数", "Next due"), Text("上次取数", "Last fetched")
MATCHING = Text("{folder}（{pattern}）", "{folder} ({pattern})")
SOMEWHERE = Text("服务器上的一个文件夹", "a folder on the server")
LOOKED, EVERY_MINUTE = Text("查看", "Looked into"), Text("每分钟", "every minute")
NOW, AT_WORK, NEVER_AGAIN = Text("即将", "At the next look"), Text("正在载入", "Being loaded"), Text("不再取数（只取一次）", "Not again: it comes once")
PUT_AWAY = Text(
    "停止增长的文件会被载入，然后移到其中的 done 或 refused。", "Files that stopped growing are loaded, then moved into done or refused inside it."
)


def no_worker(lives: bool, language: Language) -> list[Component]:
    """One sentence where nobody carries out what is asked for."""
    return [] if lives else [html.Div([icon("alert-triangle"), html.P(NO_WORKER.to(language))], className="desk-fault", role="status")]


async def arrival_of(state: Desk, actor: Actor, mapping: Mapping | None, language: Language, zone: ZoneInfo, steward: bool) -> list[Component]:
    """The section of a source that comes by itself; nothing for one that does not."""
    if mapping is None or not comes_by_itself(mapping):
        return []
    rows = await state.reader.rows(actor, store.attempts_request(mapping.name, FETCHER.id))
    return [arrival_view(mapping, [Attempt(**row) for row in rows], datetime.now(UTC), language, zone, steward)]


def arrival_view(mapping: Mapping, attempts: Sequence[Attempt], now: datetime, language: Language, zone: ZoneInfo, steward: bool) -> Component:
    """Where a source comes from and when it is due; folders of the server are for stewards."""
    fetch = mapping.fetch
    assert fetch is not None
    rows = []
    if fetch.url:
        rows += [fact(FROM, _host(mapping, language), language), fact(DUE, _due(mapping, attempts, now, language, zone), language)]
    if fetch.folder:
        shown = MATCHING.with_values(folder=fetch.folder, pattern=fetch.pattern) if steward else SOMEWHERE
        rows.append(fact(FOLDER, shown.to(language), language))
        if not fetch.url:
            rows.append(fact(LOOKED, EVERY_MINUTE.to(language), language))
    rows.append(fact(LAST, moment(attempts[0].at if attempts else None, language, zone), language))
    said = [sentence(PUT_AWAY, language)] if fetch.folder else []
    if attempts and attempts[0].status in FAILED and attempts[0].sentence is not None:
        said.insert(0, sentence(attempts[0].sentence, language, "message bad"))
    return section(COMES, [facts(rows), *said], language)


async def file_is_kept(state: Desk, actor: Actor, run: Dict[str, Any]) -> bool:
    """Whether the file of a run still lies in the uploads folder; true for a run whose file never did."""
    if not run.get("upload_id"):
        return True
    row = await state.reader.row(actor, store.upload_request(run["id"]))
    return row is None or await asyncio.to_thread((uploads_folder(state.settings.data_dir) / row["stored_as"]).is_file)


def _host(mapping: Mapping, language: Language) -> str:
    try:
        return host_of(mapping)
    except BadInput as fault:
        return fault.sentence.to(language)


def _due(mapping: Mapping, attempts: Sequence[Attempt], now: datetime, language: Language, zone: ZoneInfo) -> str:
    if attempts and attempts[0].status in UNFINISHED:
        return AT_WORK.to(language)
    due = next_due(mapping.cadence_s, attempts)
    if due is None:
        return NEVER_AGAIN.to(language)
    return NOW.to(language) if due <= now else moment(due, language, zone)
