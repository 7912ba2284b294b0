"""What all tests stand on: a real PostgreSQL of their own, a migrated template, and a little city."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from commandcenter.config import Settings
from commandcenter.db.cluster import PrivateCluster
from commandcenter.db.cluster_files import memory_bytes
from commandcenter.db.migrate import prepare_database
from tests import city
from tests.serving import ServedApplication

TEMPLATE = "commandcenter_template"
GOLDEN = Path(__file__).parent / "golden"
IN_MEMORY, ROOM_BYTES = Path("/dev/shm"), 4 << 30
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


@dataclass(frozen=True)
class TestDatabase:
    """One database of the test cluster: how the administrator and how the application role reach it."""

    __test__ = False
    name: str
    admin_dsn: str
    app_dsn: str

    def connect(self) -> psycopg.Connection:
        """A connection as the application role; the caller closes it."""
        return psycopg.connect(self.app_dsn)

    @property
    def settings(self) -> Settings:
        """Settings of a web process over this database."""
        return Settings(app_dsn=self.app_dsn, pool_size=2, tile_cache_mb=8)


# Where a change is judged, the same examples are tried each time; at home new ones are looked for every time.
settings.register_profile("ci", derandomize=True)
if IN_CI:
    settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="write the golden files anew from what the program does now")


@pytest.hookimpl(tryfirst=True)  # before the names of groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes share the tests by file, so that what a module sets up is set up once; all that drive a browser go to one of them."""
    driving = {item.path for item in items if "browser" in getattr(item, "fixturenames", ())}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("browser" if item.path in driving else item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """In CI nothing is skipped: a skip there is a test that nobody runs."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure when CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def cluster() -> Iterator[PrivateCluster]:
    """One throw-away PostgreSQL for the whole session."""
    with PrivateCluster.temporary(below=in_memory()) as started:
        yield started


def in_memory() -> Path | None:
    """A folder in memory where there is room for the cluster: each test's own database is over a thousand files, slow to make on a disk."""
    roomy = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES
    return IN_MEMORY if roomy and memory_bytes() >= 3 * ROOM_BYTES else None


@pytest.fixture(scope="session")
def template(cluster: PrivateCluster) -> str:
    """A migrated, empty database that others are cloned from."""
    prepare_database(cluster.admin_dsn(), Settings(city="template"))
    return TEMPLATE


@pytest.fixture(scope="session")
def clone(cluster: PrivateCluster, template: str) -> Callable[[str], TestDatabase]:
    """Makes fresh databases with the newest schema, each under a new number."""
    numbers = itertools.count(1)

    def fresh(purpose: str, origin: str = template) -> TestDatabase:
        name = f"test_{purpose}_{next(numbers)}"
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
            # Files copied as they are: the other way writes each page of the template to the log, which takes half as long again.
            admin.execute(f'create database "{name}" template "{origin}" strategy file_copy')  # type: ignore[arg-type]
        return TestDatabase(name, cluster.admin_dsn(name), cluster.app_dsn(name))

    return fresh


@pytest.fixture
def database(cluster: PrivateCluster, clone: Callable[[str], TestDatabase]) -> Iterator[TestDatabase]:
    """A database of this one test, empty but for the schema: commit as you like."""
    made = clone("own")
    yield made
    drop(cluster, made)


@pytest.fixture
def own_city(cluster: PrivateCluster, clone: Callable[..., TestDatabase], little_city: str) -> Iterator[TestDatabase]:
    """The little city in a database of this one test: commit as you like."""
    made = clone("own_city", little_city)
    yield made
    drop(cluster, made)


def drop(cluster: PrivateCluster, made: TestDatabase) -> None:
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
        admin.execute(f'drop database "{made.name}" with (force)')  # type: ignore[arg-type]


@pytest.fixture
def open_database(database: TestDatabase) -> Iterator[psycopg.Connection]:
    """The application role inside that database; each statement is committed by itself unless a test begins a transaction."""
    with database.connect() as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture(scope="session")
def little_city(clone: Callable[[str], TestDatabase]) -> str:
    """The database others with the little city are cloned from: loaded once, and nobody may stay connected to it."""
    made = clone("little_city")
    with made.connect() as connection:
        city.build(connection)
    return made.name


@pytest.fixture(scope="session")
def city_database(clone: Callable[..., TestDatabase], little_city: str) -> TestDatabase:
    """The little city for all. Tests read it, or write inside transactions that are rolled back."""
    return clone("city", little_city)


@pytest.fixture
def connection(city_database: TestDatabase) -> Iterator[psycopg.Connection]:
    """The application role inside the little city, in a transaction that is rolled back."""
    with city_database.connect() as opened:
        opened.execute("select")  # now inside a transaction: what tests begin are savepoints, nothing is committed
        yield opened
        opened.rollback()


@pytest.fixture(scope="session")
def application(city_database: TestDatabase) -> Iterator[ServedApplication]:
    """The whole application over the little city, served by a real uvicorn on a free port."""
    with ServedApplication(city_database.settings) as served:
        yield served


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Where the real test data lies."""
    place = Settings.from_env({k: v for k, v in os.environ.items() if k == "COMMANDCENTER_TEST_DATA"}).test_data
    if not place.is_absolute():
        place = Path(__file__).parents[1] / place
    if not place.is_dir():
        pytest.skip(f"the real test data is not at {place}; COMMANDCENTER_TEST_DATA says where it lies")
    return place


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with its golden file; ``--bless`` writes the file instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--bless"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"tests/golden/{name} is missing: look at the text, then run pytest --bless"
        assert text == path.read_text(encoding="utf-8"), f"tests/golden/{name} differs"

    return compare


