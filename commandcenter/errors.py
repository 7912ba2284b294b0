"""What can go wrong, once: each error knows its sentence in both languages and its HTTP status."""

from __future__ import annotations

import secrets

from commandcenter.text import Language, Text


class CommandCenterError(Exception):
    """The root of all our errors. ``sentence`` is for people; ``id`` finds the details in the log."""

    status = 500
    kind = "internal"

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence
        self.id = secrets.token_hex(4)
        self.headers: dict[str, str] = {}  # what its HTTP answer says beside the sentence

    def problem(self, language: Language = "en") -> dict[str, object]:
        """The error as an RFC 9457 problem body."""
        return {
            "type": f"about:blank#{self.kind}",
            "title": self.kind.replace("_", " "),
            "status": self.status,
            "detail": self.sentence.to(language),
            "detail_zh": self.sentence.zh,
            "id": self.id,
        }


class BadRequest(CommandCenterError):
    """The request says something that cannot be: absurd tile, bbox, filter."""

    status, kind = 400, "bad_request"


class NotFound(CommandCenterError):
    """Nothing is there, or nothing the actor may see."""

    status, kind = 404, "not_found"


class NotSignedIn(CommandCenterError):
    """Nobody is signed in, or no longer."""

    status, kind = 401, "not_signed_in"


class Forbidden(CommandCenterError):
    """The actor may not do this here."""

    status, kind = 403, "forbidden"


class Unavailable(CommandCenterError):
    """The database, or something else we stand on, does not answer."""

    status, kind = 503, "unavailable"


class SettingsFault(CommandCenterError):
    """One or more settings are wrong; all faults are listed at once."""

    kind = "settings"


class DatabaseUnfit(CommandCenterError):
    """The database server cannot carry the command center: unreachable, too old, without PostGIS."""

    kind = "database_unfit"


class BadInput(CommandCenterError):
    """A file, mapping or city file is wrong: the sentence names file, place and field."""

    status, kind = 422, "bad_input"
