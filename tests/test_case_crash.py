"""Acknowledged means durable: reporters and PostgreSQL are killed at random, and every acknowledged key is one case."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psycopg

from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.migrate import prepare_database
from tests import city
from tests.case_city import CATEGORIES, INSIDE, SYSTEM, build_registers
from tests.city import HOME
from tests.conftest import in_memory

REPORTERS, KILLS_OF_REPORTERS, KILLS_OF_THE_DATABASE = 6, 10, 3
ENOUGH = 300


def reporter(cluster: PrivateCluster, name: str, folder: Path, out: Path) -> subprocess.Popen[bytes]:
    lon, lat = HOME.lonlat(*INSIDE)
    words = [cluster.app_dsn(Settings(city="crash").database_name), str(folder), name, str(lon), str(lat), CATEGORIES["event"], SYSTEM]
    return subprocess.Popen([sys.executable, "-m", "tests.case_reporter", *words], stdout=out.open("ab"), stderr=subprocess.DEVNULL)


def postmaster(cluster: PrivateCluster) -> int:
    return int((cluster.home / "postmaster.pid").read_text().split()[0])


def acknowledged(outs: list[Path]) -> dict[str, set[str]]:
    """Keys with the numbers they were told, of whole lines alone."""
    told: dict[str, set[str]] = {}
    for out in outs:
        for line in out.read_text().split("\n")[:-1]:
            key, number = line.split()
            told.setdefault(key, set()).add(number)
    return told


def test_every_acknowledged_report_is_there_once(tmp_path: Path) -> None:
    """Six reporters; ten times one of them is killed and begins its list anew, three times PostgreSQL is killed in the middle and started again."""
    dice = random.Random(20261123)
    with PrivateCluster.temporary(safe=True, below=in_memory()) as cluster:
        settings = Settings(city="crash")
        prepare_database(cluster.admin_dsn(), settings)
        with psycopg.connect(cluster.app_dsn(settings.database_name)) as connection:
            city.build(connection)
            build_registers(connection)
            connection.commit()
        outs = [tmp_path / f"r{number}.txt" for number in range(REPORTERS)]
        running = [reporter(cluster, str(number + 1), tmp_path, out) for number, out in enumerate(outs)]
        try:
            acts = ["reporter"] * KILLS_OF_REPORTERS + ["database"] * KILLS_OF_THE_DATABASE
            dice.shuffle(acts)
            for act in acts:
                time.sleep(dice.uniform(0.2, 0.8))
                if act == "database":
                    os.kill(postmaster(cluster), signal.SIGKILL)
                    while cluster.running():
                        time.sleep(0.01)
                    cluster.start()
                else:
                    number = dice.randrange(REPORTERS)
                    running[number].kill()
                    running[number].wait()
                    running[number] = reporter(cluster, str(number + 1), tmp_path, outs[number])
            deadline = time.monotonic() + 60
            while len(acknowledged(outs)) < ENOUGH and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            for each in running:
                each.kill()
                each.wait()
        told = acknowledged(outs)
        with psycopg.connect(cluster.admin_dsn(settings.database_name)) as admin:
            stored = admin.execute(
                "select k.key, c.number, c.version, (select count(*) from case_event e where e.case_id = c.id)"
                " from case_key k left join cases c on c.id = k.case_id"
            ).fetchall()
            numbers = Counter(row[0] for row in admin.execute("select number from cases where source = 'case_desk'"))
    assert len(told) >= ENOUGH, len(told)
    by_key = {key: number for key, number, _, _ in stored}
    assert len(by_key) == len(stored), "a key twice"
    lost = {key for key, said in told.items() if said != {by_key.get(key)}}
    assert not lost, f"acknowledged, and not there once under one number: {sorted(lost)[:5]}"
    assert all(version == events == 1 for _, _, version, events in stored), "a case without its event, or half a report"
    assert max(numbers.values()) == 1 and len(numbers) == len(stored), "a number twice, or a case without a key"
