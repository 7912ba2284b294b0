"""``python -m commandcenter``: the commands of one city. The heavy rooms are entered only by the command that needs them."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from commandcenter.cases.standards_words import add_words as add_standard_words
from commandcenter.causes import SetupFault, cause_of
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.cluster_make import FREE_TO_START, need_space
from commandcenter.errors import CommandCenterError, SettingsFault
from commandcenter.people.command_words import add_words as add_people_words
from commandcenter.security.command_words import add_words
from commandcenter.setup import say
from commandcenter.setup.__main__ import adopt
from commandcenter.setup.preflight import check_data_dir, held_port, run_lock, stop_run, url_of
from commandcenter.text import Text


@contextmanager
def city_database(settings: Settings) -> Iterator[tuple[Settings, PrivateCluster | None]]:
    """The city's database, up and migrated: the server of COMMANDCENTER_DATABASE_URL, else the private cluster."""
    from commandcenter.db.connect import application_dsn  # noqa: PLC0415  (set-up commands run without psycopg)
    from commandcenter.db.migrate import prepare_database  # noqa: PLC0415  (a heavy room)

    def migrate(admin_dsn: str) -> Settings:
        say.step(Text(f"准备数据库 {settings.city}", f"Preparing the database of {settings.city}"))
        prepare_database(admin_dsn, settings)
        return settings.with_dsn(application_dsn(settings))

    if settings.database_url is not None:
        yield migrate(_readable_url(settings.database_url)), None
        return
    check_data_dir(settings.data_dir)
    with PrivateCluster(settings.data_dir).in_use(say.step) as cluster:
        yield migrate(cluster.admin_dsn()), cluster


def run(settings: Settings, words: argparse.Namespace) -> int:
    """Bring up the database, load the city if it is empty (``serve``: take it as it is), and serve it until Ctrl-C."""
    from commandcenter.serve import keep_log, serve  # noqa: PLC0415  (a heavy room)

    with run_lock(settings), held_port(settings) as listener:
        keep_log(settings)
        with city_database(settings) as (ready, cluster):
            if words.command == "run":
                from commandcenter.first_load import load_if_empty, make_demo_accounts  # noqa: PLC0415  (a heavy room)

                load_if_empty(ready)
                make_demo_accounts(ready)
            _check_identity_provider(ready)
            say.step(Text("启动网页服务", "Starting the web process"))
            from app import build_app  # noqa: PLC0415  (a heavy room)

            serve(ready, build_app(ready), listener, lambda: _announce(ready), cluster)
            say.step(Text("正在停止", "Stopping"))
    say.step(Text("已停止", "Stopped"))
    return 0


def work(settings: Settings, words: argparse.Namespace) -> int:
    """Carry out imports and what else was asked for at the data desk, until Ctrl-C."""
    from commandcenter.serve import keep_log  # noqa: PLC0415  (a heavy room)
    from commandcenter.worker.process import end_with_parent, work  # noqa: PLC0415  (a heavy room)

    keep_log(settings, "worker", on_terminal=not words.attached)
    if words.attached:  # the server that started us keeps the database up, and reads no terminal
        end_with_parent()
        work(settings, lambda _: None)
        return 0
    with city_database(settings) as (ready, _cluster):
        say.step(Text("处理导入任务，Ctrl-C 停止", "Carrying out imports, Ctrl-C stops"))
        work(ready, say.step)
    say.step(Text("已停止", "Stopped"))
    return 0


def fetch(settings: Settings, words: argparse.Namespace) -> int:
    """Fetch and load the sources that say where they are fetched, once and now; exit code 1 when one did not come."""
    from commandcenter.serve import keep_log  # noqa: PLC0415  (a heavy room)
    from commandcenter.worker.fetching import fetch_now  # noqa: PLC0415  (a heavy room)

    chosen = settings if words.data_dir is None else replace(settings, data_dir=words.data_dir)
    keep_log(chosen, "fetch", on_terminal=False)
    with city_database(chosen) as (ready, _cluster):
        return 0 if fetch_now(ready, words.mapping, say.step) else 1


