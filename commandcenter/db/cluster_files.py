"""What the private cluster's configuration files say: who may connect, and how PostgreSQL uses this machine."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from commandcenter.db.server_programs import ServerUser

ADMIN, APPLICATION = "commandcenter_admin", "commandcenter_app"
INCLUDED = "commandcenter.conf"
MIB = 1024 * 1024
SMALL_SHARED_MEMORY = 512 * MIB  # a container's default /dev/shm of 64 MiB stops parallel queries


def system_users(server: ServerUser) -> list[str]:
    """The operating-system accounts that may be the administrator or the application: server, root and the caller."""
    return sorted({server.name, "root", pwd.getpwuid(os.geteuid()).pw_name})


def hba() -> str:
    """Only the socket, and only accounts the kernel vouches for."""
    return "# written at every start by commandcenter\nlocal all all peer map=commandcenter\n"


def ident(users: list[str]) -> str:
    """Which account may be which role: root under peer authentication is not the role postgres by itself."""
    lines = [f"commandcenter {user} {role}" for user in users for role in (ADMIN, APPLICATION)]
    return "# written at every start by commandcenter\n" + "\n".join(lines) + "\n"


def settings(socket_dir: Path, *, memory_bytes: int, cpus: int, safe: bool = True) -> dict[str, str]:
    """Server settings for a machine; ``safe=False`` trades durability for speed and is for tests alone."""
    shared_mib = max(64, min(4096, memory_bytes // 8 // MIB)) if safe else 128
    chosen = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(256, memory_bytes // 2 // MIB)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{max(64, min(1024, memory_bytes // 32 // MIB))}MB",
        "max_worker_processes": str(max(8, cpus)),
        "max_parallel_workers": str(cpus),
        "max_parallel_workers_per_gather": str(max(1, min(4, cpus))),
        "max_parallel_maintenance_workers": str(max(1, min(4, cpus))),
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        # tile queries are short: compiling them costs more than running them
        "jit": "off",
        "wal_compression": "on",
        "min_wal_size": "256MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "synchronous_commit": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_line_prefix": "%m [%p] %a ",
    }
    if _shared_memory_bytes() < SMALL_SHARED_MEMORY:
        chosen["dynamic_shared_memory_type"] = "mmap"
    if not safe:
        chosen |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "1GB", "logging_collector": "off"}
    return chosen


def as_conf(chosen: dict[str, str]) -> str:
    """Settings as PostgreSQL reads them."""
    quoted = (f"{name} = '{value}'" for name, value in chosen.items())
    return (
        "# written at every start by commandcenter; your own settings go into postgresql.conf below the include\n"
        + "\n".join(quoted)
        + "\n"
    )


def memory_bytes() -> int:
    """The machine's memory in bytes, or the container's limit where one is set."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return physical
    return min(physical, int(limit)) if limit.isdigit() else physical


def _shared_memory_bytes() -> int:
    try:
        place = os.statvfs("/dev/shm")
    except OSError:
        return 0
    return place.f_frsize * place.f_blocks
