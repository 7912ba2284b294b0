"""Which PostgreSQL programs of this machine can carry the city: version 15 or newer, with PostGIS beside them."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commandcenter.causes import SetupFault
from commandcenter.text import Text

OLDEST_MAJOR = 15
PROGRAMS = Path("/usr/lib/postgresql")
EXTENSIONS = Path("/usr/share/postgresql")


def usable_majors(programs: Path = PROGRAMS, extensions: Path = EXTENSIONS) -> list[int]:
    """Major versions with a server and PostGIS, newest first."""
    found = []
    for folder in programs.glob("*"):
        if not folder.name.isdigit() or int(folder.name) < OLDEST_MAJOR:
            continue
        # Debian packs the library and the control file apart: one may be there without the other
        needed = [folder / "bin" / "postgres", folder / "bin" / "initdb", folder / "lib" / "postgis-3.so"]
        needed.append(extensions / folder.name / "extension" / "postgis.control")
        if all(path.exists() for path in needed):
            found.append(int(folder.name))
    return sorted(found, reverse=True)


def program(major: int, name: str) -> str:
    """The path of one server program."""
    return str(PROGRAMS / str(major) / "bin" / name)


@dataclass(frozen=True)
class ServerUser:
    """The operating-system account that runs PostgreSQL, which refuses root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_this_process(cls) -> ServerUser:
        """``postgres`` for root, else whoever calls."""
        if os.geteuid() != 0:
            me = pwd.getpwuid(os.geteuid())
            return cls(me.pw_name, me.pw_uid, me.pw_gid)
        try:
            server = pwd.getpwnam("postgres")
        except KeyError as missing:
            raise SetupFault(
                Text(
                    "没有 postgres 系统账号：请先安装 PostgreSQL。",
                    "There is no system account 'postgres': install PostgreSQL first.",
                )
            ) from missing
        return cls(server.pw_name, server.pw_uid, server.pw_gid)

    def run(self, command: Sequence[str], timeout_s: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, away from the terminal's Ctrl-C, in English whatever the locale."""
        options: dict[str, Any] = {"cwd": "/", "umask": 0o077, "start_new_session": True, "stdin": subprocess.DEVNULL}
        options["env"] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        if os.geteuid() == 0:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        said = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
            **options,
        )
        return subprocess.CompletedProcess(command, said.returncode, said.stdout)

    def may_enter(self, folder: Path) -> bool:
        """Whether this account can reach a folder through all its parents."""
        return self.run(["test", "-x", str(folder)]).returncode == 0

    def owns(self, path: Path) -> bool:
        """Whether a path belongs to this account."""
        return path.lstat().st_uid == self.uid

    def give(self, path: Path) -> None:
        """Make this account the owner of a path (only root needs to)."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)
