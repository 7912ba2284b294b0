"""What a sentence says, in both languages: no text on screen exists without its twin."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Text(NamedTuple):
    """One sentence or label in 中文 and English."""

    zh: str
    en: str

    def to(self, language: Language) -> str:
        """The text in one language."""
        return self.en if language == "en" else self.zh

    def with_values(self, **values: object) -> Text:
        """Both sentences with their ``{name}`` places filled."""
        return Text(self.zh.format(**values), self.en.format(**values))
