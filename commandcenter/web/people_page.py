"""Households and people: counts of every place for who may read, the people of a building masked, and in full for a typed reason."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commandcenter.actor import Actor
from commandcenter.audit.record import Door, Event, Subject, note_request
from commandcenter.errors import Forbidden, NotFound
from commandcenter.people import register, store
from commandcenter.people.limits import IN_THE_WAY, LONGEST_REASON
from commandcenter.text import Text
from commandcenter.web import people_view
from commandcenter.web.context import current_actor
from commandcenter.web.forms import address_of, sent_form, whole_number
from commandcenter.web.plain_page import language_of, page
from commandcenter.web.state import State

DOOR: Door = "wall"
LONGEST_CODE = 40
NO_PLACE = Text("没有这个代码的辖区或网格。", "There is no area or grid of this code.")
NO_BUILDING = Text("没有这栋建筑。", "There is no such building.")
NO_HOUSEHOLD = Text("没有这一户，或不在您的辖区内。", "There is no such household, or it lies outside your jurisdiction.")
NOT_YOURS = Text("您的岗位不查看户内人员。", "Your role does not show who lives where.")
FORBIDDEN = frozenset({"not_permitted", "not_here"})


def people_routes(state: State) -> APIRouter:
    """The routes; who is told what, and what is written down, the database decides by itself."""
    router = APIRouter()

    @router.get("/people")
    async def counts(request: Request) -> Response:
        actor, language = current_actor(), language_of(request, state.settings)
        code = request.query_params.get("at", "")[:LONGEST_CODE]
        rows = [] if "\0" in code else await state.reader.rows(actor, store.counts_request(code))
        if not rows:
            raise NotFound(NO_PLACE)
        inside = people_view.counts_inside(rows, language, synthetic=(await state.city()).synthetic, to_people=actor.may("people"))
        return page(request, language, people_view.TITLE, *inside, wide=True)

    @router.get("/people/building/{building}")
    async def building(request: Request, building: str) -> Response:
        actor, number, wanted = current_actor(), whole_number(building), request.query_params.get("household")
        await _need_people(state, actor, number, address_of(request))
        if not wanted:
            return await _building_page(request, state, actor, number)
        household = whole_number(wanted)
        people = await state.reader.rows(actor, store.look_request(household, DOOR, address_of(request)))
        return await _building_page(request, state, actor, number, household=household, people=people)

    @router.post("/people/building/{building}")
    async def reveal(request: Request, building: str) -> Response:
        actor, number, household = current_actor(), whole_number(building), whole_number(request.query_params.get("household"))
        sent = await sent_form(request)
        ref, reason, address = sent.get("person", "")[:LONGEST_CODE] or None, sent.get("reason", "")[:LONGEST_REASON], address_of(request)
        rows = await state.reader.rows(actor, store.reveal_request(household, ref, reason, DOOR, address))
        outcome = rows[0]["outcome"]
        if outcome in FORBIDDEN:
            raise Forbidden(IN_THE_WAY[outcome])
        if outcome != "revealed":
            people = await state.reader.rows(actor, store.look_request(household, DOOR, address))
            return await _building_page(request, state, actor, number, household=household, people=people, said=IN_THE_WAY[outcome], reason=reason)
        known = [row | {"id_number": register.opened(state.keys, row["ref"], row["id_sealed"])} for row in rows]
        return await _building_page(request, state, actor, number, household=household, revealed=known)

    return router


async def _need_people(state: State, actor: Actor, building: int, address: str) -> None:
    """Raises Forbidden for who may not look at people at all; the try is written down."""
    if not actor.may("people"):
        await state.reader.rows(actor, note_request(actor, Event("refused", DOOR, Subject("building", building), detail={"asked": "look"}, address=address)))
        raise Forbidden(NOT_YOURS)


async def _building_page(
    request: Request,
    state: State,
    actor: Actor,
    building: int,
    *,
    household: int | None = None,
    people: list[dict[str, Any]] | None = None,
    revealed: list[dict[str, Any]] | None = None,
    said: Text | None = None,
    reason: str = "",
) -> Response:
    language = language_of(request, state.settings)
    here = await state.reader.row(actor, store.building_request(building))
    if here is None:
        raise NotFound(NO_BUILDING)
    homes = await state.reader.rows(actor, store.households_request(building))
    if household is not None and household not in {home["id"] for home in homes}:
        raise NotFound(NO_HOUSEHOLD)
    inside = people_view.building_inside(here, homes, actor, language, synthetic=(await state.city()).synthetic)
    if household is not None:
        home = next(home for home in homes if home["id"] == household)
        opened = (
            people_view.revealed_inside(here, home, revealed, language)
            if revealed is not None
            else people_view.household_inside(here, home, people or [], actor, language, said, reason)
        )
        inside = [*inside[:2], *opened, *inside[2:]]
    title = Text(f"{people_view.TITLE.zh} · {here['title']}", f"{people_view.TITLE.en} · {here['title_en']}")
    return page(request, language, title, *inside, status=422 if said is not None else 200, wide=True)