def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database to this version's schema, and nothing more."""
    with city_database(settings):
        say.step(Text("数据库已是最新", "The database is up to date"))
    return 0


def cluster(settings: Settings, words: argparse.Namespace) -> int:
    """Start, stop or describe the private cluster."""
    private = PrivateCluster(settings.data_dir)
    if words.what == "start":
        check_data_dir(settings.data_dir)
        private.start(say.step)
        private.keep()
    elif words.what == "stop" and not private.stop_unless_used():
        raise SetupFault(
            Text(
                "数据库正被别的命令使用：先停止它（make stop）。",
                "The database is used by another command: stop that first (make stop).",
            )
        )
    up = private.running()
    state = (
        Text("运行中", "running")
        if up
        else Text("已停止", "stopped")
        if private.exists()
        else Text("尚未建立", "not made yet")
    )
    say.step(Text(f"本机数据库{state.zh}：{private.home}", f"Private database cluster {state.en}: {private.home}"))
    return 0 if up or words.what != "status" else 3


def stop(settings: Settings, _: argparse.Namespace) -> int:
    """Stop what serves this city, and the cluster it may have left behind."""
    stopped = stop_run(settings)
    if settings.database_url is None:
        PrivateCluster(settings.data_dir).stop_unless_used()
    say.step(Text("已停止", "Stopped") if stopped else Text("没有在运行", "Nothing was running"))
    return 0


def psql(settings: Settings, words: argparse.Namespace) -> int:
    """An SQL prompt in the city's database, as the administrator; the server has to be up."""
    if settings.database_url is None and not PrivateCluster(settings.data_dir).running():
        raise SetupFault(
            Text(
                "数据库没有运行：先执行 python -m commandcenter cluster start。",
                "The database is down: run python -m commandcenter cluster start first.",
            )
        )
    dsn = settings.database_url or PrivateCluster(settings.data_dir).admin_dsn(settings.database_name)
    try:
        os.execvp("psql", ["psql", dsn, *words.arguments])
    except FileNotFoundError as missing:
        raise SetupFault(Text("本机没有 psql。", "There is no psql here.")) from missing


def doctor(settings: Settings, _: argparse.Namespace) -> int:
    """Check what a start or a restore may have lost: versions, schema, leakproof marks; exit code 1 when something is amiss."""
    from commandcenter.db.connect import connect  # noqa: PLC0415  (a heavy room)
    from commandcenter.db.migrate import fitness, newest_revision  # noqa: PLC0415  (a heavy room)

    with city_database(settings) as (ready, _cluster), connect(ready) as connection:
        found = fitness(connection)
    newest = newest_revision()
    checks = (
        (True, f"PostgreSQL {found.postgresql}, PostGIS {found.postgis}"),
        (found.revision == newest, f"schema {found.revision} ({newest})"),
        (found.leakproof, "leakproof &&, ~, @"),
    )
    for good, what in checks:
        print(f"{'✓' if good else '✗'} {what}")
    return 0 if all(good for good, _what in checks) else 1


def verify_audit(settings: Settings, _: argparse.Namespace) -> int:
    """Walk the audit's chain beside its signed heads; exit code 1 with the first bad row named when it is not whole."""
    from commandcenter.audit.heads import Heads  # noqa: PLC0415  (a heavy room)
    from commandcenter.audit.seal import KEEPER  # noqa: PLC0415  (a heavy room)
    from commandcenter.audit.verify import need_whole, verify  # noqa: PLC0415  (a heavy room)
    from commandcenter.db.connect import connect  # noqa: PLC0415  (a heavy room)

    with city_database(settings) as (ready, _cluster), connect(ready) as connection:
        verdict = verify(connection, Heads(ready.data_dir, ready.city), KEEPER)
    need_whole(verdict)
    say.step(verdict.sentence)
    return 0


