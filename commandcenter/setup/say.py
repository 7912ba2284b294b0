"""How set-up speaks: one line a step, progress for the long ones, one clear sentence (中文, English) for a failure."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from commandcenter.errors import CommandCenterError
from commandcenter.text import Text

QUIET_S = 10.0  # without a terminal, a long step repeats itself this often
REMEMBERED_LINES = 40


class SetupFault(CommandCenterError):
    """Something outside the program stands in the way: a right, a package, the disk, the network, another run."""

    kind = "setup"


def step(text: Text) -> None:
    """Say in one line what happens now."""
    print(f"▸ {text.zh} | {text.en}", flush=True)


def fault(error: CommandCenterError) -> None:
    """Say what went wrong, once in each language, and nothing else."""
    clear_progress()
    print(f"✗ {error.sentence.zh}\n✗ {error.sentence.en}", file=sys.stderr, flush=True)


def progress(line: str) -> None:
    """Show where a long step is: one changing line on a terminal."""
    if sys.stdout.isatty():
        print(f"\r\033[K  {line[:110]}", end="", flush=True)


def clear_progress() -> None:
    """Take the changing line away."""
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


class Ticker:
    """Progress of one long step: every line on a terminal, a line each ten seconds in a log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._spoke = clock()

    def __call__(self, line: str) -> None:
        now = self._clock()
        elapsed = f"{now - self._began:.0f} s"
        if sys.stdout.isatty():
            progress(f"{elapsed}  {line}")
        elif now - self._spoke >= QUIET_S:
            self._spoke = now
            print(f"  {elapsed}  {line[:110]}", flush=True)


# What the tools we call say when the cause is not theirs, and the sentence it deserves.
_CAUSES: tuple[tuple[str, Text], ...] = (
    (r"No space left on device|ENOSPC|Disk quota exceeded", Text("磁盘已满：请腾出空间后重试。", "The disk is full: free some space and try again.")),
    (r"Read-only file system|EROFS", Text("磁盘为只读：请换到可写的目录。", "The disk is read-only: use a writable place.")),
    (
        r"Temporary failure (in name resolution|resolving)|Could not resolve|Name or service not known|ENOTFOUND|EAI_AGAIN"
        r"|Network is unreachable|ENETUNREACH|ECONNREFUSED|ETIMEDOUT|Failed to establish a new connection"
        r"|Cannot connect to proxy|Failed to fetch|Unable to fetch some archives|Could not connect|Connection refused"
        r"|NewConnectionError|ConnectTimeoutError",
        Text("网络不可用：软件包无法下载，请检查网络或代理。", "There is no network: packages cannot be fetched; check the network or proxy."),
    ),
    (r"Permission denied|EACCES|EPERM", Text("没有写入权限：请检查目录的属主。", "Permission denied: check who owns the directory.")),
)


def cause_of(output: str) -> Text | None:
    """The sentence for a known cause found in a tool's output, if there is one."""
    return next((sentence for pattern, sentence in _CAUSES if re.search(pattern, output)), None)


def open_log(path: Path) -> TextIO:
    """The log of a step, opened for appending; a place that cannot be written is one sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", encoding="utf-8")
    except OSError as refused:
        raise unwritable(path.parent, refused) from refused


def unwritable(place: Path, refused: OSError) -> SetupFault:
    """The sentence for a directory that takes no files: full, read-only or not ours."""
    known = cause_of(refused.strerror or "") or Text(f"{refused.strerror}。", f"{refused.strerror}.")
    return SetupFault(Text(f"无法写入 {place}。{known.zh}", f"{place} cannot be written. {known.en}"))


def watched(command: Sequence[str], doing: Text, *, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a long command as one step; its whole output goes to ``log``. Raises SetupFault with one sentence."""
    step(doing)
    ticker, last = Ticker(), deque[str](maxlen=REMEMBERED_LINES)
    with open_log(log) as kept:
        try:
            child = subprocess.Popen(
                command, cwd=cwd, env=env, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            )
        except FileNotFoundError as missing:
            raise SetupFault(Text(f"找不到命令 {command[0]}。", f"The command {command[0]} is not there.")) from missing
        assert child.stdout is not None
        with child, child.stdout:
            for line in child.stdout:
                kept.write(line)
                last.append(line)
                if line.strip():
                    ticker(line.strip())
    clear_progress()
    if child.returncode != 0:
        known = cause_of("".join(last))
        shown = next((line.strip() for line in reversed(last) if line.strip()), f"exit {child.returncode}")
        reason = known or Text(f"{shown[:200]}。", f"{shown[:200]}.")
        raise SetupFault(
            Text(f"这一步没有成功：{doing.zh}。{reason.zh}（详见 {log}）", f"This step failed: {doing.en}. {reason.en} (Details: {log})")
        )
