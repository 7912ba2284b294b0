"""How set-up speaks: one line a step, progress for the long ones, one clear sentence (中文, English) for a failure."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from commandcenter.causes import SetupFault, last_words, unwritable
from commandcenter.errors import CommandCenterError
from commandcenter.text import Text

QUIET_S = 10.0  # without a terminal, a long step repeats itself this often
REMEMBERED_LINES = 40


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


def open_log(path: Path) -> TextIO:
    """The log of a step, opened for appending; a place that cannot be written is one sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", encoding="utf-8")
    except OSError as refused:
        raise unwritable(path.parent, refused) from refused


def watched(command: Sequence[str], doing: Text, *, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a long command as one step; its whole output goes to ``log``. Raises SetupFault with one sentence."""
    step(doing)
    ticker, last = Ticker(), deque[str](maxlen=REMEMBERED_LINES)
    with open_log(log) as kept:
        try:
            child = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=None,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
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
        reason = last_words("".join(last), fetching=True)
        raise SetupFault(
            Text(
                f"这一步没有成功：{doing.zh}。{reason.zh}（详见 {log}）",
                f"This step failed: {doing.en}. {reason.en} (Details: {log})",
            )
        )