def leak_matrix(settings: Settings, words: argparse.Namespace) -> int:
    """Try every door as every role in sample places of the city; exit code 1 when something leaked, a door did not answer, or one has no row."""
    from commandcenter.leaks.commands import carry_out  # noqa: PLC0415  (a heavy room)
    from commandcenter.serve import keep_log  # noqa: PLC0415  (a heavy room)

    keep_log(settings, "leaks", on_terminal=False)
    out = sys.stdout
    with redirect_stdout(sys.stderr), city_database(settings) as (ready, private):  # what is printed may be read by a program
        admin_dsn = ready.database_url if private is None else private.admin_dsn(ready.database_name)
        assert admin_dsn is not None
        return 0 if carry_out(ready, admin_dsn, out, as_json=words.json, seconds=words.seconds) else 1


def user(settings: Settings, words: argparse.Namespace) -> int:
    """Propose, reset or shut an account, list them, or make the first three administrators. Nothing here lets an account in."""
    from commandcenter.city import load_city  # noqa: PLC0415  (a heavy room)
    from commandcenter.security import commands  # noqa: PLC0415  (a heavy room)
    from commandcenter.web.account_sheet import sheet_rows  # noqa: PLC0415  (a heavy room)

    listed = (sheet_rows(words.file), ZoneInfo(load_city(settings.city).time_zone)) if words.act == "import" else None
    with city_database(settings) as (ready, _cluster):
        commands.carry_out(ready, words, listed)
    return 0


def people(settings: Settings, words: argparse.Namespace) -> int:
    """Find or erase somebody of the register who asks for it by law."""
    from commandcenter.people import commands  # noqa: PLC0415  (a heavy room)

    with city_database(settings) as (ready, _cluster):
        commands.carry_out(ready, words)
    return 0


def standards(settings: Settings, words: argparse.Namespace) -> int:
    """Take in a city's own standard of cases, or say what it would change."""
    from commandcenter.cases import standards_commands  # noqa: PLC0415  (a heavy room)

    with city_database(settings) as (ready, _cluster):
        standards_commands.carry_out(ready, words)
    return 0


COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "run": run,
    "serve": run,
    "work": work,
    "fetch": fetch,
    "migrate": migrate,
    "cluster": cluster,
    "stop": stop,
    "psql": psql,
    "doctor": doctor,
    "verify-audit": verify_audit,
    "leak-matrix": leak_matrix,
    "user": user,
    "people": people,
    "standards": standards,
}
ABOUT = {
    "run": "database up, city loaded if empty, served until Ctrl-C",
    "serve": "as run, but the database is served as it is, even empty",
    "work": "carry out imports asked for at the data desk (run and serve start one themselves)",
    "fetch": "fetch and load sources whose mappings say where they come from, once and now (the worker does so when they are due)",
    "migrate": "bring the database to this version's schema",
    "cluster": "start, stop or status of the private database cluster",
    "stop": "stop what serves this city, and its cluster",
    "psql": "an SQL prompt in the city's database; arguments go to psql",
    "doctor": "check versions, schema and leakproof marks",
    "verify-audit": "walk the audit's chain and its signed heads; names the first bad row",
    "leak-matrix": "try every door as every role in every place of the city, read-only, and print what leaked",
    "user": "accounts: first (the three administrators), add, import (a workbook), reset, disable, list; new ones wait for the security administrator",
    "people": "find or erase somebody of the household register who asks for it by law",
    "standards": "take in a city's own standard of cases (workbook or CSV): what is filed under which condition, and how long it may take",
}


def main(arguments: list[str]) -> int:
    """Run one command. A failure is one sentence in each language and exit code 1; a stack trace goes to the log alone."""
    # A shell that starts us in the background has SIGINT ignored, and we would inherit that: Ctrl-C has to work
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupted)
    settings = Settings()
    try:
        words = _words(arguments)
        settings = Settings.from_env()
        return COMMANDS[words.command](settings, words)
    except CommandCenterError as error:
        say.fault(error)
        return 1
    except KeyboardInterrupt:
        say.clear_progress()
        return 130
    except Exception as error:
        say.fault(_unforeseen(settings, error))
        return 1


