"""``python -m ingest``: load one file by its mapping, or a whole city by its city file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from commandcenter.city import City, city_keys, load_city
from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.connect import application_dsn, connect
from commandcenter.db.migrate import prepare_database
from commandcenter.db.registers import finish_load, write_city
from commandcenter.db.run import acting
from commandcenter.errors import CommandCenterError
from commandcenter.security.builtin import STEWARD
from commandcenter.text import Text
from ingest.cities_load import load_city_data, settle
from ingest.load import Report, load_file
from ingest.mapping import load_mapping, mapping_names
from ingest.withdraw import withdraw_run


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 a file or mapping is at fault, 2 the command was not understood."""
    words = _parser().parse_args(arguments)
    try:
        return int(words.run(Settings.from_env(), words))
    except CommandCenterError as fault:
        if getattr(words, "json", False):
            print(json.dumps({"error": fault.sentence._asdict()}, ensure_ascii=False))
        else:
            print(f"{fault.sentence.zh}\n{fault.sentence.en}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description=__doc__)
    commands = parser.add_subparsers(required=True)
    load = commands.add_parser("load", help="导入一个文件 / load one file by its mapping")
    load.add_argument("mapping", help="name of a mapping (see: mappings) or path of a mapping file")
    load.add_argument("file", type=Path)
    load.add_argument("--city", help="key of the city (default: COMMANDCENTER_CITY)")
    load.add_argument("--dry-run", action="store_true", help="只检查，不写入 / check everything, write nothing")
    load.add_argument("--accept-vanished", action="store_true", help="文件确已不含大量旧行 / rows may be gone, however many")
    load.add_argument("--json", action="store_true", help="以 JSON 报告 / report as JSON")
    load.set_defaults(run=_load)
    look = commands.add_parser("inspect", help="看清一个文件，起草映射 / say what a file is and draft its mapping")
    look.add_argument("file", type=Path)
    look.add_argument("--city", help="key of the city (default: COMMANDCENTER_CITY)")
    look.add_argument("--json", action="store_true", help="以 JSON 报告 / report as JSON")
    look.add_argument("--mapping", type=Path, help="把起草的映射写到此文件 / write the drafted mapping here")
    look.add_argument("--roads", action="store_true", help="用本市数据库中的道路与边界佐证坐标系 / ask the city's own roads and borders about the CRS")
    look.set_defaults(run=_inspect)
    back = commands.add_parser("withdraw", help="撤回一次导入 / take a whole load back")
    back.add_argument("run_id", type=int)
    back.add_argument("--city", help="key of the city (default: COMMANDCENTER_CITY)")
    back.set_defaults(run=_withdraw)
    city = commands.add_parser("city", help="导入整个城市 / load all files of a city file")
    city.add_argument("key", help=f"key of the city: {', '.join(city_keys())}")
    city.add_argument("--data", type=Path, help="folder of the files (default: COMMANDCENTER_TEST_DATA)")
    city.add_argument("--json", action="store_true", help="以 JSON 报告 / report as JSON")
    city.set_defaults(run=_city)
    listed = commands.add_parser("mappings", help="列出映射 / list the mappings")
    listed.set_defaults(run=_mappings)
    return parser


def _load(settings: Settings, words: argparse.Namespace) -> int:
    city = load_city(words.city or settings.city)
    mapping = load_mapping(words.mapping)
    say = _Progress(quiet=words.json)
    with _database(settings, city, say) as ready, connect(ready) as connection:
        connection.autocommit = True
        if not words.dry_run:
            with acting(connection, STEWARD):
                write_city(connection, city.row)
        report = load_file(
            connection, STEWARD, mapping, words.file, city, dry_run=words.dry_run, accept_vanished=words.accept_vanished,
            progress=lambda count: say(f"{count:,}"),
        )  # fmt: skip
        if not words.dry_run and report.tally.loaded:
            settle(connection, city, [report], say)
    _print([report], words.json, say)
    return 1 if report.warning is not None else 0


def _inspect(settings: Settings, words: argparse.Namespace) -> int:
    from ingest.inspecting import inspect_file  # noqa: PLC0415  (loads never need it)

    city = load_city(words.city or settings.city)
    if words.roads:
        with _database(settings, city, _Progress(quiet=words.json)) as ready, connect(ready) as connection:
            connection.autocommit = True
            found = inspect_file(words.file, city, connection)
    else:
        found = inspect_file(words.file, city)
    if words.mapping is not None:
        words.mapping.write_text(found.draft_mapping(), encoding="utf-8")
    if words.json:
        print(json.dumps(found.as_json(), ensure_ascii=False, indent=1, default=str))
        return 0
    for sentence in found.sentences():
        print(f"{sentence.zh}\n{sentence.en}")
    return 0


def _withdraw(settings: Settings, words: argparse.Namespace) -> int:
    city = load_city(words.city or settings.city)
    say = _Progress(quiet=False)
    with _database(settings, city, say) as ready, connect(ready) as connection:
        connection.autocommit = True
        with acting(connection, STEWARD):
            done = withdraw_run(connection, STEWARD, words.run_id)
            finish_load(connection, say, tables={done.target})
    say.done()
    print(f"{done.sentence.zh}\n{done.sentence.en}")
    return 0


def _city(settings: Settings, words: argparse.Namespace) -> int:
    city = load_city(words.key)
    say = _Progress(quiet=words.json)
    with _database(settings, city, say) as ready:
        reports = load_city_data(ready, words.data or settings.test_data, say)
    _print(reports, words.json, say)
    return 1 if any(report.warning is not None for report in reports) else 0


def _mappings(settings: Settings, words: argparse.Namespace) -> int:
    for name in mapping_names():
        mapping = load_mapping(name)
        print(f"{name:24} {mapping.reader:8} -> {mapping.target:14} {mapping.title.zh} / {mapping.title.en}")
    return 0


@contextmanager
def _database(settings: Settings, city: City, say: _Progress) -> Iterator[Settings]:
    """The city's own database, up and migrated."""
    chosen = replace(settings, city=city.key)
    if chosen.database_url is not None:
        prepare_database(chosen.database_url, chosen)
        yield chosen.with_dsn(application_dsn(chosen))
        return
    with PrivateCluster(chosen.data_dir).in_use(lambda text: say(f"{text.zh} / {text.en}")) as cluster:
        prepare_database(cluster.admin_dsn(), chosen)
        yield chosen.with_dsn(application_dsn(chosen))


def _print(reports: list[Report], as_json: bool, say: _Progress) -> None:
    say.done()
    if as_json:
        print(json.dumps([report.as_json for report in reports], ensure_ascii=False, indent=1))
        return
    for report in reports:
        for sentence in (report.sentence, report.warning):
            if isinstance(sentence, Text):
                print(f"{sentence.zh}\n{sentence.en}")


class _Progress:
    """One line that renews itself on a terminal; silence elsewhere and for machines."""

    def __init__(self, quiet: bool) -> None:
        self._shown = not quiet and sys.stderr.isatty()

    def __call__(self, line: str) -> None:
        if self._shown:
            print(f"\r\033[K  {line[:110]}", end="", file=sys.stderr, flush=True)

    def done(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
