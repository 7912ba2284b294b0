"""The private cluster: UTF-8, no TCP port, the kernel's word for who connects, and nothing lost to kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from commandcenter.causes import SetupFault, cause_of, last_words
from commandcenter.db import cluster_files
from commandcenter.db.cluster import PrivateCluster, processes_inside
from commandcenter.db.cluster_make import MOVED_TO, need_space
from commandcenter.db.server_programs import ServerUser, usable_majors

GIB = 1024**3


@pytest.fixture(scope="module")
def cluster() -> Iterator[PrivateCluster]:
    with PrivateCluster.temporary() as started:
        yield started


def asked(cluster: PrivateCluster, question: str) -> object:
    with psycopg.connect(cluster.admin_dsn()) as connection:
        row = connection.execute(question).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def postmaster(cluster: PrivateCluster) -> int:
    return int((cluster.home / "postmaster.pid").read_text().split()[0])


def test_it_is_utf8_and_sorts_by_code_point(cluster: PrivateCluster) -> None:
    assert asked(cluster, "select pg_encoding_to_char(encoding) from pg_database where datname = 'template0'") == "UTF8"
    assert asked(cluster, "select datcollate from pg_database where datname = 'template0'") == "C.UTF-8"


def test_it_has_no_tcp_port_and_its_socket_is_its_own(cluster: PrivateCluster) -> None:
    assert asked(cluster, "show listen_addresses") == ""
    assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    assert len(str(cluster.socket_dir / ".s.PGSQL.5432")) < 107


def test_it_never_runs_as_root_and_tiles_are_not_compiled(cluster: PrivateCluster) -> None:
    assert Path(f"/proc/{postmaster(cluster)}").stat().st_uid == cluster.user.uid != 0
    assert asked(cluster, "show jit") == "off"


def test_the_application_role_connects_as_soon_as_it_exists(cluster: PrivateCluster) -> None:
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
        admin.execute("create role commandcenter_app login")
    with psycopg.connect(cluster.app_dsn("postgres")) as application:
        assert application.execute("select current_user").fetchone() == ("commandcenter_app",)


def test_another_role_is_refused_over_the_socket(cluster: PrivateCluster) -> None:
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
        admin.execute("create role stranger login superuser")
    with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
        psycopg.connect(cluster.admin_dsn().replace("commandcenter_admin", "stranger"))


def test_starting_what_runs_changes_nothing(cluster: PrivateCluster) -> None:
    before = postmaster(cluster)
    cluster.start()
    assert postmaster(cluster) == before


def test_kill_9_loses_nothing_and_it_starts_again_at_once() -> None:
    with PrivateCluster.temporary(safe=True) as cluster:
        with psycopg.connect(cluster.admin_dsn(), autocommit=True) as admin:
            admin.execute("create table kept as select generate_series(1, 1000) as n")
        killed = postmaster(cluster)
        os.kill(killed, signal.SIGKILL)
        while cluster.running():
            time.sleep(0.01)
        cluster.start()
        assert postmaster(cluster) != killed
        assert asked(cluster, "select count(*) from kept") == 1000


def test_a_pid_file_that_names_a_stranger_does_not_block(cluster: PrivateCluster) -> None:
    cluster.stop()
    (cluster.home / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.home}\n")
    cluster.user.give(cluster.home / "postmaster.pid")
    assert not cluster.running()
    cluster.start()
    assert cluster.running()


def test_the_last_command_that_leaves_stops_it_unless_it_is_kept(cluster: PrivateCluster) -> None:
    with cluster.in_use():
        with PrivateCluster(cluster.data_dir, safe=False).in_use() as second:
            assert second.running()
        assert cluster.running()
        assert not PrivateCluster(cluster.data_dir, safe=False).stop_unless_used()
    assert not cluster.running()
    with cluster.in_use():
        cluster.keep()
    assert cluster.running()
    assert cluster.stop_unless_used()
    cluster.start()


def test_all_its_processes_are_found_by_where_they_work(cluster: PrivateCluster) -> None:
    assert postmaster(cluster) in processes_inside(cluster.home)
    assert os.getpid() not in processes_inside(cluster.home)


def test_a_socket_directory_made_by_somebody_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with PrivateCluster.temporary() as own:
        own.stop()
        own.socket_dir.symlink_to(tmp_path)
        try:
            with pytest.raises(SetupFault, match="somebody else"):
                own.start()
        finally:
            own.socket_dir.unlink()


def test_a_data_directory_that_cannot_be_entered_moves_and_a_deep_one_keeps_its_socket_short(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["很深的目录"] * 12)
    deep.mkdir(parents=True)
    cluster = PrivateCluster(deep)
    assert len(str(cluster.socket_dir)) < 60
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder.name.startswith("pytest-"):
            folder.chmod(0o700)
    expected_here = cluster.user.uid == os.geteuid()
    assert (cluster.home == deep / "postgres") is expected_here
    assert cluster.home.is_relative_to(MOVED_TO) is not expected_here


def test_a_file_in_the_place_of_the_data_directory_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupFault, match="cannot be written"):
        PrivateCluster(tmp_path / "file").start()


def test_a_disk_with_too_little_left_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupFault, match="free some space"):
        need_space(tmp_path / "postgres", 2**60)


def test_the_server_takes_its_share_of_the_machine() -> None:
    big = cluster_files.settings(Path("/tmp/s"), memory_bytes=24 * GIB, cpus=2)
    assert (big["shared_buffers"], big["effective_cache_size"], big["work_mem"]) == ("3072MB", "12288MB", "32MB")
    assert (big["synchronous_commit"], big["max_parallel_workers"], big.get("fsync")) == ("on", "2", None)
    small = cluster_files.settings(Path("/tmp/s"), memory_bytes=GIB // 2, cpus=1)
    assert (small["shared_buffers"], small["maintenance_work_mem"]) == ("64MB", "64MB")
    assert cluster_files.memory_bytes() > GIB // 4


def test_root_the_server_and_the_caller_may_be_administrator_and_application() -> None:
    lines = cluster_files.ident(["postgres", "root"]).splitlines()
    assert "commandcenter root commandcenter_admin" in lines
    assert "commandcenter postgres commandcenter_app" in lines


def test_servers_without_postgis_or_too_old_are_not_usable(tmp_path: Path) -> None:
    programs, extensions = tmp_path / "lib", tmp_path / "share"

    def place(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    for major in ("14", "15", "16", "17", "18"):
        place(programs / major / "bin" / "postgres")
        place(programs / major / "bin" / "initdb")
        if major != "18":
            place(programs / major / "lib" / "postgis-3.so")
        if major != "16":
            place(extensions / major / "extension" / "postgis.control")
    assert usable_majors(programs, extensions) == [17, 15]


def test_server_programs_run_as_the_servers_account() -> None:
    user = ServerUser.of_this_process()
    assert user.run(["id", "-u"]).stdout.strip() == str(user.uid)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "initdb: error: could not write file: No space left on device",
            "The disk is full: free some space and try again.",
        ),
        ("mkdir: cannot create: Read-only file system", "The disk is read-only: use a writable place."),
        ("FATAL:  data directory has wrong ownership\nHINT:  see above", "FATAL:  data directory has wrong ownership."),
        ("", "no output."),
    ],
)
def test_what_a_tool_says_becomes_a_sentence(said: str, sentence: str) -> None:
    assert last_words(said).en == sentence


def test_the_network_is_blamed_only_where_something_was_fetched() -> None:
    assert cause_of("Connection refused") is None
    assert cause_of("Connection refused", fetching=True) is not None


def test_set_up_and_cluster_need_only_the_standard_library() -> None:
    imports = "import commandcenter.setup.__main__, commandcenter.__main__, commandcenter.db.cluster"
    done = subprocess.run([sys.executable, "-S", "-c", imports], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
