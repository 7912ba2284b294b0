"""The worker's second task: the audit sealed every second, beside the jobs and whatever becomes of them."""

from __future__ import annotations

import asyncio

from commandcenter.audit.seal import Sealer
from commandcenter.config import Settings

SEAL_EVERY_S = 1.0


async def keep_sealing(settings: Settings) -> None:
    """For ever: one round a second. The sealer says its failures itself and never raises, so it never ends the worker."""
    sealer = Sealer(settings)
    try:
        while True:
            await asyncio.to_thread(sealer.round)
            await asyncio.sleep(SEAL_EVERY_S)
    finally:
        sealer.close()