def _words(arguments: list[str]) -> argparse.Namespace:
    """The command line understood; only psql takes words we do not know."""
    parser = _parser()
    words, others = parser.parse_known_args(adopt(arguments))
    if others and words.command != "psql":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    words.arguments = others
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m commandcenter", description="城市指挥中心 | Smart-city command center"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in ABOUT.items():
        command = commands.add_parser(name, help=about, description=about)
        if name == "cluster":
            command.add_argument("what", choices=("start", "stop", "status"))
        if name == "fetch":
            command.add_argument("mapping", nargs="*", help="name of a mapping with [fetch]; without one all of the city")
            command.add_argument("--data-dir", type=Path, help="data folder (default: COMMANDCENTER_DATA_DIR)")
        if name == "user":
            add_words(command)
        if name == "leak-matrix":
            command.add_argument("--json", action="store_true", help="every try's verdict as JSON instead of the table")
            command.add_argument("--seconds", type=float, default=180.0, help="give up after this long, and say so (default: 180)")
        if name == "people":
            add_people_words(command)
        if name == "standards":
            add_standard_words(command)
        if name == "work":
            command.add_argument("--attached", action="store_true", help=argparse.SUPPRESS)
    return parser


def _readable_url(url: str) -> str:
    """The URL, if it can be read as one; the sentence does not repeat it, because it may hold a password."""
    import psycopg  # noqa: PLC0415  (a heavy room)

    try:
        psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise SettingsFault(
            Text(
                "COMMANDCENTER_DATABASE_URL 应写作 postgresql://用户:密码@主机:5432/数据库。",
                "COMMANDCENTER_DATABASE_URL must look like postgresql://user:password@host:5432/database.",
            )
        ) from None
    return url


def _check_identity_provider(settings: Settings) -> None:
    """Whether the mapping of claims names what this city has; an unknown role stops the start, an unknown place is said."""
    if settings.identity_provider is None:
        return
    from commandcenter.db.connect import connect  # noqa: PLC0415  (a heavy room)
    from commandcenter.security.identity import check_mapping  # noqa: PLC0415  (a heavy room)

    with connect(settings) as connection:
        for warning in check_mapping(connection, settings.identity_provider):
            say.step(warning)


def _announce(settings: Settings) -> None:
    say.step(Text(f"已就绪，请打开 {url_of(settings)}，Ctrl-C 停止", f"Ready: open {url_of(settings)}, Ctrl-C stops"))


def _unforeseen(settings: Settings, error: Exception) -> CommandCenterError:
    """A fault nobody wrote a sentence for: its cause if the disk is to blame, else where to read on."""
    log = settings.data_dir / "logs" / "faults.log"
    said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    unknown = Text(f"出现意外错误：{said}（详见 {log}）", f"Something unforeseen happened: {said} (details in {log})")
    lost = Text(
        f"与数据库的连接中断，未完成的一步没有写入：请再运行一次（详见 {log}）",
        f"The connection to the database was lost and the unfinished step is not written: run it again (details in {log})",
    )
    cut_off = type(error).__name__ == "OperationalError"
    # a server that finds its disk full ends without saying so to us
    fault = SetupFault(cause_of(str(error)) or (cut_off and _full_disk(settings)) or (lost if cut_off else unknown))
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as kept:
            kept.write(f"--- {fault.id}\n{''.join(traceback.format_exception(error))}")
    except OSError:
        return fault
    return fault


def _full_disk(settings: Settings) -> Text | None:
    if settings.database_url is not None:
        return None
    try:
        need_space(PrivateCluster(settings.data_dir).home, FREE_TO_START)
    except SetupFault as full:
        return full.sentence
    return None


def _interrupted(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
