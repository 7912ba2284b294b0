"""A crowd for query plans: 20 000 rows in every layer's table, scattered over a fifth of the northern earth.

Few rows would make a sequential scan right. Scattered so widely that a tile of zoom 5 still holds only some per cent,
every layer must find its rows through its index at every zoom, whatever the policies add.
"""

from __future__ import annotations

import psycopg

from commandcenter.db.registers import analyze
from commandcenter.db.run import acting
from commandcenter.security.builtin import STEWARD

ROWS = 20_000
WEST, SOUTH, EAST, NORTH = 60.0, 15.0, 150.0, 60.0
SPOT = (
    f"select n, {WEST} + {EAST - WEST} * ((n * 0.6180339887) % 1) as lon, {SOUTH} + {NORTH - SOUTH} * ((n * 0.7548776662) % 1) as lat,"
    f" '23020' || (2 + n % 6) as district, '23020' || (2 + n % 6) || '00' || (1 + n % 9) as street from generate_series(1, {ROWS}) n"
)
POINT = "ST_SetSRID(ST_MakePoint(lon, lat), 4326)"
BOX = "ST_MakeEnvelope(lon, lat, lon + 0.002, lat + 0.002, 4326)"
IN_TILE = f"ST_Transform({BOX}, 3857)"
PLACE = {"district_code": "district", "street_code": "street", "community_code": "street || '001'"}
# table: its own columns and the SQL of their values over a spot
TABLES: dict[str, dict[str, str]] = {
    "area": {"code": "'A' || n", "code_system": "'crowd'", "level": "(array['district','street','community'])[1 + n % 3]", "name": "'区' || n",
             "generated": "true", "area_m2": "1", "geom": f"ST_Multi({BOX})", "geom_3857_low": f"case when n % 2 = 0 then ST_Multi({IN_TILE}) end", **PLACE},
    "grid": {"plan_id": "(select id from grid_plan)", "kind": "'basic'", "code": "'G' || n", "code_system": "'crowd'", "name": "'格' || n",
             "households": "n % 500",
             "households_estimated": "false", "area_m2": "1", "geom_metric": BOX, "geom": BOX, "geom_3857_mid": IN_TILE, "geom_3857_low": IN_TILE, **PLACE},
    "unit_cell": {"code": "'U' || n", "code_system": "'crowd'", "area_m2": "1", "geom": BOX, **PLACE},
    "base_feature": {"theme": "(array['water','waterway','green','land_use','road','rail','place'])[1 + n % 7]", "class": "'river'", "name": "'河' || n",
                     "min_zoom": "5 + n % 10", "geom": BOX},
    "compound": {"code": "'C' || n", "name": "'小区' || n", "geom": BOX, **PLACE},
    "building": {"use": "'residential'", "name": "'楼' || n", "geom": "ST_MakeEnvelope(lon, lat, lon + 0.0001 * (1 + n % 9), lat + 0.0001, 4326)", **PLACE},
    "camera": {"name": "'机' || n", "shape": "'bullet'", "status": "(array['working','faulty','unknown'])[1 + n % 3]", "azimuth_deg": "n % 360",
               "hfov_deg": "60", "max_view_distance_m": "90", "min_zoom": "11 + n % 6", "geom": POINT, **PLACE},
    "cases": {"number": "'N' || n", "kind": "(array['event','grid','hotline'])[1 + n % 3]", "major": "'大类'", "minor": "'小类'", "origin": "'patrol'",
              "state": "'handling'", "is_open": "n % 3 = 0", "reported_at": "now()", "geom": POINT, **PLACE},
    "service_point": {"class": "(array['public','welfare','social','market'])[1 + n % 4]", "kind": "'clinic'", "name": "'点' || n", "min_zoom": "12 + n % 5",
                      "geom": POINT, **PLACE},
    "component": {"major_code": "'01'", "minor_code": "'02'", "class_name": "'井盖'", "state": "'intact'", "min_zoom": "15 + n % 3", "geom": POINT, **PLACE},
    "key_site": {"legal_class": "'7.1'", "kind": "'bridge'", "name": "'桥' || n", "geom": BOX, **PLACE},
}  # fmt: skip


def build(connection: psycopg.Connection) -> None:
    """Fill an empty, migrated database; commits."""
    with acting(connection, STEWARD):
        connection.execute(
            "insert into source (name, target, title, title_en, owner, licence, attribution) values ('crowd', '', '', '', '', '', '')"
        )
        connection.execute("insert into grid_plan (code, title, title_en, status, rule) values ('now', '', '', 'published', '100-200')")
        for table, values in TABLES.items():
            names, shown = ", ".join(values), ", ".join(values.values())
            connection.execute(
                f"insert into {table} (source, source_key, {names}) select 'crowd', n::text, {shown} from ({SPOT}) spot"  # type: ignore[arg-type]
            )
    analyze(connection)
    connection.commit()
