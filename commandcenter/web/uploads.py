"""Files that come in: streamed to disk as they arrive, hashed on the way, and gone again unless they arrived whole.

Memory stays flat whatever the size: a piece is written and forgotten. Nothing of a file is looked at here.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from commandcenter.errors import BadRequest, CommandCenterError, Forbidden
from commandcenter.text import Text
from ingest.desk.kept_files import (
    KEPT_FREE_BYTES,
    LONGEST_STORED,
    Partial,
    clean_name,
    is_full,
    remove_if_empty,
    stored_name,
)

__all__ = [
    "LARGEST_BYTES", "LONGEST_STORED", "Arrived", "NoSpace", "Partial", "TooLarge", "Uploads", "announced_bytes", "check_same_origin",
    "clean_name", "is_full", "no_space", "stored_name",
]  # fmt: skip

LARGEST_BYTES = 2 * 2**30
PIECE_BYTES = 1 << 20


class TooLarge(CommandCenterError):
    """The file is larger than an upload may be."""

    status, kind = 413, "too_large"


class NoSpace(CommandCenterError):
    """The disk has no room for the file."""

    status, kind = 507, "insufficient_storage"


@dataclass(frozen=True)
class Arrived:
    """A file that arrived whole. ``stored_as`` is its path below the uploads folder."""

    file_name: str
    stored_as: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Uploads:
    """The folder that uploads are kept in, and how much it takes."""

    folder: Path
    largest: int = LARGEST_BYTES
    kept_free: int = KEPT_FREE_BYTES

    async def receive(self, name: str, announced: int | None, pieces: AsyncIterator[bytes]) -> Arrived:
        """Store a file as it arrives. Raises TooLarge, NoSpace, BadRequest (empty) or ClientDisconnect; then nothing of it is left."""
        if announced is not None and announced > self.largest:
            raise self._too_large()
        file_name = clean_name(name)
        token = secrets.token_hex(12)
        try:
            await asyncio.to_thread(self._make_room, token, announced or 0)
            with Partial(self.folder / token / stored_name(file_name)) as partial:
                async for piece in _gathered(pieces):
                    if partial.bytes + len(piece) > self.largest:
                        raise self._too_large()
                    await asyncio.to_thread(partial.write, piece)
                if partial.bytes == 0:
                    raise BadRequest(Text(f"文件“{file_name}”是空的。", f"The file '{file_name}' is empty."))
                if announced is not None and partial.bytes != announced:
                    raise ClientDisconnect
                await asyncio.to_thread(partial.keep)
                return Arrived(file_name, f"{token}/{partial.path.name}", partial.bytes, partial.sha256)
        except OSError as fault:
            raise (no_space() if is_full(fault) else _unwritable(self.folder)) from fault
        finally:
            remove_if_empty(self.folder / token)

    def forget(self, arrived: Arrived) -> None:
        """Remove a file that nobody took note of."""
        path = self.folder / arrived.stored_as
        path.unlink(missing_ok=True)
        remove_if_empty(path.parent)

    def _make_room(self, token: str, announced: int) -> None:
        (self.folder / token).mkdir(parents=True)
        if shutil.disk_usage(self.folder).free - announced < self.kept_free:
            raise no_space()

    def _too_large(self) -> TooLarge:
        limit = f"{self.largest / 2**30:g} GB" if self.largest >= 2**30 else f"{self.largest:,} B"
        return TooLarge(Text(f"文件超过 {limit}，请分成几份交付。", f"The file is larger than {limit}: deliver it in parts."))


def check_same_origin(headers: Headers) -> None:
    """Raise Forbidden when a browser says that another site's page sends this."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site == "cross-site" or (origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()):
        raise Forbidden(Text("只接受本系统自己的页面发来的请求。", "Only this system's own pages may send this."))


def announced_bytes(headers: Headers) -> int | None:
    """The length the request announces, or None. Raises BadRequest for one that is no number."""
    said = headers.get("content-length")
    if said is None:
        return None
    if not (said.isascii() and said.isdigit()):
        raise BadRequest(Text("请求头 content-length 不是数字。", "The header content-length is not a number."))
    return int(said)


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Small pieces put together: each costs a hop to a thread."""
    held = bytearray()
    async for piece in pieces:
        held += piece
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def no_space() -> NoSpace:
    """What to say when the disk has no room."""
    return NoSpace(
        Text("服务器磁盘空间不足，没有保存任何内容；请管理员清理后重试。", "The server's disk has too little room; nothing was kept. Clear it and try again.")
    )


def _unwritable(folder: Path) -> CommandCenterError:
    return CommandCenterError(Text(f"服务器无法写入 {folder.name} 文件夹。", f"The server cannot write to its folder {folder.name}."))

