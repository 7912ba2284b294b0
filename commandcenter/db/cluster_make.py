"""Making the private cluster's directory: initdb as the server's account, complete or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from commandcenter.causes import SetupFault, last_words, unwritable
from commandcenter.db import cluster_files
from commandcenter.db.server_programs import ServerUser, program, usable_majors
from commandcenter.text import Text

MOVED_TO = Path("/var/lib/commandcenter")  # for checkouts the postgres account cannot enter, such as below /root
FREE_TO_MAKE = 1024**3
FREE_TO_START = 128 * 1024**2


def make_cluster(home: Path, user: ServerUser, *, safe: bool) -> None:
    """Make a UTF-8 cluster at ``home``, owned by ``user``. Raises SetupFault, and then nothing is left behind."""
    majors = usable_majors()
    if not majors:
        raise SetupFault(
            Text(
                "没有可用的 PostgreSQL 15 与 PostGIS 3：请先运行 make run 安装。",
                "No PostgreSQL 15 with PostGIS 3 here: run make run, which installs it.",
            )
        )
    unfinished = _empty_folder(home.with_name("postgres.unfinished"), user)
    need_space(home, FREE_TO_MAKE if safe else FREE_TO_START)
    # LC_ALL=C would give SQL_ASCII; C.UTF-8 is on every Debian and sorts by code point
    locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
    access = [f"--username={cluster_files.ADMIN}", "--auth-local=peer", "--auth-host=reject"]
    care = ["--data-checksums"] if safe else ["--no-sync"]
    made = user.run([program(majors[0], "initdb"), "-D", str(unfinished), *locale, *access, *care, "--no-instructions"])
    if made.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        reason = last_words(made.stdout)
        raise SetupFault(Text(f"无法建立数据库：{reason.zh}", f"The database cluster cannot be made: {reason.en}"))
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(f"\ninclude '{cluster_files.INCLUDED}'\n")
    os.rename(unfinished, home)


def need_space(home: Path, wanted_bytes: int) -> None:
    """Raise SetupFault when the disk of the cluster has less than ``wanted_bytes`` left."""
    place = home if home.exists() else home.parent
    free = shutil.disk_usage(place).free
    if free < wanted_bytes:
        left = f"{free // 1024**2} MiB"
        raise SetupFault(
            Text(
                f"{place} 所在磁盘只剩 {left}：请腾出空间后重试。",
                f"Only {left} are left on the disk of {place}: free some space and try again.",
            )
        )


def _empty_folder(unfinished: Path, user: ServerUser) -> Path:
    """Where initdb works; it is renamed when complete, so that a killed initdb leaves no half cluster."""
    above = unfinished.parent
    try:
        above.mkdir(parents=True, exist_ok=True)
        for folder in (above, MOVED_TO) if above.is_relative_to(MOVED_TO) else ():
            folder.chmod(0o755)  # whatever the caller's umask: the server's account has to enter
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        user.give(unfinished)
    except OSError as refused:
        raise unwritable(above, refused) from refused
    return unfinished
