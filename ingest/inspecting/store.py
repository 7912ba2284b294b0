"""What inspecting asks of a city's database: how far positions are from known roads, buildings and boundaries."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD

# Nearest by the tile projection, whose index there is and which keeps order nearby; measured on the ellipsoid. In metres.
_NEAREST = {
    "road": """
        select t.which, ST_Distance(near.geom::geography, t.at::geography)
        from (select which, ST_SetSRID(ST_MakePoint(lon, lat), 4326) as at from unnest(%s::int[], %s::float8[], %s::float8[]) as p (which, lon, lat)) t
        cross join lateral (
          select f.geom from base_feature f where f.theme = 'road' and f.geom_3857 && ST_Expand(ST_Transform(t.at, 3857), %s)
          order by f.geom_3857 <-> ST_Transform(t.at, 3857) limit 1) near
        """,
    "building": """
        select t.which, ST_Distance(ST_Boundary(near.geom)::geography, t.at::geography)
        from (select which, ST_SetSRID(ST_MakePoint(lon, lat), 4326) as at from unnest(%s::int[], %s::float8[], %s::float8[]) as p (which, lon, lat)) t
        cross join lateral (
          select b.geom from building b where ST_Dimension(b.geom) = 2 and b.geom_3857 && ST_Expand(ST_Transform(t.at, 3857), %s)
          order by b.geom_3857 <-> ST_Transform(t.at, 3857) limit 1) near
        """,
    "boundary": """
        select t.which, ST_Distance(near.edge::geography, t.at::geography)
        from (select which, ST_SetSRID(ST_MakePoint(lon, lat), 4326) as at from unnest(%s::int[], %s::float8[], %s::float8[]) as p (which, lon, lat)) t
        cross join lateral (
          select ST_Boundary(a.geom) as edge from area a where not a.generated and a.geom && ST_Expand(t.at, 0.05)
          order by ST_Boundary(a.geom) <-> t.at limit 1) near
        """,
}
_INSIDE = """
    select which, avg(inside::int) from (
      select p.which, exists (
        select from area a where a.level <> 'city' and a.geom && ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)
        and ST_Covers(a.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326))) as inside
      from unnest(%s::int[], %s::float8[], %s::float8[]) as p (which, lon, lat)) tried group by which
    """
REACH_M = 3_000.0
KNOWN = tuple(_NEAREST)


def distances_m(
    connection: psycopg.Connection, to: str, which: Sequence[int], lon: Sequence[float], lat: Sequence[float]
) -> list[tuple[int, float]]:
    """For each position (EPSG:4326) with something of the kind ``to`` within 3 km: its ``which`` and the distance in metres."""
    more = () if to == "boundary" else (REACH_M,)
    with acting(connection, STEWARD):
        rows = connection.execute(_NEAREST[to], (list(which), list(lon), list(lat), *more)).fetchall()
    return [(int(row[0]), float(row[1])) for row in rows if row[1] is not None]


def share_inside_areas(
    connection: psycopg.Connection, which: Sequence[int], lon: Sequence[float], lat: Sequence[float]
) -> dict[int, float]:
    """The share of positions (EPSG:4326) of each ``which`` that lie in a district, street or community."""
    with acting(connection, STEWARD):
        rows = connection.execute(_INSIDE, (list(which), list(lon), list(lat))).fetchall()
    return {int(row[0]): float(row[1]) for row in rows}
