"""Where things stand in a checkout, and the stamps that let a second run skip what the first has done."""

from __future__ import annotations

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "assets" / "vendor"
LOG = ROOT / ".local" / "logs" / "setup.log"


def fingerprint(*parts: str | bytes | Path) -> str:
    """A digest over texts and file contents, in order: it changes when any of them does."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def stamped(stamp: Path, wanted: str) -> bool:
    """Whether the work behind a stamp was done for exactly these inputs."""
    try:
        return stamp.read_text(encoding="utf-8").strip() == wanted
    except OSError:
        return False
