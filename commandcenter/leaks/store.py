"""What lies where, read past all policies by the administrator: the judge of the leak matrix never asks the lock it judges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from commandcenter.db.migrate import APPLICATION, OWNER

LEVELS = ("district", "street", "community", "grid")
# What everybody in the city may see (docs/adr/0003), and what search keeps for itself: no place narrows these.
EVERYBODYS = frozenset({"area", "building", "search_doc"})
ORACLE = "leak-matrix:oracle"
NEAR_M = 3_000  # how far from a place's edge rows are looked for first, metres of EPSG:3857


Administrator = psycopg.Connection[dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """A part of the city as an appointment names it; ``centre`` narrows which kinds of cases are seen there."""

    level: str  # city, or one of LEVELS
    code: str = ""
    centre: str = ""

    @property
    def key(self) -> str:
        """One word for it."""
        return ":".join(part for part in (self.level, self.code, self.centre) if part)


@dataclass(frozen=True)
class Table:
    """One table whose rows lie somewhere."""

    name: str
    has_grid: bool
    has_gone: bool
    has_kind: bool
    has_geometry: bool


@dataclass(frozen=True)
class Sample:
    """One row that is asked for, and whether it lies in the place it was chosen for. Coordinates EPSG:4326."""

    table: str
    ref: int
    inside: bool
    lon: float
    lat: float


@dataclass(frozen=True)
class Home:
    """A building with households: all of them, and those that lie in a place."""

    building: int
    households: frozenset[int]
    inside: frozenset[int]


@contextmanager
def oracle_connection(admin_dsn: str) -> Iterator[Administrator]:
    """A read-only session that sees everything; where the account of the server may not pass policies, one that reads as the whole city."""
    with psycopg.connect(admin_dsn, autocommit=True, application_name="leak matrix", row_factory=dict_row) as connection:
        prepare_oracle(connection)
        yield connection


def oracle_settings(passes: bool) -> str:
    """What a session of the oracle begins with; functions that look who asks are told that it is somebody who sees the whole city."""
    role = "" if passes else f"set role {APPLICATION}; "
    return (
        f"{role}set commandcenter.actor = '{ORACLE}'; set commandcenter.whole_city = 'on';"
        " set default_transaction_read_only = on; set statement_timeout = '60s'; set jit = off; set max_parallel_workers_per_gather = 0"
    )


def prepare_oracle(connection: Administrator) -> None:
    """Make a session the oracle's."""
    connection.execute(oracle_settings(passes_policies(connection)))


def passes_policies(connection: Administrator) -> bool:
    """Whether row-level security does not bind this account."""
    row = connection.execute("select rolsuper or rolbypassrls as passes from pg_roles where rolname = session_user").fetchone()
    return bool(row and row["passes"])


def tables(connection: Administrator) -> dict[str, Table]:
    """Every table with a place, found by its columns: a new one is judged without anybody naming it here."""
    rows = connection.execute(
        "select t.table_name as name, array_agg(c.column_name::text) as columns from information_schema.tables t"
        " join information_schema.columns c using (table_schema, table_name)"
        " where t.table_schema = 'public' and t.table_type = 'BASE TABLE' group by t.table_name"
    ).fetchall()
    found = {}
    for row in rows:
        columns, name = set(row["columns"]), str(row["name"])
        if "district_code" in columns and name not in EVERYBODYS:
            found[name] = Table(name, "grid_code" in columns or name == "grid", "gone_run_id" in columns, name == "cases", "geom_3857" in columns)
    return found


def gone_tables(connection: Administrator) -> frozenset[str]:
    """Tables with rows that a delivery no longer brought."""
    rows = connection.execute("select table_name from information_schema.columns where table_schema = 'public' and column_name = 'gone_run_id'").fetchall()
    return frozenset(str(row["table_name"]) for row in rows)


def kinds_of(connection: Administrator) -> dict[str, frozenset[str]]:
    """Which kinds of cases each centre sees."""
    rows = connection.execute("select centre, array_agg(kind) as kinds from centre_kind group by centre order by centre").fetchall()
    return {str(row["centre"]): frozenset(row["kinds"]) for row in rows}


def roles(connection: Administrator) -> list[dict[str, Any]]:
    """All roles in their order."""
    return connection.execute("select code, title, title_en, permissions, sensitive from role order by position").fetchall()


