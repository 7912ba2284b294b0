"""Whether a worker lives: each says so every ten seconds in the task queue's own tables."""

from __future__ import annotations

from commandcenter.db.migrate import TASK_SCHEMA
from commandcenter.db.request import SqlRequest

SILENT_S = 45


def worker_request() -> SqlRequest:
    """``alive``: some worker said so of late; ``seen``: when one last did, null where none is known."""
    return SqlRequest(
        f"select coalesce(max(last_heartbeat) > now() - interval '{SILENT_S} seconds', false) as alive, max(last_heartbeat) as seen"
        f" from {TASK_SCHEMA}.procrastinate_workers",
        {},
        "worker heartbeat",
    )
