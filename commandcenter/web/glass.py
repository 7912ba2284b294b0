"""Whether the account of this request is behind broken glass, and what the banner says about it on every page."""

from __future__ import annotations

from commandcenter.text import Text
from commandcenter.web.context import VISITOR
from commandcenter.web.sessions import Glass

BANNER_ID = "cc-glass"
BEGIN_AT, END_AT = "/account/break-glass", "/account/break-glass/end"
NAME = Text("应急放宽", "Break-glass")
SAYS = Text(
    "应急放宽：{until} 之前您看到的是全市，只能查看。所做的一切都有记录，并报告安全管理员。",
    "Break-glass: until {until} you see the whole city and can only look. What you do is recorded and reported to the security administrator.",
)
END_NOW = Text("现在结束", "End now")


def current_glass() -> Glass | None:
    """The emergency that runs for who asks."""
    visitor = VISITOR.get()
    return None if visitor is None or visitor.signed_in is None else visitor.signed_in.glass


def glass_ends() -> str | None:
    """Its end as the pages' scripts compare it."""
    glass = current_glass()
    return None if glass is None else glass.ends.isoformat()
