"""The virtual environment in .venv, made from the pinned requirements; a second run sees its stamp and is done."""

from __future__ import annotations

import shutil
import sys

from commandcenter.causes import SetupFault, unwritable
from commandcenter.setup.place import LOG, ROOT, VENV, VENV_PYTHON, fingerprint, stamped
from commandcenter.setup.say import watched
from commandcenter.text import Text

OLDEST_PYTHON = (3, 11)
RUNTIME, DEVELOPMENT, CONSTRAINTS = (
    ROOT / name for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt")
)


def install_environment(*, development: bool) -> None:
    """Bring .venv to the pinned packages. Raises SetupFault with one sentence."""
    if sys.version_info < OLDEST_PYTHON:
        found = sys.version.split()[0]
        raise SetupFault(
            Text(f"需要 Python 3.11 或更新，现为 {found}。", f"Python 3.11 or newer is needed; this is {found}.")
        )
    _make_venv()
    wanted = fingerprint(sys.version.split()[0], RUNTIME, CONSTRAINTS)
    _install(RUNTIME.name, "runtime", wanted, Text("安装 Python 软件包", "Installing the Python packages"))
    if development:
        wanted = fingerprint(wanted, DEVELOPMENT)
        _install(DEVELOPMENT.name, "development", wanted, Text("安装测试用软件包", "Installing the packages for tests"))


def _make_venv() -> None:
    if VENV_PYTHON.exists():
        return
    try:
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir()
    except OSError as refused:
        raise unwritable(ROOT, refused) from refused
    doing = Text("建立 Python 虚拟环境 .venv", "Making the virtual environment .venv")
    watched([sys.executable, "-m", "venv", str(VENV)], doing, log=LOG, cwd=ROOT)


def _install(requirements: str, name: str, wanted: str, doing: Text) -> None:
    stamp = VENV / f".{name}.stamp"
    if stamped(stamp, wanted):
        return
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    watched([*pip, "-r", requirements, "-c", CONSTRAINTS.name], doing, log=LOG, cwd=ROOT)
    try:
        stamp.write_text(wanted, encoding="utf-8")
    except OSError as refused:
        raise unwritable(VENV, refused) from refused
