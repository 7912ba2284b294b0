"""The city's key: what it seals opens for the same row and purpose alone, and two processes agree on one key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from commandcenter.errors import Unavailable
from commandcenter.security.keyring import Keyring


def test_what_is_sealed_opens_for_its_row_and_purpose_alone(tmp_path: Path) -> None:
    keys = Keyring(tmp_path, "longsha")
    sealed = keys.sealed("id_number", "230202199001011234", "person:7")
    assert keys.opened("id_number", sealed, "person:7") == "230202199001011234"
    assert b"1990" not in sealed and sealed != keys.sealed("id_number", "230202199001011234", "person:7")
    for purpose, belongs_to in (("id_number", "person:8"), ("totp", "person:7")):
        with pytest.raises(Unavailable):
            keys.opened(purpose, sealed, belongs_to)
    for spoilt in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"x"):
        with pytest.raises(Unavailable):
            keys.opened("id_number", spoilt, "person:7")


def test_the_key_is_a_file_for_its_owner_alone_that_every_process_shares(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        marks = list(pool.map(lambda _: Keyring(tmp_path, "longsha").salted("person", "张三"), range(16)))
    assert len(set(marks)) == 1
    (file,) = (tmp_path / "keys").iterdir()
    assert file.name == "longsha.key" and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Keyring(tmp_path, "heidelberg").salted("person", "张三") != marks[0]
    assert Keyring(tmp_path, "longsha").salted("other", "张三") != marks[0]


def test_a_damaged_or_foreign_key_says_so_and_is_not_replaced(tmp_path: Path) -> None:
    sealed = Keyring(tmp_path, "longsha").sealed("totp", "secret", "account:1")
    file = tmp_path / "keys" / "longsha.key"
    file.write_bytes(b"short")
    with pytest.raises(Unavailable, match="damaged"):
        Keyring(tmp_path, "longsha").opened("totp", sealed, "account:1")
    assert file.read_bytes() == b"short"
    file.write_bytes(b"0" * 32)
    with pytest.raises(Unavailable, match="key file"):
        Keyring(tmp_path, "longsha").opened("totp", sealed, "account:1")
