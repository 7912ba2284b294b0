"""Names of accounts."""

from __future__ import annotations

import re

from commandcenter.errors import BadInput
from commandcenter.text import Text


def checked_name(name: str) -> str:
    """An account's name, as the sign-in page takes it. Raises BadInput."""
    if not re.fullmatch(r"[a-z][a-z0-9._-]{1,39}", name):
        raise BadInput(
            Text(
                f"账号名“{name[:40]}”不可用：以小写字母开头，2 到 40 个小写字母、数字或 . _ -。",
                f"'{name[:40]}' is no account name: 2 to 40 small letters, digits or . _ -, beginning with a letter.",
            )
        )
    return name
