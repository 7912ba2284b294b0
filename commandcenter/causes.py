"""What the machine says when the cause is not ours (disk, network, rights), and the sentence it deserves."""

from __future__ import annotations

import re
from pathlib import Path

from commandcenter.errors import CommandCenterError
from commandcenter.text import Text


class SetupFault(CommandCenterError):
    """Something outside the program stands in the way: a right, a package, the disk, the network, another run."""

    kind = "setup"


Cause = tuple[str, Text]
_DISK: tuple[Cause, ...] = (
    (
        r"No space left on device|ENOSPC|Disk quota exceeded|not enough free space",
        Text("磁盘已满：请腾出空间后重试。", "The disk is full: free some space and try again."),
    ),
    (
        r"Read-only file system|EROFS",
        Text("磁盘为只读：请换到可写的目录。", "The disk is read-only: use a writable place."),
    ),
    (
        r"Permission denied|EACCES|EPERM|Operation not permitted",
        Text("没有权限：请检查目录的属主。", "Permission denied: check who owns the directory."),
    ),
)
_NETWORK: tuple[Cause, ...] = (
    (
        r"Temporary failure (in name resolution|resolving)|Could not resolve|Name or service not known|ENOTFOUND|EAI_AGAIN"
        r"|Network is unreachable|ENETUNREACH|ECONNREFUSED|ETIMEDOUT|Failed to establish a new connection"
        r"|Cannot connect to proxy|Failed to fetch|Unable to fetch some archives|Could not connect|Connection refused"
        r"|NewConnectionError|ConnectTimeoutError",
        Text(
            "网络不可用：软件包无法下载，请检查网络或代理。",
            "There is no network: packages cannot be fetched; check the network or proxy.",
        ),
    ),
)


def cause_of(output: str, *, fetching: bool = False) -> Text | None:
    """The sentence for a known cause found in a tool's output, if there is one; the network only where something was fetched."""
    known = _DISK + _NETWORK if fetching else _DISK
    return next((sentence for pattern, sentence in known if re.search(pattern, output)), None)


def last_words(output: str, *, fetching: bool = False) -> Text:
    """The known cause in a tool's output, or else the last line that blames something, or the last line."""
    known = cause_of(output, fetching=fetching)
    if known is not None:
        return known
    lines = [line.strip()[:200] for line in output.splitlines() if line.strip()]
    blamed = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|[Ee]rror:", line)]
    shown = (blamed or lines or ["no output"])[-1]
    return Text(f"{shown}。", shown if shown.endswith(".") else f"{shown}.")


def unwritable(place: Path, refused: OSError) -> SetupFault:
    """The sentence for a directory that takes no files: full, read-only or not ours."""
    reason = last_words(refused.strerror or str(refused))
    return SetupFault(Text(f"无法写入 {place}。{reason.zh}", f"{place} cannot be written. {reason.en}"))
