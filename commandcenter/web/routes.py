"""The doors of map data beside the tiles: style, catalogue, honesty, features, cards, health."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from commandcenter import __version__
from commandcenter.db.migrate import newest_revision
from commandcenter.db.request import SqlRequest
from commandcenter.errors import BadRequest, CommandCenterError, NotFound
from commandcenter.security.builtin import WEB
from commandcenter.text import Language, Text
from commandcenter.web.context import current_actor
from commandcenter.web.glass import glass_ends
from commandcenter.web.state import CityView, State
from layers.base import Layer
from layers.cards import read_card
from layers.figures import PRESETS
from layers.honesty import honest_lines
from layers.live_cases import live_cases
from layers.style import HIGHEST_TILE_ZOOM, catalogue, map_style
from layers.tiles import FEATURE_LIMIT, HIGHEST_ZOOM, Filters, features_request, parse_bbox

Theme = Literal["dark", "light"]
FILTER_PREFIX = "f."


# Which of the city's centres looks through which preset; their names are the city file's.
CENTRE_OF_PRESET = {"emergency": "emergency", "grid": "governance", "urban": "operations"}


def centre_name(city: CityView, preset: str, language: Language) -> str:
    """The name of the centre a preset serves, in this city's words; empty for the overview."""
    return str(city.settings.get("centres", {}).get(CENTRE_OF_PRESET.get(preset, ""), {}).get(language, ""))


def map_routes(state: State) -> APIRouter:
    """Routes that answer as the actor of the request."""
    router = APIRouter()

    @router.get("/map/style.json")
    async def style(lang: Language = "zh", theme: Theme = "dark") -> Response:
        return _fresh(map_style(state.layers, state.versions.known, lang, theme, current_actor().scope.digest))

    @router.get("/map/catalog.json")
    async def catalog(lang: Language = "zh", theme: Theme = "dark") -> Response:
        current_actor()
        city = await state.city()
        return _fresh(
            {
                "city": {
                    "key": city.key, "name": city.name.to(lang), "code": city.code, "centre": city.centre, "zoom": city.zoom,
                    "bounds": city.bounds, "time_zone": city.zone.key, "synthetic": city.synthetic,
                },
                "presets": [
                    {"id": p.id, "title": p.title.to(lang), "centre": centre_name(city, p.id, lang), "layers": p.layers, "variant": p.variant}
                    for p in PRESETS.values()
                ],
                "rasters": [{**raster, "title": raster["title"][lang]} for raster in city.settings.get("raster", [])],
                **catalogue(state.layers, lang, theme),
            }
        )  # fmt: skip

    @router.get("/map/status.json")
    async def status(request: Request, bbox: str, zoom: int, layers: str = "", lang: Language = "zh") -> Response:
        actor = current_actor()
        wanted = [state.layers[name] for name in layers.split(",") if name in state.layers] or list(state.layers.values())
        lines = await honest_lines(
            state.reader, actor, {layer.id: layer for layer in wanted}, parse_bbox(bbox), _zoom(zoom), _layer_filters(request, wanted), lang
        )
        return _fresh({"layers": {key: dataclasses.asdict(line) for key, line in lines.items()}, "glass": glass_ends()})

    @router.get("/tilejson/{layer_id}.json")
    async def tilejson(request: Request, layer_id: str) -> Response:
        current_actor()
        layer = _layer(state, layer_id)
        city = await state.city()
        version = state.versions.of(layer.table)
        return _fresh(
            {
                "tilejson": "3.0.0",
                "name": layer.id,
                "tiles": [f"{str(request.base_url).rstrip('/')}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt?v={version}"],
                "minzoom": layer.min_zoom,
                "maxzoom": HIGHEST_TILE_ZOOM,
                "bounds": city.bounds,
                "vector_layers": [{"id": s.name, "fields": dict.fromkeys(s.properties, "")} for s in layer.sublayers],
            }
        )

    @router.get("/features/{layer_id}")
    async def features(request: Request, layer_id: str, bbox: str, zoom: int = 16, lang: Language = "zh") -> Response:
        actor = current_actor()
        layer = _layer(state, layer_id)
        box, filters = parse_bbox(bbox), _filters(request)
        if layer.live:
            return _fresh(await live_cases(state.reader, actor, layer, box, _zoom(zoom), filters))
        rows = await state.reader.rows(actor, features_request(layer, box, _zoom(zoom), filters))
        return _geojson(layer, rows)

    @router.get("/features/{layer_id}/{ref_id}")
    async def card(layer_id: str, ref_id: int, lang: Language = "zh") -> Response:
        city = await state.city()
        if not 0 <= ref_id < 2**63:
            raise NotFound(Text("没有这个编号。", "There is no such number."))
        view = await read_card(state.reader, current_actor(), state.layers, layer_id, ref_id, lang, city.zone)
        return _fresh(dataclasses.asdict(view))

    return router


