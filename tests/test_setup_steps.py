"""Set-up's own steps: what is missing, what is pinned, one line a step, one sentence a failure."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from commandcenter.causes import SetupFault
from commandcenter.setup import front_end, system
from commandcenter.setup.__main__ import adopt
from commandcenter.setup.place import ROOT, fingerprint, stamped
from commandcenter.setup.say import Ticker, watched
from commandcenter.text import Text

DOING = Text("下载", "Fetching")


def pins(name: str) -> dict[str, str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    found = (
        re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==(\S+)", line) for line in lines if line and line[0] != "-"
    )
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_has_its_reason_and_agrees_with_the_constraints(name: str) -> None:
    lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and line[0] not in "#-"]
    assert all(re.search(r"==\S+ +# \w", line) for line in lines)
    assert len(pins(name)) == len(lines)
    assert pins(name).items() <= pins("constraints.txt").items()


def test_the_lock_file_names_no_host_and_every_package_has_its_checksum() -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    assert text.count('"integrity"') == text.count('"node_modules/')


def test_the_browser_gets_maplibre_before_its_bridge_and_every_icon() -> None:
    laid_out = sorted(path.name for path in front_end.VENDOR.glob("*.js"))
    assert laid_out == ["10-maplibre-gl.js", "20-maplibre-gl-leaflet.js"]
    assert {path.stem for path in (front_end.VENDOR / "tabler").glob("*.svg")} == set(front_end.TABLER)
    assert (front_end.VENDOR / "maki" / "hospital.svg").is_file()
    assert len(list((front_end.VENDOR / "licences").iterdir())) == len(front_end.LICENCES)


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert system.missing_packages(database=True, browser=True) == []


def test_a_bare_machine_misses_server_browser_and_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "usable_majors", list)
    monkeypatch.setattr(system, "FONT_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    assert system.missing_packages(database=True, browser=True) == ["postgresql", "chromium", "fonts-noto-cjk"]
    assert system.missing_packages(database=False, browser=False) == []


def test_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "usable_majors", list)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupFault, match="postgresql-15 postgresql-15-postgis-3 are missing and there is no apt-get"):
        system.install_system_packages(database=True)


def test_without_sudo_the_administrator_is_told_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "apt-get").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setattr(system, "usable_majors", list)
    monkeypatch.setattr(system.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SetupFault, match="have an administrator run apt-get install postgresql-15 postgresql-15-postgis-3"
    ):
        system.install_system_packages(database=True)


def test_a_step_is_one_line_and_its_output_goes_to_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    watched(
        [sys.executable, "-c", "print('much'); print('more')"], DOING, log=tmp_path / "l" / "setup.log", cwd=tmp_path
    )
    assert capfd.readouterr().out == "▸ 下载 | Fetching\n"
    assert (tmp_path / "l" / "setup.log").read_text() == "much\nmore\n"


def test_a_failed_step_says_its_cause_and_where_to_read_on(tmp_path: Path) -> None:
    offline = "import sys; print('E: Temporary failure resolving deb.example'); sys.exit(100)"
    with pytest.raises(SetupFault) as failed:
        watched([sys.executable, "-c", offline], DOING, log=tmp_path / "setup.log", cwd=tmp_path)
    assert failed.value.sentence.en == (
        "This step failed: Fetching. There is no network: packages cannot be fetched; check the network or proxy."
        f" (Details: {tmp_path / 'setup.log'})"
    )
    assert failed.value.sentence.zh.startswith("这一步没有成功：下载。网络不可用")


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SetupFault, match="no-such-command is not there"):
        watched(["no-such-command"], DOING, log=tmp_path / "setup.log", cwd=tmp_path)


def test_a_long_step_speaks_every_ten_seconds_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    now = iter([0.0, 3.0, 10.0, 12.0, 21.0])
    ticker = Ticker(clock=lambda: next(now))
    for word in ("a", "b", "c", "d"):
        ticker(word)
    assert capsys.readouterr().out == "  10 s  b\n  21 s  d\n"


def test_a_stamp_fits_exactly_these_inputs(tmp_path: Path) -> None:
    stamp, inputs = tmp_path / "stamp", tmp_path / "inputs"
    inputs.write_text("one")
    assert not stamped(stamp, fingerprint(inputs))
    stamp.write_text(fingerprint(inputs))
    assert stamped(stamp, fingerprint(inputs))
    inputs.write_text("two")
    assert not stamped(stamp, fingerprint(inputs))
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_words_behind_make_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CITY", "TEST_DATA"):
        monkeypatch.setenv(f"COMMANDCENTER_{name}", "before")
    assert adopt(["CITY=manhattan", "DATA=../a b", "--bless", "tests/x.py::a=b"]) == ["--bless", "tests/x.py::a=b"]
    assert (os.environ["COMMANDCENTER_CITY"], os.environ["COMMANDCENTER_TEST_DATA"]) == ("manhattan", "../a b")
