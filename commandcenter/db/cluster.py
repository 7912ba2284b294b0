"""The private PostgreSQL cluster: made, started, healed after a crash and stopped by the application itself.

It listens on one socket in a directory of its own, never on a TCP port, and knows the kernel's word for who connects.
Only the standard library is used here: set-up and the command line need it before any package is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from commandcenter.causes import SetupFault, last_words, unwritable
from commandcenter.db import cluster_files
from commandcenter.db.cluster_make import FREE_TO_START, MOVED_TO, make_cluster, need_space
from commandcenter.db.server_programs import ServerUser, program
from commandcenter.text import Text

START_RETRY_S = 30.0  # after kill -9 the pid file and the orphaned backends block for a moment
READY_WITHIN_S = 600  # crash recovery of a big city
STOP_WITHIN_S = 60


class PrivateCluster:
    """One cluster below one data directory. ``safe=False`` (tests) gives up durability for speed."""

    def __init__(self, data_dir: Path, *, safe: bool = True) -> None:
        self.data_dir = Path(data_dir).absolute()
        self.safe = safe
        self.user = ServerUser.of_this_process()

    @property
    def home(self) -> Path:
        """PostgreSQL's own directory: below the data directory, or moved where the server's account can enter."""
        here = self.data_dir / "postgres"
        moved = MOVED_TO / self._digest / "postgres"
        if here.exists() or not (moved.exists() or self.data_dir.exists()):
            return here
        return moved if moved.exists() or not self.user.may_enter(self.data_dir) else here

    @property
    def socket_dir(self) -> Path:
        """Where the socket is: short, because a socket path over 107 bytes is fatal."""
        return Path("/tmp") / f"commandcenter-{self.user.uid}-{self._digest}"

    @property
    def _kept(self) -> Path:
        return self.data_dir / "cluster.kept"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(os.path.realpath(self.data_dir).encode()).hexdigest()[:12]

    def admin_dsn(self, dbname: str = "postgres") -> str:
        """How the administrator (superuser) connects."""
        return f"host={self.socket_dir} user={cluster_files.ADMIN} dbname={dbname}"

    def app_dsn(self, dbname: str) -> str:
        """How the application role connects: it owns nothing and cannot bypass policies."""
        return f"host={self.socket_dir} user={cluster_files.APPLICATION} dbname={dbname}"

    def exists(self) -> bool:
        """Whether the cluster has been made."""
        return (self.home / "PG_VERSION").exists()

    def running(self) -> bool:
        """Whether the server is up and takes connections."""
        return self._state() == "ready"

    def start(self, say: Callable[[Text], None] = lambda _: None) -> None:
        """Make the cluster if it is not there, start it if it is not up; after a crash it heals itself. Raises SetupFault."""
        if self.home.exists() and not self.user.owns(self.home):
            raise SetupFault(
                Text(
                    f"{self.home} 属于另一个账号：请用当初建库的账号运行。",
                    f"{self.home} belongs to another account: run as the one that made it.",
                )
            )
        with self._alone():
            deadline = time.monotonic() + START_RETRY_S
            while (state := self._state()) not in ("down", "ready"):
                if time.monotonic() > deadline + (READY_WITHIN_S if state == "starting" else 0):
                    raise self._failed(Text("数据库一直处于启停之中", "The database is neither up nor down"), state)
                time.sleep(0.2)
            if state == "ready":
                return
            if not self.exists():
                say(Text("建立本机数据库", "Making the private database cluster"))
                make_cluster(self.home, self.user, safe=self.safe)
            need_space(self.home, FREE_TO_START)
            say(Text("启动本机数据库", "Starting the private database cluster"))
            self._write_files()
            self._launch(deadline)

    def stop(self) -> None:
        """Stop the server in order; nothing happens when it is down."""
        self._kept.unlink(missing_ok=True)
        if self._state() == "down":
            return
        stopped = self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_WITHIN_S))
        if self._state() != "down":
            raise self._failed(Text("数据库没有停下", "The database did not stop"), stopped)
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    @contextmanager
    def in_use(self, say: Callable[[Text], None] = lambda _: None) -> Iterator[PrivateCluster]:
        """The running cluster for one command; the last command that leaves stops it."""
        with self._lock_file("users") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self.start(say)
                yield self
            finally:
                if _taken_alone(users) and not self._kept.exists():
                    self.stop()

    def keep(self) -> None:
        """Let the server run on when the last command leaves, until it is stopped on purpose."""
        self._kept.touch()

    def stop_unless_used(self) -> bool:
        """Stop the server unless some command is using it; says whether it is down now."""
        if not self.data_dir.exists():
            return True
        with self._lock_file("users") as users:
            if not _taken_alone(users):
                return False
            self.stop()
        return True

    @classmethod
    @contextmanager
    def temporary(cls, *, safe: bool = False, below: Path | None = None) -> Iterator[PrivateCluster]:
        """A throw-away cluster for tests, in a directory of its own (``below`` a folder, else where temporary files lie), removed afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="cc-test-", dir=below))
        folder.chmod(0o755)  # the server's account has to enter it
        cluster = cls(folder, safe=safe)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _write_files(self) -> None:
        chosen = cluster_files.settings(
            self.socket_dir, memory_bytes=cluster_files.memory_bytes(), cpus=os.cpu_count() or 1, safe=self.safe
        )
        texts = {
            cluster_files.INCLUDED: cluster_files.as_conf(chosen),
            "pg_hba.conf": cluster_files.hba(),
            "pg_ident.conf": cluster_files.ident(cluster_files.system_users(self.user)),
        }
        try:
            self._own_socket_dir()
            for name, text in texts.items():
                path = self.home / name
                path.write_text(text, encoding="utf-8")
                path.chmod(0o600)
                self.user.give(path)
        except OSError as refused:
            raise unwritable(self.home, refused) from refused

    def _own_socket_dir(self) -> None:
        try:
            self.socket_dir.mkdir(mode=0o700)
            self.user.give(self.socket_dir)
        except FileExistsError:
            found = self.socket_dir.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self.user.uid or found.st_mode & 0o077:
                raise SetupFault(
                    Text(
                        f"{self.socket_dir} 被别的账号占用：请删除它。",
                        f"{self.socket_dir} was made by somebody else: remove it.",
                    )
                ) from None

    def _launch(self, deadline: float) -> None:
        while True:
            self._drop_stale_files()
            began_at = time.time()
            said = self._pg_ctl("start", "-w", "-t", str(READY_WITHIN_S), "-l", str(self.home / "start.log"))
            if self.running():
                return
            words = said + "\n" + self._read("start.log") + self._logged_since(began_at)
            lingering = "lock file" in words or "shared memory block" in words
            if not lingering or time.monotonic() > deadline:
                raise self._failed(Text("数据库无法启动", "The database does not start"), words)
            time.sleep(0.5)

    def _drop_stale_files(self) -> None:
        """After kill -9 a lock file names a number that is a zombie's or a stranger's by now, and would block for ever.

        Nobody works in the data directory: then nobody serves it. Orphaned backends do, and are waited for.
        """
        (self.home / "start.log").unlink(missing_ok=True)
        if not processes_inside(self.home):
            for stale in (self.home / "postmaster.pid", *self.socket_dir.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)

    def _logged_since(self, moment: float) -> str:
        """What the server's own log says since a moment (seconds since 1970), the last 4000 characters."""
        logs = [path for path in (self.home / "log").glob("*.log") if path.stat().st_mtime >= moment - 1]
        return "".join(path.read_text(encoding="utf-8", errors="replace")[-4000:] for path in logs)

    def _pg_ctl(self, *arguments: str) -> str:
        major = int(self._read("PG_VERSION").strip() or 0)
        if not Path(program(major, "pg_ctl")).exists():
            raise SetupFault(
                Text(
                    f"{self.home} 由 PostgreSQL {major} 建立，本机没有这个版本。",
                    f"{self.home} was made by PostgreSQL {major}, which is not on this machine.",
                )
            )
        return self.user.run([program(major, "pg_ctl"), *arguments, "-D", str(self.home)]).stdout

    def _state(self) -> str:
        """``down``, or what the server writes about itself: ``starting``, ``ready``, ``stopping``."""
        lines = self._read("postmaster.pid").splitlines()
        if not lines or not lines[0].lstrip("-").isdigit() or not _works_in(int(lines[0]), self.home):
            return "down"
        return lines[7].strip() if len(lines) > 7 else "starting"

    def _read(self, name: str) -> str:
        try:
            return (self.home / name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as refused:
            raise unwritable(self.home, refused) from refused

    def _failed(self, what: Text, output: str) -> SetupFault:
        reason = last_words(output)
        return SetupFault(Text(f"{what.zh}：{reason.zh}", f"{what.en}: {reason.en}"))

    @contextmanager
    def _lock_file(self, name: str) -> Iterator[int]:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            held = os.open(self.data_dir / f"cluster.{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as refused:
            raise unwritable(self.data_dir, refused) from refused
        try:
            yield held
        finally:
            os.close(held)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock_file("start") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


def processes_inside(folder: Path) -> list[int]:
    """Processes whose working directory is the folder: a postmaster and all its backends work in the data directory."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _works_in(int(entry.name), folder)
    ]


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return os.path.samefile(f"/proc/{abs(pid)}/cwd", folder)
    except OSError:
        return False


def _taken_alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
