"""Handing work to the worker: a job is deferred in the very transaction that makes its run, so neither is ever without the other.

procrastinate's own job manager writes the job, through the caller's connection.
"""

from __future__ import annotations

import psycopg
from procrastinate import SyncPsycopgConnector
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from ingest.desk import store

QUEUE = "imports"
RUN_IMPORT = "run_import"
REFRESH = "refresh_after"


def defer_import(connection: psycopg.Connection, run_id: int, actor_id: str, source: str, accept_vanished: bool = False) -> int:
    """Let the worker carry out a queued run as an actor; the number of the job. Jobs of one source go one after the other."""
    return _defer(connection, RUN_IMPORT, source, run_id=run_id, actor_id=actor_id, accept_vanished=accept_vanished)


def defer_refresh(connection: psycopg.Connection, run_id: int, actor_id: str) -> int:
    """Let the worker bring counts and search up to date after a run was withdrawn; the number of the job."""
    return _defer(connection, REFRESH, REFRESH, run_id=run_id, actor_id=actor_id)


def _defer(connection: psycopg.Connection, task: str, lock: str, **arguments: int | str | bool) -> int:
    # The connector is never opened: it only lends its way with values to the caller's connection.
    manager = JobManager(SyncPsycopgConnector())
    with store.in_task_schema(connection):
        return configure_task(name=task, job_manager=manager, queue=QUEUE, lock=lock, connection=connection).defer(**arguments)
