"""How faces are shared out: contiguous parts of nearly equal households, borders on roads where possible.

METIS first (a seeded multilevel heuristic), then our own repair: one piece a part, households within the bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np
import pymetis
from numpy.typing import NDArray

from gridmaps.model import Faces, Indices, Numbers

ROUNDS = 60
ATTEMPTS = 6
# Below this many faces a part METIS has no room to balance; growing small pieces together does better.
FEW_FACES = 4
LARGEST_COST = 10_000


class Graph:
    """Faces as a graph: who borders on whom, for how much; bridges join what water divides."""

    def __init__(self, count: int, pairs: Indices, cost: Numbers) -> None:
        self.near: list[dict[int, float]] = [{} for _ in range(count)]
        for (a, b), value in zip(pairs.tolist(), cost.tolist(), strict=True):
            self.near[a][b] = self.near[b][a] = self.near[a].get(b, 0.0) + value

    @classmethod
    def of(cls, faces: Faces) -> Graph:
        """The graph of real borders."""
        return cls(len(faces), faces.pairs, faces.cost)

    def components(self, members: Iterable[int]) -> list[list[int]]:
        """The connected pieces of some faces, the largest first by number of faces, then by lowest face."""
        left = dict.fromkeys(members)
        found: list[list[int]] = []
        while left:
            first = next(iter(left))
            del left[first]
            piece, queue = [first], deque([first])
            while queue:
                for other in self.near[queue.popleft()]:
                    if other in left:
                        del left[other]
                        piece.append(other)
                        queue.append(other)
            found.append(piece)
        return sorted(found, key=lambda piece: (-len(piece), min(piece)))

    def holds_without(self, part: set[int], face: int) -> bool:
        """Whether a part stays in one piece when it gives a face away."""
        rest = part - {face}
        touching = [other for other in self.near[face] if other in rest]
        if len(touching) <= 1:
            return bool(rest)
        wanted, seen, queue = set(touching[1:]), {touching[0]}, deque([touching[0]])
        while queue and wanted:
            for other in self.near[queue.popleft()]:
                if other in rest and other not in seen:
                    seen.add(other)
                    wanted.discard(other)
                    queue.append(other)
        return not wanted


def part_count(households: float, low: float, high: float) -> int:
    """Into how many parts of ``low`` to ``high`` households a total is divided: as near to the middle as both bounds allow."""
    fewest, most = max(1, int(np.ceil(households / high))), max(1, int(households // low))
    wished = max(1, round(households / ((low + high) / 2)))
    return min(max(wished, fewest), most) if fewest <= most else fewest


def divide(graph: Graph, members: list[int], households: Numbers, parts: int, seed: int) -> list[list[int]]:
    """Some connected faces as ``parts`` contiguous parts of nearly equal households."""
    if parts <= 1 or len(members) <= 1:
        return [members]
    if len(members) <= FEW_FACES * parts:
        return _grown_together(graph, members, households, parts)
    label = _metis(graph, members, households, min(parts, len(members)), seed)
    groups: dict[int, set[int]] = {}
    for face, part in zip(members, label, strict=True):
        groups.setdefault(int(part), set()).add(face)
    whole = _in_one_piece(graph, list(groups.values()))
    return [sorted(group) for group in whole]


def divide_within(
    graph: Graph, members: list[int], households: Numbers, low: float, high: float, seed: int
) -> list[list[int]]:
    """Some connected faces as contiguous parts of ``low`` to ``high`` households, as far as their faces allow."""
    total = float(households[members].sum())
    groups = [set(group) for group in divide(graph, members, households, part_count(total, low, high), seed)]
    _balance(graph, groups, households, low, high)
    for attempt in range(1, ATTEMPTS + 1):
        if not _drawn_anew(graph, groups, households, low, high, seed + attempt):
            break
        _balance(graph, groups, households, low, high)
    return [sorted(group) for group in groups if group]


def _metis(graph: Graph, members: list[int], households: Numbers, parts: int, seed: int) -> NDArray[np.int64]:
    number = {face: at for at, face in enumerate(members)}
    starts, nearby, costs = [0], [], []
    for face in members:
        for other, cost in graph.near[face].items():
            if other in number:
                nearby.append(number[other])
                costs.append(int(np.clip(round(cost), 1, LARGEST_COST)))
        starts.append(len(nearby))
    # Every face weighs a little: empty faces would otherwise gather in one part.
    weight = np.round(households[members] * 10).astype(int) + 1
    # A face heavier than a part fills one: weighed in full, it would leave METIS parts without a single face.
    weight = np.minimum(weight, -(-int(weight.sum()) // parts))
    options = pymetis.Options(seed=seed % 2**31, ufactor=40, niter=20)
    _, label = pymetis.part_graph(
        parts, pymetis.CSRAdjacency(starts, nearby), vweights=weight.tolist(), eweights=costs, recursive=parts <= 8, options=options
    )
    return np.asarray(label, np.int64)


def _grown_together(graph: Graph, members: list[int], households: Numbers, parts: int) -> list[list[int]]:
    """The lightest piece joins the neighbour that makes the lightest sum, until ``parts`` pieces are left."""
    owner = {face: face for face in members}
    groups = {face: [face] for face in members}
    weight = {face: float(households[face]) for face in members}
    stuck: set[int] = set()
    while len(groups) > parts and len(stuck) < len(groups):
        lightest = min((piece for piece in groups if piece not in stuck), key=lambda piece: (weight[piece], piece))
        beside = {owner[o] for face in groups[lightest] for o in graph.near[face] if o in owner} - {lightest}
        if not beside:
            stuck.add(lightest)
            continue
        to = min(beside, key=lambda piece: (weight[piece], piece))
        for face in groups[lightest]:
            owner[face] = to
        groups[to] += groups.pop(lightest)
        weight[to] += weight.pop(lightest)
    return [sorted(group) for group in groups.values()]


def _in_one_piece(graph: Graph, groups: list[set[int]]) -> list[set[int]]:
    """Give every stray piece to the part it shares most border with; each part keeps its largest piece."""
    for _ in range(ROUNDS):
        owner = {face: at for at, group in enumerate(groups) for face in group}
        strays = [(at, piece) for at, group in enumerate(groups) for piece in graph.components(sorted(group))[1:]]
        moved = False
        for at, piece in strays:
            shared: dict[int, float] = {}
            for face in piece:
                for other, cost in graph.near[face].items():
                    if other in owner and owner[other] != at:
                        shared[owner[other]] = shared.get(owner[other], 0.0) + cost
            if shared:
                to = max(shared, key=lambda part: (shared[part], -part))
                groups[at] -= set(piece)
                groups[to] |= set(piece)
                owner.update(dict.fromkeys(piece, to))
                moved = True
        if not moved:
            break
    return [group for group in groups if group]


def _balance(graph: Graph, groups: list[set[int]], households: Numbers, low: float, high: float) -> None:
    """Move border faces from heavy to light parts until all are within the bounds or nothing helps any more."""
    owner = {face: at for at, group in enumerate(groups) for face in group}
    weight = [float(households[sorted(group)].sum()) for group in groups]
    for _ in range(ROUNDS * 4):
        worst = _farthest_outside(weight, groups, low, high)
        if worst is None:
            return
        if not any(_mend(graph, groups, owner, weight, households, at, low, high) for at in worst):
            return


def _drawn_anew(graph: Graph, groups: list[set[int]], households: Numbers, low: float, high: float, seed: int) -> bool:
    """Draw parts outside the bounds anew together with one or two neighbours; says whether that helped anywhere."""
    helped = False
    at = 0
    while at < len(groups):
        outside = _excess(_sum(households, groups[at]), low, high)
        # A single face above the bounds (one tower) cannot be mended by drawing anew.
        hopeless = max((float(households[face]) for face in groups[at]), default=0.0) > high
        if outside and not hopeless and _redrawn(graph, groups, households, at, low, high, seed):
            helped = True
        at += 1
    return helped


def _redrawn(graph: Graph, groups: list[set[int]], households: Numbers, at: int, low: float, high: float, seed: int) -> bool:
    owner = {face: number for number, group in enumerate(groups) for face in group}
    nearby = sorted({owner[o] for face in groups[at] for o in graph.near[face] if o in owner} - {at})
    beyond = sorted({owner[o] for n in nearby for face in groups[n] for o in graph.near[face] if o in owner} - {at, *nearby})
    for chosen in [*([n] for n in nearby), *([a, b] for i, a in enumerate(nearby) for b in nearby[i + 1 :] + beyond)]:
        numbers = [at, *chosen]
        together = sorted(face for number in numbers for face in groups[number])
        if len(graph.components(together)) > 1:
            continue
        before = sum(_excess(_sum(households, groups[number]), low, high) for number in numbers)
        total = float(households[together].sum())
        drawn = [set(group) for group in divide(graph, together, households, part_count(total, low, high), seed)]
        _balance(graph, drawn, households, low, high)
        drawn = [group for group in drawn if group]
        if sum(_excess(_sum(households, group), low, high) for group in drawn) < before - 1e-9:
            kept = [group for number, group in enumerate(groups) if number not in numbers]
            groups[:] = [*kept, *drawn]
            return True
    return False


def _sum(households: Numbers, group: set[int]) -> float:
    return float(households[sorted(group)].sum())


def _farthest_outside(weight: list[float], groups: list[set[int]], low: float, high: float) -> list[int] | None:
    outside = [at for at, value in enumerate(weight) if groups[at] and not low <= value <= high]
    return sorted(outside, key=lambda at: (-_excess(weight[at], low, high), at)) if outside else None


def _excess(value: float, low: float, high: float) -> float:
    return max(0.0, low - value, value - high)


def _mend(
    graph: Graph, groups: list[set[int]], owner: dict[int, int], weight: list[float], households: Numbers, at: int, low: float, high: float
) -> bool:
    """One move that lessens the sum of what lies outside the bounds: a face given, a face taken, or two parts made one."""
    best: tuple[float, int, int, int] | None = None  # gain, face, from, to
    for face in sorted(groups[at]):
        for other in graph.near[face]:
            there = owner.get(other)
            if there is None or there == at:
                continue
            for moved, source, target in ((face, at, there), (other, there, at)):
                gain = _gain(weight, households[moved], source, target, low, high)
                better = gain > 1e-9 and (best is None or (gain, -moved) > (best[0], -best[1]))
                if better and graph.holds_without(groups[source], moved):
                    best = (gain, moved, source, target)
    if best is not None:
        _, moved, source, target = best
        _move(groups, owner, weight, households, [moved], source, target)
        return True
    nearby = {owner[o] for face in groups[at] for o in graph.near[face] if o in owner and owner[o] != at}
    for there in sorted(nearby, key=lambda part: (weight[part], part)):
        if weight[at] < low and weight[at] + weight[there] <= high:
            _move(groups, owner, weight, households, sorted(groups[at]), at, there)
            return True
    return False


def _gain(weight: list[float], moved: float, source: int, target: int, low: float, high: float) -> float:
    before = _excess(weight[source], low, high) + _excess(weight[target], low, high)
    return before - _excess(weight[source] - moved, low, high) - _excess(weight[target] + moved, low, high)


def _move(
    groups: list[set[int]], owner: dict[int, int], weight: list[float], households: Numbers, faces: list[int], source: int, target: int
) -> None:
    moved = float(households[faces].sum())
    groups[source] -= set(faces)
    groups[target] |= set(faces)
    owner.update(dict.fromkeys(faces, target))
    weight[source] -= moved
    weight[target] += moved
