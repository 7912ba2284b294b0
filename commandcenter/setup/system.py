"""The system packages: PostgreSQL with PostGIS, and for the tests Chromium and a CJK font; only what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commandcenter.causes import SetupFault
from commandcenter.db.server_programs import usable_majors
from commandcenter.setup.place import LOG, ROOT
from commandcenter.setup.say import watched
from commandcenter.text import Text

MAJORS = (15, 16, 17, 18)  # the first one this Debian offers with PostGIS
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
NO_MAIN_CLUSTER = "/etc/postgresql-common/createcluster.d/commandcenter-setup.conf"


def missing_packages(*, database: bool, browser: bool) -> list[str]:
    """What has to be installed; ``postgresql`` stands for the server with PostGIS of whichever version apt offers."""
    missing = []
    if importlib.util.find_spec("ensurepip") is None:
        missing.append(f"python3.{sys.version_info.minor}-venv")
    if database and not usable_majors():
        missing.append("postgresql")
    if browser and not any(shutil.which(name) for name in BROWSERS):
        missing.append("chromium")
    if browser and not any(any(folder.rglob("*CJK*")) for folder in FONT_FOLDERS):
        missing.append("fonts-noto-cjk")
    return missing


def install_system_packages(*, database: bool, browser: bool = False) -> None:
    """Install what is missing with apt, as root or through sudo. Raises SetupFault where that cannot be."""
    missing = missing_packages(database=database, browser=browser)
    if not missing:
        return
    as_root = _root_prefix(missing)
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-y", "-q"]
    watched([*apt, "update"], Text("更新软件包目录", "Refreshing the package lists"), log=LOG, cwd=ROOT)
    chosen = _spelled_out(missing)
    with _no_main_cluster(as_root) if database else _as_it_is():
        names = " ".join(chosen)
        watched(
            [*apt, "install", "--no-install-recommends", *chosen],
            Text(f"安装系统软件包：{names}", f"Installing system packages: {names}"),
            log=LOG,
            cwd=ROOT,
        )


def _root_prefix(missing: list[str]) -> list[str]:
    """How to become root for apt: nothing for root, sudo for others, one sentence where neither works."""
    names = " ".join(_debian_12_names(missing))
    if shutil.which("apt-get") is None:
        raise SetupFault(
            Text(
                f"缺少 {names}，而本机没有 apt-get：请用本机的软件包管理器安装。",
                f"{names} are missing and there is no apt-get here: install them with this system's package manager.",
            )
        )
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is not None:
        asked = ["sudo", "-v"] if sys.stdin.isatty() else ["sudo", "-n", "true"]
        if subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return ["sudo", "--preserve-env=http_proxy,https_proxy,no_proxy"]
    raise SetupFault(
        Text(
            f"安装系统软件包需要管理员权限，而本账号不能使用 sudo：请管理员执行 apt-get install {names}。",
            f"Installing system packages needs administrator rights and this account has no sudo: have an administrator run apt-get install {names}.",
        )
    )


def _debian_12_names(missing: list[str]) -> list[str]:
    return [name for package in missing for name in (_server(MAJORS[0]) if package == "postgresql" else [package])]


def _server(major: int) -> list[str]:
    return [f"postgresql-{major}", f"postgresql-{major}-postgis-3"]


def _spelled_out(missing: list[str]) -> list[str]:
    """The package names apt knows on this Debian."""
    names = [package for package in missing if package != "postgresql"]
    if "postgresql" in missing:
        offered = (major for major in MAJORS if all(_known_to_apt(name) for name in _server(major)))
        names += _server(next(offered, MAJORS[0]))
    return names


def _known_to_apt(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


@contextmanager
def _no_main_cluster(as_root: list[str]) -> Iterator[None]:
    """While the server package installs, Debian shall not make its own cluster on port 5432: we need none."""
    folder = os.path.dirname(NO_MAIN_CLUSTER)
    subprocess.run([*as_root, "mkdir", "-p", folder], check=False)
    subprocess.run(
        [*as_root, "tee", NO_MAIN_CLUSTER],
        input=b"create_main_cluster = false\n",
        stdout=subprocess.DEVNULL,
        check=False,
    )
    try:
        yield
    finally:
        subprocess.run([*as_root, "rm", "-f", NO_MAIN_CLUSTER], check=False)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
