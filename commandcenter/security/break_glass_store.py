"""What break-glass asks of the database; who may, for how long and what it widens is decided by its functions."""

from __future__ import annotations

from commandcenter.db.request import SqlRequest

MOST_REPORTED = 200


def begin_request(reason: str, minutes: int, address: str) -> SqlRequest:
    """The acting account sees the whole city from now on; ``ends`` is until when."""
    return SqlRequest(
        "select break_glass_begin(%(reason)s, %(minutes)s, %(address)s) as ends",
        {"reason": reason, "minutes": minutes, "address": address},
        "break glass",
    )


def end_request(glass: int | None = None) -> SqlRequest:
    """The end of the acting account's own, or of anybody's by the security administrator; ``ended`` is False where none runs."""
    return SqlRequest("select break_glass_end(%(glass)s) as ended", {"glass": glass}, "end break-glass")


def see_request(glass: int) -> SqlRequest:
    """The security administrator has read the report of one; ``seen`` is False for one's own and for one that was seen before."""
    return SqlRequest("select break_glass_see(%(glass)s) as seen", {"glass": glass}, "break-glass seen")


def report_request() -> SqlRequest:
    """Every emergency with what was done during it, those not yet seen first; nothing for who is no security administrator."""
    return SqlRequest("select * from break_glass_report(%(most)s)", {"most": MOST_REPORTED}, "report of break-glass")


def unseen_request() -> SqlRequest:
    """How many the security administrator has not seen."""
    return SqlRequest("select count(*) as unseen from break_glass where seen_at is null", {}, "unseen break-glass")
