"""One job of the worker: a queued run carried out as the actor who asked for it, or its failure told on the run.

A job holds an advisory lock while its session lives, so nobody takes up a job that is at work, and everybody may take up one whose
process is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from commandcenter.actor import Actor
from commandcenter.city import City, load_city
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.registers import finish_load
from commandcenter.db.run import acting
from commandcenter.errors import BadInput, CommandCenterError, Forbidden
from commandcenter.security.accounts import account_by_id
from commandcenter.security.builtin import BUILT_IN, STEWARD
from commandcenter.text import Text
from ingest.cities_load import settle
from ingest.desk import store
from ingest.desk.commands import need_steward
from ingest.desk.kept_files import uploads_folder
from ingest.desk.mappings import own_mappings, steward_mapping
from ingest.load import Report, load_corrections, load_file

log = logging.getLogger("commandcenter.worker")

# A server whose client is gone ends its statement within this, and with it the locks of the run.
NOTICE_LOST_CLIENT = "set client_connection_check_interval = '2s'"


def job_actor(actor_id: str, connection: psycopg.Connection | None = None) -> Actor:
    """The actor a job runs as: built in, or an account as it is at this moment. Raises Forbidden for one who is unknown or no data steward."""
    actor = BUILT_IN.get(actor_id) or (account_by_id(connection, actor_id) if connection is not None else None)
    if actor is None:
        shown = actor_id[:80]
        raise Forbidden(Text(f"没有身份“{shown}”。", f"There is no actor '{shown}'."))
    need_steward(actor)
    return actor


def run_import(settings: Settings, run_id: int, actor_id: str, accept_vanished: bool = False) -> Report | None:
    """Carry out a queued run; its report, or None where its row says what happened.

    A run that is not queued any more (cancelled, done by another worker) is left as it is.
    """
    with _own_session(settings, run_id) as connection:
        if connection is None:
            return None
        run = store.job_of(connection, STEWARD, run_id)
        if run is None or run["status"] != "queued":
            log.info("run %s is not waiting: nothing to do", run_id)
            return None
        try:
            actor = job_actor(actor_id, connection)
            city = load_city(settings.city)
            report = _load(settings, connection, actor, city, run_id, run, accept_vanished)
        except CommandCenterError as fault:
            log.warning("run %s: %s (%s)", run_id, fault.sentence.en, fault.id)
            _close(connection, run_id, fault.sentence)
            return None
        except LookupError:
            if _status(connection, run_id) != "cancelled":  # somebody cancelled it in the moment it was to begin
                _close(connection, run_id, _unforeseen(run_id))
                raise
            return None
        except Exception:
            _close(connection, run_id, _unforeseen(run_id))
            raise
        if not report.dry_run:
            settle(connection, city, [report], lambda line: log.info("run %s: %s", run_id, line))
        return report


def refresh_after(settings: Settings, run_id: int, actor_id: str) -> None:
    """Counts per grid and search brought up to date after a run was withdrawn."""
    with _own_session(settings, run_id) as connection:
        if connection is None:
            return
        with acting(connection, job_actor(actor_id, connection)):
            finish_load(connection, lambda line: log.info("after the withdrawal of run %s: %s", run_id, line))


def _load(
    settings: Settings, connection: psycopg.Connection, actor: Actor, city: City, run_id: int, run: dict[str, Any], accept_vanished: bool
) -> Report:
    mapping = steward_mapping(run["mapping"], [own_mappings(settings.data_dir)])
    if run["kind"] == "correction":
        return load_corrections(connection, actor, mapping, city, run["source"], run_id=run_id)
    if run["stored_as"] is None:
        raise BadInput(Text(f"第 {run_id} 次运行没有文件。", f"Run {run_id} has no file."))
    path = uploads_folder(settings.data_dir) / run["stored_as"]
    if not path.is_file():
        raise BadInput(
            Text(
                f"文件 {path.name} 已不在服务器上（运行结束 {settings.keep_uploads_days} 天后清除）：请重新交付。",
                f"The file {path.name} is no longer on the server (files go {settings.keep_uploads_days} days after their last run): deliver it again.",
            )
        )
    return load_file(
        connection, actor, mapping, path, city, dry_run=run["kind"] == "dry_run", run_id=run_id, accept_vanished=accept_vanished
    )


@contextmanager
def _own_session(settings: Settings, run_id: int) -> Iterator[psycopg.Connection | None]:
    """A session that holds the job of a run; None where another one does."""
    with connect(settings) as connection:
        connection.autocommit = True
        connection.execute(NOTICE_LOST_CLIENT)
        yield connection if store.hold_job(connection, run_id) else None


def _status(connection: psycopg.Connection, run_id: int) -> str | None:
    run = store.job_of(connection, STEWARD, run_id)
    return None if run is None else str(run["status"])


def _close(connection: psycopg.Connection, run_id: int, said: Text) -> None:
    if connection.closed:
        return  # the run's lost lock tells, as soon as somebody looks
    store.close_run(connection, STEWARD, run_id, said)


def _unforeseen(run_id: int) -> Text:
    return Text(
        f"程序出错，没有写入任何数据；详情见日志 worker.log（运行 {run_id}）。",
        f"The program failed and nothing was loaded; the log worker.log has the details (run {run_id}).",
    )
