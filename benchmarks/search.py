"""How long two Chinese characters take among a million names, as a whole-city actor and as one of a single community."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import psycopg

from benchmarks import database
from benchmarks.report import Chapter, Line, at_most
from benchmarks.visitor import WHOLE_CITY
from commandcenter.actor import Actor, Scope
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.run import acting

NAMES = 1_000_000
QUESTIONS = 300
WANTED = 60
LIMIT_MS = 100.0
NOBODYS_PLACE = "230202099099"
FIRST, SECOND, KIND = "红明光华新南北中东西", "星海山河湖湾岗桥园林", "小学社区花园医院商店公园车站市场宾馆药房"


def run(say: database.Say) -> list[Chapter]:
    """p50 and p95 of the search function over names drawn from a seed."""
    with database.cluster() as running:
        settings = database.footprints(running, say)
        with psycopg.connect(running.admin_dsn(settings.database_name), autocommit=True) as admin:
            _learn_names(admin, say)
        lines: list[Line] = []
        for what, actor in (("whole city", WHOLE_CITY), ("one community", replace(WHOLE_CITY, scope=Scope(communities=("230202001006",))))):
            spent = _asked(settings, actor)
            lines.append(at_most(f"two characters, {what}, p95", float(np.percentile(spent, 95)), LIMIT_MS, "ms"))
            lines.append(Line(f"two characters, {what}, p50 and slowest", f"{np.median(spent):.1f} ms, {spent.max():.1f} ms"))
            say(str(lines[-2]))
    how = f"{NAMES:,} names of eight characters; {QUESTIONS} pairs of neighbouring characters of random names; one connection, no cache."
    return [Chapter("Search among a million names", how, tuple(lines))]


def _learn_names(admin: psycopg.Connection, say: database.Say) -> None:
    row = admin.execute("select count(*) from search_doc").fetchone()
    if row is not None and row[0] >= NAMES:
        return
    say(f"writing {NAMES:,} names")
    rng = np.random.default_rng(database.SEED)
    admin.execute("delete from search_gram")
    admin.execute("delete from search_doc")
    with admin.transaction():
        with admin.cursor().copy(
            "copy search_doc (layer, ref_id, title, rank, district_code, street_code, community_code, lon, lat) from stdin"
        ) as copy:
            for at, title in enumerate(_names(rng)):
                community = f"230202{at % 10 + 1:03}{at % 97 + 1:03}"
                copy.write_row(("compounds", at, title, at % 8, "230202", community[:9], community, 123.9, 47.3))
        admin.execute(
            "insert into search_gram (gram, public, rank, doc_id)"
            " select distinct gram, d.public, d.rank, d.id from search_doc d, lateral bigrams(d.needle) gram"
        )
    admin.execute("vacuum analyze search_doc")
    admin.execute("vacuum analyze search_gram")


def _names(rng: np.random.Generator) -> list[str]:
    """Eight characters: two of a quarter, two of any common pair, then the kind of place, and a number."""
    common = [chr(code) for code in range(0x4E00, 0x4E00 + 400)]
    parts = [rng.integers(0, size, NAMES) for size in (len(FIRST), len(SECOND), 400, 400, len(KIND) // 2)]
    return [
        FIRST[a] + SECOND[b] + common[c] + common[d] + KIND[2 * k : 2 * k + 2] + f"{at % 100:02}"
        for at, (a, b, c, d, k) in enumerate(zip(*parts, strict=True))
    ]


def _asked(settings: Settings, actor: Actor) -> np.ndarray:
    rng = np.random.default_rng(7)
    spent: list[float] = []
    with connect(settings) as connection:
        names = _names(np.random.default_rng(database.SEED))
        for _ in range(QUESTIONS):
            name, at = names[int(rng.integers(NAMES))], int(rng.integers(5))
            began = time.perf_counter()
            with acting(connection, actor):
                connection.execute("select * from search_city(%s, %s)", [name[at : at + 2], WANTED]).fetchall()
            spent.append((time.perf_counter() - began) * 1000)
    return np.array(spent)
