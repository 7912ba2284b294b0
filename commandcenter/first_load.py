"""What a start does to a city's database before it is served: fills an empty one, renews what the files now say of a full one, opens a demo's accounts."""

from __future__ import annotations

from datetime import UTC, datetime

from commandcenter.cases import store as case_store
from commandcenter.cases.shipped import DEMO_MEMBERS, write_demo_departments, write_shipped
from commandcenter.city import City, load_city
from commandcenter.config import Settings
from commandcenter.db.connect import connect
from commandcenter.db.registers import write_city
from commandcenter.db.run import acting
from commandcenter.demo.accounts import make_accounts, table_of
from commandcenter.demo.load import load_demo
from commandcenter.demo.renew import renew_demo
from commandcenter.security.builtin import ACCOUNT_COMMANDS, STEWARD
from commandcenter.setup import say
from commandcenter.text import Text
from ingest.cities_load import load_city_data
from ingest.store import count_of


def load_if_empty(settings: Settings) -> None:
    """Fill an empty database with its city: the synthetic one from its seed, a real one from its files."""
    city = load_city(settings.city)
    if not _renewed(settings, city):
        _fill(settings, city)
    with connect(settings) as connection:
        connection.autocommit = True
        if write_shipped(connection):
            say.step(Text("写入立案标准与工作日历", "Writing standards of cases and the working calendar"))
        if city.synthetic:
            write_demo_departments(connection)


def _fill(settings: Settings, city: City) -> None:
    ticker = say.Ticker()
    if city.synthetic:
        size = settings.demo_size
        say.step(
            Text(f"载入模拟城市 {city.name}（规模 {size}）", f"Loading the synthetic city {city.name_en} (size {size})")
        )
        load_demo(settings, size, settings.demo_seed, ticker)
    else:
        folder = settings.test_data
        say.step(Text(f"从 {folder} 载入 {city.name}", f"Loading {city.name_en} from {folder}"))
        load_city_data(settings, folder, ticker)
    say.clear_progress()


def make_demo_accounts(settings: Settings) -> None:
    """Give a synthetic city without accounts one for each role; their passwords are printed here, once, and kept nowhere."""
    if not load_city(settings.city).synthetic:
        return
    with connect(settings) as connection:
        connection.autocommit = True
        made = make_accounts(connection)
        if made:
            with acting(connection, ACCOUNT_COMMANDS):
                case_store.join_departments(connection, DEMO_MEMBERS)
    if made:
        say.step(
            Text("演示账号（账号、口令、岗位）：口令只显示这一次", "Demonstration accounts (name, password, role): the passwords are shown this once")
        )
        print("\n".join(table_of(made)), flush=True)


def _renewed(settings: Settings, city: City) -> bool:
    """Whether the database holds the city already; then a city file changed since is heard, and a demo's clock moves along."""
    with connect(settings) as connection, acting(connection, STEWARD):
        if not count_of(connection, "grid"):  # the last thing a load makes: a real city's load stopped half-way goes on
            return False
        write_city(connection, city.row)
        if city.synthetic and renew_demo(connection, datetime.now(UTC)):
            say.step(Text("模拟事项的时间已移到今天", "The synthetic cases were moved along to today"))
    return True
