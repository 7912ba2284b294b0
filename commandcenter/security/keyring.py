"""One city's secret key: what must not be read from a stolen database is encrypted or salted with keys drawn from it.

The key is a file of the data folder with mode 0600, beside the database and not in it: a dump alone opens nothing. A database
server shared by several machines needs the same file on each of them. Losing the file loses what it encrypted; backups keep it apart.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from commandcenter.errors import Unavailable
from commandcenter.text import Text

KEY_BYTES, NONCE_BYTES = 32, 12
UNREADABLE = Text(
    "加密内容打不开：密钥文件与数据库不配套，请管理员核对数据目录里的 keys。",
    "What is encrypted cannot be opened: the key file does not belong to this database; an administrator should look at keys in the data folder.",
)


class Keyring:
    """The keys of one city, one for each purpose, all drawn from one file (HKDF, RFC 5869)."""

    def __init__(self, data_dir: Path, city: str) -> None:
        self._path = data_dir / "keys" / f"{city}.key"
        self._root: bytes | None = None
        self._drawn: dict[str, bytes] = {}

    def sealed(self, purpose: str, plain: str, belongs_to: str) -> bytes:
        """A text encrypted with AES-256-GCM; it opens only for the same purpose and the row it ``belongs_to``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._key(purpose)).encrypt(nonce, plain.encode(), belongs_to.encode())

    def opened(self, purpose: str, sealed: bytes, belongs_to: str) -> str:
        """The text again. Raises Unavailable where it was sealed with another key, for another row, or was changed."""
        try:
            plain = AESGCM(self._key(purpose)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], belongs_to.encode())
        except (InvalidTag, ValueError):
            raise Unavailable(UNREADABLE) from None
        return plain.decode()

    def salted(self, purpose: str, plain: str) -> str:
        """A fingerprint that nobody without the key can guess its way back from: HMAC-SHA256, 64 hexadecimal signs."""
        return hmac.new(self._key(purpose), plain.encode(), "sha256").hexdigest()

    def _key(self, purpose: str) -> bytes:
        if self._root is None:
            self._root = self._read()
        if purpose not in self._drawn:  # purposes are few, what they seal is not
            self._drawn[purpose] = HKDFExpand(SHA256(), KEY_BYTES, purpose.encode()).derive(self._root)
        return self._drawn[purpose]

    def _read(self) -> bytes:
        """The file's key; the first who asks makes it, and two who ask at once agree on one."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._path.exists():
            made = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(made, self._path)  # never over a key that somebody else has just made
            except FileExistsError:
                pass
            finally:
                made.unlink()
        key = self._path.read_bytes()
        if len(key) != KEY_BYTES:
            raise Unavailable(Text(f"密钥文件已损坏：{self._path}。", f"The key file is damaged: {self._path}."))
        return key
