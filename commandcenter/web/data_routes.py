"""The data desk's doors beside its page: files in, refused rows out as a workbook, the preview of a run, the raw text of a row."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.requests import ClientDisconnect

from commandcenter.actor import Actor
from commandcenter.audit.record import Subject, note
from commandcenter.db.connect import connect
from commandcenter.db.run import acting
from commandcenter.errors import NotFound
from commandcenter.text import Language, Text
from commandcenter.web.context import current_actor
from commandcenter.web.state import State
from commandcenter.web.uploads import Arrived, Uploads, announced_bytes, check_same_origin, is_full, no_space
from ingest.desk import store
from ingest.desk.commands import need_steward, register_upload
from ingest.desk.workbook import write_refused
from ingest.ledger.store import read_block

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SENT_BYTES = 1 << 18
HIGHEST_ID = 2**63 - 1
HIGHEST_ROW = 2**31 - 1
FRESH = {"Cache-Control": "no-store"}
NO_ADDRESS = Text("没有这个地址。", "There is nothing at this address.")


def data_routes(state: State, uploads: Uploads | None = None) -> APIRouter:
    """Routes that answer whole-city data stewards, as the actor of the request."""
    router = APIRouter()
    room = uploads or Uploads(state.settings.data_dir / "uploads")
    one_workbook = asyncio.Semaphore(1)  # each keeps a processor busy

    @router.post("/data/upload")
    async def upload(request: Request, name: str = "") -> Response:
        actor = _steward()
        check_same_origin(request.headers)
        try:
            arrived = await room.receive(name, announced_bytes(request.headers), request.stream())
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        try:
            number = await asyncio.to_thread(_register, state, actor, arrived)
        except BaseException:
            room.forget(arrived)
            raise
        return JSONResponse(
            {"id": number, "file_name": arrived.file_name, "bytes": arrived.bytes, "sha256": arrived.sha256}, headers=FRESH
        )

    @router.get("/data/refused/{run_id}.xlsx")
    async def refused(request: Request, run_id: int, lang: Language = "zh") -> Response:
        actor = _steward()
        await _run(state, actor, run_id)
        address = request.client.host if request.client is not None else None
        async with one_workbook:
            try:
                file, size = await asyncio.to_thread(_workbook, state, actor, run_id, lang, address)
            except OSError as fault:
                raise (no_space() if is_full(fault) else fault) from fault
        return StreamingResponse(
            _pieces(file),
            media_type=XLSX,
            headers={**FRESH, "Content-Length": str(size), "Content-Disposition": f'attachment; filename="refused-{run_id}.xlsx"'},
        )

    @router.get("/data/preview/{run_id}.json")
    async def preview(run_id: int, lang: Language = "zh") -> Response:
        actor = _steward()
        run = await _run(state, actor, run_id)
        rows = await state.reader.rows(actor, store.preview_request(run_id))
        placed = await state.reader.row(actor, store.refused_count_request(run_id))
        drawn = {kind: sum(row["kind"] == kind for row in rows) for kind in ("accepted", "refused")}
        complete = drawn["refused"] == (placed or {}).get("placed", 0) and (
            run["kind"] != "dry_run" or drawn["accepted"] >= run["loaded"] + run["unchanged"]
        )
        body = await asyncio.to_thread(_collection, rows, complete, lang)
        return Response(body, media_type="application/geo+json", headers=FRESH)

    @router.get("/data/raw/{run_id}/{row_no}")
    async def raw(run_id: int, row_no: int) -> Response:
        actor = _steward()
        await _run(state, actor, run_id)
        block = await state.reader.octets(actor, store.raw_request(run_id, row_no)) if 0 <= row_no <= HIGHEST_ROW else None
        found = None if block is None else read_block(block).get(str(row_no))
        if found is None:
            raise NotFound(Text(f"运行 {run_id} 没有保存第 {row_no} 行。", f"Run {run_id} kept no row {row_no}."))
        return JSONResponse({"line": found[0], "raw": found[1]}, headers=FRESH)

    async def nothing(rest: str = "") -> Response:
        raise NotFound(NO_ADDRESS)

    # What none of the above takes would be answered with a page and 200 by Dash.
    for address in ("/data/upload", "/data/refused/{rest:path}", "/data/preview/{rest:path}", "/data/raw/{rest:path}"):
        router.add_api_route(address, nothing, methods=["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    return router


def _steward() -> Actor:
    actor = current_actor()
    need_steward(actor)
    return actor


async def _run(state: State, actor: Actor, run_id: int) -> dict[str, Any]:
    run = await state.reader.row(actor, store.run_request(run_id)) if 0 <= run_id <= HIGHEST_ID else None
    if run is None:
        raise NotFound(Text(f"没有第 {run_id} 次运行。", f"There is no run {run_id}."))
    return run


def _register(state: State, actor: Actor, arrived: Arrived) -> int:
    with connect(state.settings) as connection:
        return register_upload(connection, actor, arrived.file_name, arrived.stored_as, arrived.bytes, arrived.sha256)


def _workbook(state: State, actor: Actor, run_id: int, language: Language, address: str | None) -> tuple[IO[bytes], int]:
    """The workbook in a file that vanishes when it is closed, and its bytes. That it goes out is on record before it does."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (it is closed when the last piece has been sent)
    try:
        with connect(state.settings) as connection, acting(connection, actor):
            write_refused(connection, run_id, language, cast(IO[bytes], file))
            size = file.tell()
            about = {"what": "refused rows", "language": language, "bytes": size}
            note(connection, actor, "export", door="desk", subject=Subject("ingest_run", run_id), detail=about, address=address)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, SENT_BYTES):
            yield piece
    finally:
        file.close()


def _collection(rows: list[dict[str, Any]], complete: bool, language: Language) -> str:
    """GeoJSON of all kinds; shapes come as text from the database and go out as they are."""
    parts = (
        f'{{"type":"Feature","geometry":{_shape(row["shape"])},"properties":{json.dumps(_properties(row, language), ensure_ascii=False)}}}' for row in rows
    )
    return f'{{"type":"FeatureCollection","complete":{json.dumps(complete)},"features":[{",".join(parts)}]}}'


def _shape(shape: str) -> str:
    """Numbers that JSON does not know have no place on a map."""
    lower = shape.lower()
    return "null" if "nan" in lower or "inf" in lower else shape


def _properties(row: dict[str, Any], language: Language) -> dict[str, Any]:
    told = {"kind": row["kind"], "id": row["id"], "line": row["line"], "key": row["source_key"]}
    if row["rule"] is not None:
        told |= {"rule": row["rule"], "sentence": row["sentence_en"] if language == "en" else row["sentence"]}
    return told
