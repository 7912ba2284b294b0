"""The task queue as the worker sees it: its tasks, its connections, and jobs taken up again whose worker died.

procrastinate's tables live in the schema ``jobs``; its connections find them by their search path.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from datetime import UTC, datetime

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from commandcenter.config import Settings
from commandcenter.db.connect import application_dsn, connect
from commandcenter.db.migrate import TASK_SCHEMA
from commandcenter.errors import CommandCenterError
from commandcenter.security.builtin import STEWARD
from commandcenter.worker.fetching import put_away_after
from commandcenter.worker.imports import refresh_after, run_import
from ingest.desk import store
from ingest.desk.queue import QUEUE, REFRESH, RUN_IMPORT
from ingest.runs import mark_broken

LOOK_EVERY_S = 2.0
log = logging.getLogger("commandcenter.worker")


def task_app(settings: Settings) -> App:
    """The application of the task queue for one city's database; opened by whoever runs a worker."""
    dsn = application_dsn(settings)
    options = f"{conninfo_to_dict(dsn).get('options') or ''} -c search_path={TASK_SCHEMA},public".strip()
    app = App(connector=PsycopgConnector(conninfo=make_conninfo(dsn, options=options, application_name="commandcenter worker"), min_size=1, max_size=4))

    @app.task(name=RUN_IMPORT, queue=QUEUE)
    def _run_import(run_id: int, actor_id: str, accept_vanished: bool = False) -> None:
        run_import(settings, run_id, actor_id, accept_vanished)
        put_away_after(settings, run_id, actor_id)

    @app.task(name=REFRESH, queue=QUEUE)
    def _refresh_after(run_id: int, actor_id: str) -> None:
        refresh_after(settings, run_id, actor_id)

    return app


async def take_up_abandoned(app: App, settings: Settings) -> None:
    """For ever: runs that were broken off are marked, jobs nobody works on are queued again if their run still waits, else closed.

    A job counts as abandoned when nobody held it at two looks: between being fetched and being held lies a moment.
    """
    suspects: set[int] = set()
    while True:
        try:
            jobs = [job for task in (RUN_IMPORT, REFRESH) for job in await app.job_manager.list_jobs_async(task=task, status=Status.DOING.value)]
            held_by = {job.id: int(str(job.task_kwargs["run_id"])) for job in jobs if job.id is not None}
            free = await asyncio.to_thread(_look, settings, held_by.values())
            found = {job_id for job_id, run_id in held_by.items() if run_id in free}
            for job in jobs:
                if job.id in found & suspects:
                    await _settle_job(app, job, free[held_by[job.id]])
            suspects = found
        except (CommandCenterError, ConnectorException, psycopg.Error) as fault:
            log.warning("looking for abandoned jobs: %s", fault)
        await asyncio.sleep(LOOK_EVERY_S)


def _look(settings: Settings, run_ids: Collection[int]) -> dict[int, str]:
    with connect(settings) as connection:
        connection.autocommit = True
        broken = mark_broken(connection, STEWARD)
        if broken:
            log.warning("%s runs were broken off", broken)
        return store.abandoned(connection, STEWARD, list(run_ids))


async def _settle_job(app: App, job: Job, status: str) -> None:
    assert job.id is not None
    if job.task_name == REFRESH or status == "queued":
        log.warning("job %s was abandoned and is queued again", job.id)
        await app.job_manager.retry_job_by_id_async(job.id, retry_at=datetime.now(UTC))
    else:
        log.warning("job %s was abandoned; its run is %s", job.id, status)
        await app.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=False)