def clause(table: Table, place: Place, kinds: Mapping[str, frozenset[str]], alias: str = "t") -> str:
    """SQL that is true for rows of a table that lie in a place: written from what the place means, not from what the policies say."""
    if place.level == "city":
        inside = "true"
    elif place.level == "grid" and not table.has_grid:
        inside = "false"
    else:
        column = "code" if place.level == "grid" and table.name == "grid" else f"{place.level}_code"
        inside = f"coalesce({alias}.{column} = {_literal(place.code)}, false)"
    if table.has_kind and place.centre:
        listed = ", ".join(_literal(kind) for kind in sorted(kinds.get(place.centre, frozenset())))
        inside += f" and {alias}.kind in ({listed or 'null'})"
    return inside


def narrowed(request_sql: str, place: Place, known: Mapping[str, Table], gone: frozenset[str], kinds: Mapping[str, frozenset[str]]) -> str:
    """A question of the application, asked of a city that holds nothing but a place: its tables are shadowed by parts of themselves."""
    shadows = []
    for name in sorted(set(known) | gone):
        if re.search(rf"\b{name}\b", request_sql):
            table = known.get(name)
            parts = [] if table is None else [clause(table, place, kinds)]
            parts += ["t.gone_run_id is null"] if name in gone else []
            shadows.append(f'"{name}" as not materialized (select * from public."{name}" t where {" and ".join(parts)})')
    if not shadows:
        return request_sql
    if request_sql.lower().startswith("with "):
        return f"with {', '.join(shadows)}, {request_sql[len('with ') :]}"
    return f"with {', '.join(shadows)} {request_sql}"


def _literal(value: str) -> str:
    return sql.Literal(value).as_string().replace("%", "%%")


def counted(connection: Administrator, known: Mapping[str, Table]) -> dict[str, dict[str, Counter[str]]]:
    """How many rows of each table lie in each area and grid: level -> code -> table -> rows."""
    found: dict[str, dict[str, Counter[str]]] = {level: {} for level in LEVELS}
    for table in known.values():
        if not table.has_geometry:
            continue
        grid = ("code" if table.name == "grid" else "grid_code") if table.has_grid else "null::text"
        standing = "gone_run_id is null" if table.has_gone else "true"
        for row in connection.execute(
            f"select district_code as district, street_code as street, community_code as community, {grid} as grid, count(*) as n"
            f' from public."{table.name}" where {standing} group by 1, 2, 3, 4'
        ):
            for level in LEVELS:
                code = row[level]
                if code is not None:
                    found[level].setdefault(str(code), Counter())[table.name] += int(row["n"])
    return found


def standing_places(connection: Administrator) -> set[tuple[str, str]]:
    """Level and code of the areas and grids that appointments can name."""
    rows = connection.execute(
        "select level, code from area where gone_run_id is null and level <> 'city' union all select 'grid', g.code from grid g"
        " join grid_plan p on p.id = g.plan_id where p.status = 'published' and g.gone_run_id is null"
    ).fetchall()
    return {(str(row["level"]), str(row["code"])) for row in rows}


# A place's edge where it comes nearest to its middle: there rows lie on both sides.
_EDGE = "ST_ClosestPoint(ST_Boundary(g.geom_3857), ST_Centroid(g.geom_3857))"
_EDGES = {
    "area": f"select {_EDGE} as point from area g where g.code = %(code)s and g.gone_run_id is null limit 1",
    "grid": f"select {_EDGE} as point from grid g join grid_plan p on p.id = g.plan_id"
    " where g.code = %(code)s and p.status = 'published' and g.gone_run_id is null limit 1",
    "city": f"select {_EDGE} as point from area g where g.level = 'district' and g.gone_run_id is null order by g.area_m2, g.id limit 1",
}


def samples(
    connection: Administrator,
    table: Table,
    place: Place,
    kinds: Mapping[str, frozenset[str]],
    always: str = "true",
    edge_of: Place | None = None,
) -> list[Sample]:
    """The row of a table nearest to the place's edge on its inner side, and the one on its outer side; some row where none is near."""
    here = clause(table, place, kinds)
    standing = "t.gone_run_id is null" if table.has_gone else "true"
    around = edge_of or place
    edge = _EDGES[around.level if around.level in _EDGES else "area"]
    at = "ST_Transform(ST_PointOnSurface(t.geom_3857), 4326)"
    found = []
    for inside, where in ((True, f"({here})"), (False, f"not ({here})")):
        if not inside and place.level == "city" and not place.centre:
            continue
        rows = f'select t.id, {at} as at from public."{table.name}" t where {standing} and ({always}) and {where} and t.geom_3857 is not null'
        for nearest in (
            f" and t.geom_3857 && (select ST_Expand(point, {NEAR_M}) from edge) order by t.geom_3857 <-> (select point from edge), t.id limit 1",
            " limit 1",
        ):
            row = connection.execute(
                f"with edge as materialized ({edge}) select id, ST_X(at) as lon, ST_Y(at) as lat from ({rows}{nearest}) q", {"code": around.code}
            ).fetchone()
            if row is not None:
                found.append(Sample(table.name, int(row["id"]), inside, float(row["lon"]), float(row["lat"])))
                break
    return found


