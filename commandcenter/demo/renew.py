"""The synthetic city's clock: nobody works on its cases, so at a start after a pause its moments are moved along to today."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

CASES = "demo_cases"
PAUSE = timedelta(hours=6)

_MOVE_CASES = """
update cases set reported_at = reported_at + %(by)s, started_at = started_at + %(by)s, due_at = due_at + %(by)s,
  closed_at = closed_at + %(by)s, source_key = 'renewed ' || id where source = %(source)s and version = 0
"""
# A case's number begins with the day it was reported: it is given anew, in the order of the reports of that day.
_NUMBER_CASES = """
update cases c set number = n.number, source_key = n.number from (
  select id, district || day || lpad((row_number() over (partition by day order by reported_at, id))::text, 5, '0') as number from (
    select id, reported_at, left(number, 6) as district,
      to_char(reported_at at time zone (select time_zone from city), 'YYYYMMDD') as day from cases where source = %(source)s and version = 0) d) n
where n.id = c.id
"""


def renew_demo(connection: psycopg.Connection, now: datetime) -> bool:
    """Whether the moments of cases, cameras and sources were moved to ``now``; they are when the last load is over PAUSE old.

    Runs in the caller's transaction as a whole-city writer. Every interval stays as generated; the cases' numbers follow their days.
    """
    row = connection.execute("select last_good_run_at from source where name = %s", [CASES]).fetchone()
    if row is None or row[0] is None or now - row[0] < PAUSE:
        return False
    values = {"by": now - row[0], "source": CASES}
    connection.execute(_MOVE_CASES, values)
    connection.execute(_NUMBER_CASES, values)
    connection.execute("update camera set status_at = status_at + %(by)s where source like 'demo\\_%%'", values)
    connection.execute(
        "update source set data_as_of = data_as_of + %(by)s, last_good_run_at = last_good_run_at + %(by)s where synthetic", values
    )
    connection.execute("select refresh_grid_counts()")
    connection.execute("select search_learn('cases')")
    return True
