"""Who tries the doors: each role in sample places of the city, made in memory for one run; nobody; and sign-ins that are over or wait for something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from commandcenter.actor import Actor, Scope
from commandcenter.config import Settings
from commandcenter.db.run import Reader
from commandcenter.leaks import store
from commandcenter.leaks.doors import CODE, FACTOR, PASSWORD, READ
from commandcenter.leaks.store import LEVELS, Place
from commandcenter.security.accounts import account_actor
from commandcenter.text import Text
from commandcenter.web.door import Doorkeeper
from commandcenter.web.limits import Limits
from commandcenter.web.sessions import Sessions, SignedIn, digest_of, new_token, token_of

PER_LEVEL = 2  # places of each level
CITY = Place("city")
NOBODY, OVER = "nobody", "over"
STRANGERS = {
    NOBODY: Text("未登录", "Nobody"), OVER: Text("登录已失效", "A sign-in that is over"), CODE: Text("待第二因素验证", "Waits for its code"),
    PASSWORD: Text("待换初始口令", "Waits for a password of its own"), FACTOR: Text("待设第二因素", "Waits for a second factor"),
}  # fmt: skip


@dataclass(frozen=True)
class Guest:
    """One who tries the doors. ``place`` is what the appointment says; what is seen is judged by it, not by the actor's scope."""

    role: str
    title: Text
    place: Place
    permissions: frozenset[str] = frozenset()
    due: str = ""
    actor: Actor | None = None
    token: str | None = None
    deep: bool = False  # whether every question is asked, or one at each door

    @property
    def machine(self) -> str:
        """A wall's device, a program's key; none of these is one."""
        return ""

    @property
    def signed_in(self) -> bool:
        """Whether anybody is there."""
        return self.actor is not None

    @property
    def whole_city(self) -> bool:
        """Whether the appointment is for the whole city."""
        return self.place.level == "city"

    @property
    def looks(self) -> bool:
        """Whether rows of the city are theirs to see."""
        return self.signed_in and not self.due and READ in self.permissions

    @property
    def key(self) -> str:
        """Role and place in one word."""
        return f"{self.role}@{self.place.key}"


class RunSessions(Sessions):
    """The sign-ins of one run, which exist in this process's memory; any other token is asked of the database as ever."""

    def __init__(self, reader: Reader, held: Mapping[bytes, SignedIn]) -> None:
        super().__init__(reader)
        self._held = held

    async def of(self, headers: Iterable[tuple[bytes, bytes]]) -> SignedIn | None:
        """The sign-in of a token of this run, or what the database says."""
        known = list(headers)
        token = token_of(known)
        found = self._held.get(digest_of(token)) if token else None
        return found if found is not None else await super().of(known)


class RunDoorkeeper(Doorkeeper):
    """The doorkeeper of one run's application, to which no address leads. A demonstration's open entrance is shut for it."""

    def __init__(self, settings: Settings, reader: Reader, limits: Limits, held: Mapping[bytes, SignedIn]) -> None:
        super().__init__(settings, reader, limits)
        self.sessions = RunSessions(reader, held)
        self.open_demo = False


def held_by(guests: Iterable[Guest]) -> dict[bytes, SignedIn]:
    """The guests' sign-ins by the digest of their tokens."""
    return {
        digest_of(guest.token): SignedIn(actor=guest.actor, digest=digest_of(guest.token), due=guest.due, strong=not guest.due)
        for guest in guests
        if guest.actor is not None and guest.token is not None
    }


def sample_places(counted: Mapping[str, Mapping[str, Counter[str]]], standing: set[tuple[str, str]], per_level: int = PER_LEVEL) -> list[Place]:
    """Places of every level that hold rows of as many tables as possible, with rows of the same tables outside."""
    places = []
    for level in LEVELS:
        together: Counter[str] = Counter()
        for rows in counted[level].values():
            together.update(rows)

        def worth(code: str, level: str = level, together: Counter[str] = together) -> tuple[int, int, str]:
            rows = counted[level][code]
            return sum(0 < count < together[table] for table, count in rows.items()), sum(rows.values()), code

        codes = sorted((code for code in counted[level] if (level, code) in standing), key=worth, reverse=True)
        places += [Place(level, code) for code in codes[:per_level]]
    return places


def guests(admin_dsn: str, roles: Sequence[Mapping[str, object]], places: Sequence[Place], centres: Iterable[str]) -> list[Guest]:
    """Everybody who tries: nobody first, then each role in the whole city, then in each place; the first role that looks also for each
    centre, in one place of each level.

    Of roles with the same permissions at the same place the first asks everything, the others once at each door.
    """
    wanted: list[tuple[Mapping[str, object], Place]] = []
    narrowed = next((role for role in roles if READ in _permissions(role)), None)
    narrowed_at = {place.level: place for place in reversed((CITY, *places))}  # the first of each level
    for place in (CITY, *places):
        wanted += [(role, place) for role in roles if place == CITY or READ in _permissions(role)]
        if narrowed is not None and narrowed_at[place.level] == place:
            wanted += [(narrowed, Place(place.level, place.code, centre)) for centre in centres]
    rows = store.acting_rows(admin_dsn, [(str(role["code"]), place) for role, place in wanted])
    made: list[Guest] = []
    asked: set[Place] = set()
    for (role, place), row in zip(wanted, rows, strict=True):
        permissions, title = _permissions(role), Text(str(role["title"]), str(role["title_en"]))
        found = account_actor(row)
        actor = Actor(f"leak-matrix:{role['code']}@{place.key}", title, found.scope, found.permissions)
        deep = READ in permissions and place not in asked
        asked |= {place} if deep else set()
        made.append(Guest(str(role["code"]), title, place, permissions, actor=actor, token=new_token(), deep=deep))
    return [*_strangers(), *made]


def _strangers() -> list[Guest]:
    """Those whom nothing but the sign-in is open to. While something is due an account has no permissions and no place."""
    waiting = [
        Guest(due, STRANGERS[due], CITY, due=due, actor=Actor(f"leak-matrix:{due}", STRANGERS[due], Scope()), token=new_token())
        for due in (CODE, PASSWORD, FACTOR)
    ]
    return [Guest(NOBODY, STRANGERS[NOBODY], CITY), Guest(OVER, STRANGERS[OVER], CITY, token=new_token()), *waiting]


def _permissions(role: Mapping[str, object]) -> frozenset[str]:
    held = role["permissions"]
    assert isinstance(held, list)
    return frozenset(str(said) for said in held)