def ground_sample(connection: Administrator, table: str, place: Place) -> Sample | None:
    """The row of a table that is everybody's, nearest to the place's edge."""
    found = samples(connection, Table(table, has_grid=False, has_gone=True, has_kind=False, has_geometry=True), Place("city"), {}, edge_of=place)
    return found[0] if found else None


def lying_sql(table: Table, place: Place, kinds: Mapping[str, frozenset[str]]) -> str:
    """For each of the rows ``refs`` that stand at this moment: whether it lies in the place."""
    standing = "t.gone_run_id is null" if table.has_gone else "true"
    return f'select t.id, ({clause(table, place, kinds)}) as inside from public."{table.name}" t where t.id = any(%(refs)s) and {standing}'


def homes_sql(table: Table, place: Place, kinds: Mapping[str, frozenset[str]]) -> str:
    """Buildings with households whose people are known (only those are ways on their page), and which of them lie in the place."""
    inside = clause(table, place, kinds)
    return (
        f"select t.building_id as building, array_agg(t.id order by t.id) as homes, array_agg(t.id order by t.id) filter (where {inside}) as inside"
        f' from public."{table.name}" t where exists (select from public.person p where p.household_id = t.id) group by t.building_id'
    )


def two_buildings(connection: Administrator, table: Table, place: Place, kinds: Mapping[str, frozenset[str]]) -> list[Home]:
    """A building with households in the place, and one with households elsewhere, where there are such."""
    asked = homes_sql(table, place, kinds)
    found = []
    for where in ("inside is not null", "inside is distinct from homes"):
        one = f"select building, homes, coalesce(inside, '{{}}') as inside from ({asked}) q where {where} order by building limit 1"
        row = connection.execute(one, {}).fetchone()
        if row is not None:
            found.append(Home(int(row["building"]), frozenset(row["homes"]), frozenset(row["inside"])))
    return found


def searched_words(connection: Administrator, layer: str, refs: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Title and code by which search knows rows of a layer."""
    rows = connection.execute(
        "select ref_id, coalesce(title, '') as title, coalesce(code, '') as code from search_doc where layer = %s and ref_id = any(%s)", [layer, list(refs)]
    ).fetchall()
    return {int(row["ref_id"]): (str(row["title"]), str(row["code"])) for row in rows}


def acting_rows(admin_dsn: str, wanted: Sequence[tuple[str, Place]]) -> list[dict[str, Any]]:
    """What accounts with such appointments (role, place) would be at this moment, by the database's own word.

    The accounts exist inside one transaction that is rolled back; their numbers are negative, which no account's ever is.
    """
    with psycopg.connect(admin_dsn, row_factory=dict_row, application_name="leak matrix") as admin:
        try:
            admin.execute(f"set local role {OWNER}")
            numbers = [-number for number in range(1, len(wanted) + 1)]
            with admin.cursor() as cursor:
                cursor.executemany(
                    "insert into account (id, name, title, state, must_change, created_by) overriding system value"
                    " values (%s, %s, %s, 'active', false, 'leak-matrix')",
                    [(number, f"leak-matrix{number}", f"leak-matrix{number}") for number in numbers],
                )
                cursor.executemany(
                    "insert into appointment (id, account_id, role_code, centre, area_code, grid_code, created_by) overriding system value"
                    " values (%s, %s, %s, %s, %s, %s, 'leak-matrix')",
                    [
                        (number, number, role, place.centre or None, place.code if place.level not in ("city", "grid") else None,
                         place.code if place.level == "grid" else None)
                        for number, (role, place) in zip(numbers, wanted, strict=True)
                    ],
                )  # fmt: skip
            asked = "select a.* from unnest(%s::bigint[]) number, lateral account_actor(number) a order by a.account_id desc"
            return admin.execute(asked, [numbers]).fetchall()
        finally:
            admin.rollback()
