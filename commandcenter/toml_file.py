"""What a hand-written TOML file says, with every fault as one sentence: file, line, key and the nearest valid word."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from commandcenter.errors import BadInput
from commandcenter.text import Text

Kind = TypeVar("Kind")

_REQUIRED: Final = object()
_KIND_NAMES: dict[type, Text] = {
    str: Text("文字", "text"),
    int: Text("整数", "a whole number"),
    float: Text("数字", "a number"),
    bool: Text("true 或 false", "true or false"),
    list: Text("列表", "a list"),
    dict: Text("表", "a table"),
}
FULL_STOP = Text("。", ".")


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The valid word that a typo most probably meant."""
    found = get_close_matches(word, list(valid), n=1, cutoff=0.5)
    return found[0] if found else None


def meant(near: str | None, otherwise: Text | None = None) -> Text:
    """How a sentence ends that found an unknown word: it asks whether the nearest was meant; ``otherwise`` where none is near."""
    return Text(f"，是否指“{near}”？", f"; is '{near}' meant?") if near else otherwise or Text("", "")


class TomlTable:
    """One table of a file, read key by key; ``finish`` refuses the keys that nobody asked for."""

    def __init__(self, file_name: str, lines: list[str], values: dict[str, Any], path: str = "", from_line: int = 0) -> None:
        self.file_name = file_name
        self.path = path
        self._lines = lines
        self._values = values
        self._from_line = from_line
        self._asked: list[str] = []

    @classmethod
    def read(cls, path: Path) -> TomlTable:
        """The file's top table. Raises BadInput when it is absent, not UTF-8 or not TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as fault:
            raise BadInput(
                Text(f"无法读取文件 {path.name}：{fault.strerror}。", f"{path.name} cannot be read: {fault.strerror}.")
            ) from fault
        except UnicodeDecodeError as fault:
            raise BadInput(
                Text(f"{path.name} 第 {fault.start} 字节不是 UTF-8。", f"{path.name} is not UTF-8 at byte {fault.start}.")
            ) from fault
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as fault:
            raise BadInput(Text(f"{path.name} 不是有效的 TOML：{fault}。", f"{path.name} is not valid TOML: {fault}.")) from fault
        return cls(path.name, text.splitlines(), values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def body(self) -> str:
        """The file's text."""
        return "\n".join(self._lines) + "\n"

    @property
    def keys(self) -> list[str]:
        """The keys as written."""
        return list(self._values)

    def take(self, key: str, kind: type[Kind], default: Any = _REQUIRED) -> Kind:
        """The value of a key, of the kind asked for; the default when it is absent and a default exists."""
        self._asked.append(key)
        if key not in self._values:
            if default is not _REQUIRED:
                return cast(Kind, default)
            near = nearest(key, (k for k in self._values if k not in self._asked))
            hint = Text(f"（有一项写作“{near}”，是否指它？）", f" (there is '{near}': is it meant?)") if near else Text("", "")
            raise self.fault(near or "", Text(f"缺少“{self._full(key)}”{hint.zh}", f"'{self._full(key)}' is missing{hint.en}"))
        value = self._values[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            name = _KIND_NAMES[kind]
            raise self.fault(
                key, Text(f"“{self._full(key)}”应为{name.zh}", f"'{self._full(key)}' must be {name.en}, not {value!r}")
            )
        return value

    def word(self, key: str, valid: Iterable[str], default: Any = _REQUIRED) -> str:
        """A text out of a closed list."""
        value = self.take(key, str, default)
        self.known(key, value, valid)
        return value

    def known(self, key: str, value: str, valid: Iterable[str]) -> None:
        """Refuse a word that is not in the list, naming the nearest one that is."""
        choices = list(valid)
        if value in choices:
            return
        hint = meant(nearest(value, choices))
        raise self.fault(
            key,
            Text(
                f"“{self._full(key)}”的值“{value}”未知，可用：{'、'.join(choices)}{hint.zh}",
                f"'{self._full(key)}' says '{value}', which is unknown; known are {', '.join(choices)}{hint.en}",
            ),
        )

    def text(self, key: str, default: Any = _REQUIRED) -> Text:
        """A sentence in both languages, written ``{ zh = "...", en = "..." }``."""
        if default is not _REQUIRED and key not in self._values:
            self._asked.append(key)
            return cast(Text, default)
        both = self.table(key)
        value = Text(both.take("zh", str), both.take("en", str))
        both.finish()
        return value

    def table(self, key: str) -> TomlTable:
        """A table within this one; empty when it is absent."""
        inner = self.take(key, dict, {})
        return TomlTable(self.file_name, self._lines, inner, self._full(key), max(self._from_line, self._line(key) - 1))

    def tables(self, key: str) -> list[TomlTable]:
        """A list of tables (``[[key]]``), in the order written."""
        items = self.take(key, list, [])
        header = f"[[{self._full(key)}]]"
        starts = [number for number, line in enumerate(self._lines) if line.strip().startswith(header)]
        found = []
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise self.fault(key, Text(f"“{self._full(key)}”的每一项应为表", f"every item of '{self._full(key)}' must be a table"))
            start = starts[index] if index < len(starts) else self._from_line
            found.append(TomlTable(self.file_name, self._lines, item, f"{self._full(key)}[{index + 1}]", start))
        return found

    def finish(self) -> None:
        """Refuse keys that nobody asked for: a typo must not be silently ignored."""
        for key in self._values:
            if key not in self._asked:
                hint = meant(nearest(key, self._asked))
                raise self.fault(key, Text(f"未知的项“{self._full(key)}”{hint.zh}", f"'{self._full(key)}' is unknown{hint.en}"))

    def fault(self, key: str, sentence: Text) -> BadInput:
        """An error that names the file and the line of a key."""
        line = self._line(key)
        zh = sentence.zh if sentence.zh.endswith("？") else f"{sentence.zh}。"
        en = sentence.en if sentence.en.endswith("?") else f"{sentence.en}."
        if line:
            return BadInput(Text(f"{self.file_name} 第 {line} 行：{zh}", f"{self.file_name}, line {line}: {en}"))
        return BadInput(Text(f"{self.file_name}：{zh}", f"{self.file_name}: {en}"))

    def _full(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _line(self, key: str) -> int:
        full = self._full(key)
        for number, line in enumerate(self._lines[self._from_line :], start=self._from_line + 1):
            written = line.strip()
            name = written.split("=", 1)[0].strip().strip("\"'")
            if key and (name in (key, full) or written.startswith((f"[{full}]", f"[[{full}]]", f"[{full}."))):
                return number
        return self._from_line + 1 if self._from_line else 0
