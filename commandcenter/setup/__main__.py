"""``python3 -m commandcenter.setup run|install|test|bench|lint|bless [NAME=value ...]``: what make calls.

It needs nothing but Python and its standard library, installs what is missing, and hands over to the virtual environment.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from commandcenter.causes import SetupFault
from commandcenter.config import PREFIX, Settings
from commandcenter.errors import CommandCenterError, SettingsFault
from commandcenter.setup import say
from commandcenter.setup.environment import install_environment
from commandcenter.setup.front_end import install_front_end
from commandcenter.setup.place import ROOT, VENV_PYTHON
from commandcenter.setup.preflight import held_by, held_port, run_lock
from commandcenter.setup.system import install_system_packages
from commandcenter.text import Text

# What a person may write behind make: `make run CITY=manhattan DATA=../shared/data`
SHORT_NAMES = {
    "CITY": "CITY",
    "DATA": "TEST_DATA",
    "SIZE": "DEMO_SIZE",
    "SEED": "DEMO_SEED",
    "PORT": "PORT",
    "HOST": "HOST",
    "LANGUAGE": "LANGUAGE",
    "DATA_DIR": "DATA_DIR",
    "DATABASE_URL": "DATABASE_URL",
}
IN_TWO = ("-n", "2", "--dist", "loadgroup")  # half of a test is waiting for PostgreSQL or a browser
CHECKS = (("ruff", "check", "."), ("mypy",), ("lint-imports",))


def install(settings: Settings, *, tests: bool = False) -> None:
    """Bring the machine, the virtual environment and the front end to what this version needs."""
    with run_lock(settings, "setup"):
        install_system_packages(database=tests or settings.database_url is None, browser=tests)
        install_environment(development=tests)
        install_front_end()


def run(settings: Settings, arguments: list[str]) -> int:
    """Set up, then become the command center."""
    running = held_by(settings)
    if running is not None:
        with run_lock(settings):  # says who is running
            pass
    with held_port(settings):
        install(settings)
    _become(str(VENV_PYTHON), "-m", "commandcenter", "run", *arguments)


def test(settings: Settings, arguments: list[str]) -> int:
    """Set up with everything tests need, then run them in two processes; pytest's exit code is ours."""
    install(settings, tests=True)
    _become(str(VENV_PYTHON), "-m", "pytest", *IN_TWO, *arguments)


def bless(settings: Settings, arguments: list[str]) -> int:
    """Accept today's output as the golden files."""
    return test(settings, ["--bless", *arguments])


def bench(settings: Settings, arguments: list[str]) -> int:
    """Measure, and write docs/benchmarks.md."""
    install(settings, tests=True)
    _become(str(VENV_PYTHON), "-m", "benchmarks", *arguments)


def lint(settings: Settings, arguments: list[str]) -> int:
    """Style, types and who imports whom; every check runs even when an earlier one fails."""
    install(settings, tests=True)
    bin_folder = VENV_PYTHON.parent
    failed = [
        name
        for name, *rest in CHECKS
        if subprocess.run([str(bin_folder / name), *rest], cwd=ROOT, check=False).returncode
    ]
    if failed:
        listed = "、".join(failed)
        raise SetupFault(Text(f"未通过：{listed}。", f"Not passed: {', '.join(failed)}."))
    return 0


def prepare(settings: Settings, _: list[str]) -> int:
    """Install everything, run nothing."""
    install(settings)
    return 0


COMMANDS: dict[str, Callable[[Settings, list[str]], int]] = {
    "run": run,
    "test": test,
    "bless": bless,
    "bench": bench,
    "lint": lint,
    "install": prepare,
}


def main(arguments: list[str]) -> int:
    """Run one command; a failure is a sentence in each language and exit code 1 (2 for a command line not understood)."""
    # A shell that starts us in the background has SIGINT ignored, and we would inherit that: Ctrl-C has to work
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupted)
    os.chdir(ROOT)
    if not arguments or arguments[0] not in COMMANDS:
        print(f"python3 -m commandcenter.setup {'|'.join(COMMANDS)} [{'=… '.join(SHORT_NAMES)}=…]", file=sys.stderr)
        return 2
    try:
        rest = adopt(arguments[1:])
        return COMMANDS[arguments[0]](Settings.from_env(), rest + shlex.split(os.environ.get("ARGS", "")))
    except CommandCenterError as error:
        say.fault(error)
        return 1
    except KeyboardInterrupt:
        say.clear_progress()
        return 130


def adopt(arguments: list[str]) -> list[str]:
    """Take ``NAME=value`` words into the environment as settings; what is no such word stays an argument."""
    rest = []
    for word in arguments:
        name, equals, value = word.partition("=")
        if not equals or not name.isupper():
            rest.append(word)
        elif name in SHORT_NAMES:
            os.environ[PREFIX + SHORT_NAMES[name]] = value
        elif name not in ("ARGS", "PYTHON") and not name.startswith(PREFIX):
            listed = ", ".join(SHORT_NAMES)
            raise SettingsFault(
                Text(f"不认识的设置 {name}，可用：{listed}。", f"The setting {name} is unknown; there are {listed}.")
            )
    return rest


def _interrupted(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _become(*command: str) -> NoReturn:
    sys.stdout.flush()
    os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
