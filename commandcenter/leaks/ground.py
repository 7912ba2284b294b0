"""What all tries of one run stand on: the application, the oracle, the rows that are asked for; and how an answer is judged with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from commandcenter.actor import Actor, Scope
from commandcenter.leaks import store
from commandcenter.leaks.browser import Answer, ask
from commandcenter.leaks.doors import CALLBACKS, callback_name
from commandcenter.leaks.shadow import Oracle
from commandcenter.leaks.store import Home, Place, Sample
from commandcenter.leaks.verdict import Asked, Verdict
from commandcenter.leaks.visitors import Guest
from commandcenter.text import Text
from layers.base import Layer

SEER = Actor(store.ORACLE, Text("对照", "Oracle"), Scope(whole_city=True), frozenset({"read"}))
Reference = Callable[[], Awaitable[Any]]


@dataclass
class Ground:
    """What all tries of one run stand on."""

    app: Any
    traced: Any
    oracle: Oracle
    layers: Mapping[str, Layer]
    zone: ZoneInfo
    bbox: str
    samples: Mapping[Place, Mapping[str, list[Sample]]]  # place -> layer -> rows
    words: Mapping[tuple[str, int], tuple[str, str]]  # layer and row -> title and code
    homes: Mapping[Place, list[Home]]  # buildings with households
    callbacks: Mapping[str, Mapping[str, Any]]
    _known: dict[Any, Any] = field(default_factory=dict)

    async def reference(self, key: Any, made: Reference, *, fresh: bool = False) -> Any:
        """What the oracle says, asked once; ``fresh``: asked anew, for a city goes on living while it is looked at."""
        if fresh or key not in self._known:
            self._known[key] = await made()
        return self._known[key]


async def judged_rows(ground: Ground, asked: Asked, key: Any, found: frozenset[str], made: Reference) -> Verdict:
    """The verdict on rows; a bad one is given only after the oracle was asked once more, for rows come and go."""
    verdict = asked.of_rows(found, await ground.reference(key, made))
    return verdict if verdict.outcome == "allowed" else asked.of_rows(found, await ground.reference(key, made, fresh=True))


async def judged_numbers(ground: Ground, asked: Asked, key: Any, found: Mapping[str, str], made: Reference) -> Verdict:
    """The verdict on numbers or lines, in the same way; an answer that tells nothing where nothing is to be told was refused."""
    verdict = asked.of_numbers(found, await ground.reference(key, made))
    if verdict.outcome != "allowed":
        verdict = asked.of_numbers(found, await ground.reference(key, made, fresh=True))
    if verdict.outcome == "allowed" and not found:
        return asked.verdict("refused", "nothing is told")
    return verdict


def output_of(ground: Ground, how: str) -> str:
    """What the callback fills that is tried in a way."""
    return next(output for output in ground.callbacks if CALLBACKS[callback_name(output)].how == how)


async def call(ground: Ground, guest: Guest, output: str, value: Any) -> Answer:
    """One of Dash's callbacks, all of its inputs filled with a value."""
    said = ground.callbacks[output]
    filled = [{"id": part["id"], "property": part["property"], "value": value} for part in said["inputs"]]
    names = [name.rpartition(".") for name in output.strip(".").split("...")]
    outputs = [{"id": name, "property": what.partition("@")[0]} for name, _, what in names]
    body = {
        "output": output, "outputs": outputs if output.startswith("..") else outputs[0], "inputs": filled,
        "changedPropIds": [f"{part['id']}.{part['property']}" for part in filled],
        "state": [{"id": part["id"], "property": part["property"], "value": [] if part["property"] == "columnDefs" else value} for part in said["state"]],
    }  # fmt: skip
    return await ask(ground.app, guest.token, "POST", "/_dash-update-component", body)
