"""What must be free before anything starts, and the sentences when it is not: run as a person runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commandcenter.causes import SetupFault
from commandcenter.config import Settings
from commandcenter.errors import SettingsFault
from commandcenter.setup.preflight import check_data_dir, held_by, held_port, open_port, run_lock, stop_run, url_of

ROOT = Path(__file__).resolve().parents[1]
HOLD = (
    "import sys, time; from pathlib import Path; from commandcenter.config import Settings;"
    "from commandcenter.setup.preflight import run_lock\n"
    "with run_lock(Settings(data_dir=Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
)


@contextmanager
def another_run(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(data_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


@contextmanager
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def as_a_person(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COMMANDCENTER_")}
    environment |= {f"COMMANDCENTER_{name}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def says_one_sentence(done: subprocess.CompletedProcess[str], zh: str, en: str) -> None:
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert len(lines) == 2, done.stderr
    assert zh in lines[0]
    assert en in lines[1]


def test_a_busy_port(tmp_path: Path) -> None:
    with busy_port() as port:
        for command in ("commandcenter.setup", "commandcenter"):
            done = as_a_person(command, "run", PORT=str(port), DATA_DIR=str(tmp_path))
            says_one_sentence(
                done, f"127.0.0.1:{port} 已被别的程序占用", f"127.0.0.1:{port} is in use by another program"
            )


def test_a_second_run(tmp_path: Path) -> None:
    with another_run(tmp_path) as first:
        for command in ("commandcenter.setup", "commandcenter"):
            done = as_a_person(command, "run", DATA_DIR=str(tmp_path))
            says_one_sentence(done, "这个城市已在运行", f"already running at http://127.0.0.1:8050 (pid {first.pid})")


def test_all_faults_of_the_settings_at_once() -> None:
    done = as_a_person("commandcenter.setup", "run", "CITY=Zürich", "PORT=99999", HOST="0.0.0.0")
    says_one_sentence(done, "COMMANDCENTER_CITY", "COMMANDCENTER_PORT must be a whole number from 1 to 65535")
    assert "Refusing to serve 0.0.0.0 in clear text" in done.stderr


def test_an_unknown_setting_behind_make() -> None:
    says_one_sentence(
        as_a_person("commandcenter.setup", "run", "TOWN=x"), "不认识的设置 TOWN", "The setting TOWN is unknown"
    )


@pytest.mark.parametrize("command", ["run", "migrate", "doctor"])
def test_a_server_that_does_not_answer(command: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgresql://u:secret@127.0.0.1:{port}/city"
    done = as_a_person("commandcenter", command, DATABASE_URL=url, DATA_DIR=str(tmp_path), PORT=str(port))
    says_one_sentence(done, "无法连接数据库服务器", "The database server cannot be reached")
    assert "secret" not in done.stdout + done.stderr


def test_an_address_that_is_no_database_url(tmp_path: Path) -> None:
    done = as_a_person("commandcenter", "migrate", DATABASE_URL="nonsense secret", DATA_DIR=str(tmp_path))
    says_one_sentence(done, "应写作 postgresql://", "must look like postgresql://")
    assert "secret" not in done.stderr


def test_a_data_directory_that_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for words in (("commandcenter", "cluster", "start"), ("commandcenter", "run"), ("commandcenter.setup", "install")):
        done = as_a_person(*words, DATA_DIR=str(tmp_path / "file" / "below"))
        says_one_sentence(done, "无法写入", "cannot be written")


def test_psql_without_a_server(tmp_path: Path) -> None:
    done = as_a_person("commandcenter", "psql", "-c", "select 1", DATA_DIR=str(tmp_path))
    says_one_sentence(done, "数据库没有运行", "The database is down")


def test_status_says_what_is_there_by_its_exit_code(tmp_path: Path) -> None:
    done = as_a_person("commandcenter", "cluster", "status", DATA_DIR=str(tmp_path))
    assert done.returncode == 3
    assert "not made yet" in done.stdout


def test_a_killed_run_gives_its_lock_back(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with another_run(tmp_path) as first:
        assert held_by(settings) == {"pid": first.pid, "url": "http://127.0.0.1:8050"}
        first.send_signal(signal.SIGKILL)
        first.wait()
        with run_lock(settings):
            assert held_by(settings) == {"pid": os.getpid(), "url": "http://127.0.0.1:8050"}
    assert held_by(settings) is None


def test_stop_ends_the_run_and_waits_for_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert stop_run(settings) is False
    with another_run(tmp_path):
        assert stop_run(settings) is True
        assert held_by(settings) is None


def test_two_cities_may_run_side_by_side(tmp_path: Path) -> None:
    with run_lock(Settings(data_dir=tmp_path)), run_lock(Settings(data_dir=tmp_path, city="manhattan", port=8051)):
        assert held_by(Settings(data_dir=tmp_path, city="manhattan")) == {
            "pid": os.getpid(),
            "url": "http://127.0.0.1:8051",
        }


def test_a_held_port_opens_later_and_a_faster_program_is_one_sentence() -> None:
    with busy_port() as port:
        pass
    settings = Settings(port=port)
    with held_port(settings) as first, held_port(settings) as second:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        open_port(first, settings)
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        with pytest.raises(SetupFault, match="in use by another program"):
            open_port(second, settings)


def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(SettingsFault, match="cannot be resolved"), held_port(Settings(host="no-such-host.invalid")):
        pass


def test_an_address_of_another_machine() -> None:
    with pytest.raises(SetupFault, match="no address of this machine"), held_port(Settings(host="192.0.2.1")):
        pass


def test_the_address_a_person_types(tmp_path: Path) -> None:
    assert url_of(Settings()) == "http://127.0.0.1:8050"
    assert url_of(Settings(host="::1", tls_cert=tmp_path)) == "https://[::1]:8050"


def test_a_data_directory_is_made_where_it_is_missing(tmp_path: Path) -> None:
    check_data_dir(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_ctrl_c_works_even_where_the_shell_had_it_ignored() -> None:
    itself = (
        "import signal, commandcenter.__main__ as m; m.COMMANDS['stop'] = lambda *_: signal.raise_signal(signal.SIGINT)"
    )
    script = f"trap '' INT; exec {sys.executable} -c \"{itself}; raise SystemExit(m.main(['stop']))\""
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (130, "")