def health_routes(state: State) -> APIRouter:
    """Whether the process lives, and whether what it stands on is in order."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @router.get("/readyz")
    async def readyz() -> Response:
        row = await state.reader.row(
            WEB,
            SqlRequest(
                "select current_setting('server_version') as postgresql, postgis_lib_version() as postgis,"
                " (select version_num from alembic_version) as revision, (select count(*) from city) as cities,"
                " (select bool_and(proleakproof) from pg_proc where proname = 'geometry_overlaps' and pronargs = 2) as leakproof,"
                " (select count(*) from source where cadence_s is not null and data_as_of < now() - make_interval(secs => cadence_s)) as late_sources",
                {},
                "readyz",
            ),
        )
        assert row is not None
        ready = row["revision"] == newest_revision() and row["cities"] == 1
        return JSONResponse({"ready": ready, **row, "worker": await state.worker_lives()}, status_code=200 if ready else 503)

    return router


def install_problem_bodies(server: FastAPI) -> None:
    """Errors leave as problem bodies, whoever raised them."""

    async def ours(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, CommandCenterError)
        return JSONResponse(fault.problem(), status_code=fault.status, media_type="application/problem+json", headers=fault.headers)

    async def invalid(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, RequestValidationError)
        first = fault.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])[:60]
        problem = BadRequest(Text(f"参数 {name} 不合要求。", f"Parameter {name} is not acceptable: {first['msg'][:120]}."))
        return JSONResponse(problem.problem(), status_code=400, media_type="application/problem+json")

    async def http(_: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        problem = NotFound(Text("没有这个地址。", "There is nothing at this address."))
        return JSONResponse(problem.problem() | {"status": fault.status_code}, status_code=fault.status_code, media_type="application/problem+json")

    server.add_exception_handler(CommandCenterError, ours)
    server.add_exception_handler(RequestValidationError, invalid)
    server.add_exception_handler(HTTPException, http)


def _fresh(body: Mapping[str, Any]) -> Response:
    return JSONResponse(jsonable_encoder(body), headers={"Cache-Control": "no-store"})


def _layer(state: State, layer_id: str) -> Layer:
    layer = state.layers.get(layer_id)
    if layer is None:
        raise NotFound(Text("没有这个图层。", "There is no such layer."))
    return layer


def _zoom(zoom: int) -> int:
    if not 0 <= zoom <= HIGHEST_ZOOM:
        raise BadRequest(Text(f"缩放级别应为 0 到 {HIGHEST_ZOOM}。", f"The zoom must be from 0 to {HIGHEST_ZOOM}."))
    return zoom


def _filters(request: Request) -> Filters:
    """``f.<name>=a,b`` of the query string."""
    return {
        name.removeprefix(FILTER_PREFIX): tuple(part for part in value.split(",") if part)
        for name, value in request.query_params.items()
        if name.startswith(FILTER_PREFIX) and value
    }


def _layer_filters(request: Request, layers: list[Layer]) -> dict[str, Filters]:
    """``f.<layer>.<name>=a,b``: filters of several layers in one question."""
    found: dict[str, dict[str, tuple[str, ...]]] = {layer.id: {} for layer in layers}
    for name, values in _filters(request).items():
        layer_id, _, filter_name = name.partition(".")
        if layer_id in found and filter_name:
            found[layer_id][filter_name] = values
    return dict(found)


def _geojson(layer: Layer, rows: list[dict[str, Any]]) -> Response:
    features = ",".join(
        f'{{"type":"Feature","id":"{layer.id}:{row["ref"]}","geometry":{row["shape"]},'
        f'"properties":{_properties(layer, row)}}}'
        for row in rows[:FEATURE_LIMIT]
    )
    complete = "true" if len(rows) <= FEATURE_LIMIT else "false"
    return Response(
        f'{{"type":"FeatureCollection","complete":{complete},"features":[{features}]}}',
        media_type="application/geo+json",
        headers={"Cache-Control": "no-store"},
    )


def _properties(layer: Layer, row: dict[str, Any]) -> str:
    return json.dumps(row["properties"] | {"id": f"{layer.id}:{row['ref']}"}, ensure_ascii=False)
