"""JSON through a sliding window of text: the items of a list inside a document of any size, one after another."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO

from commandcenter.errors import BadInput
from commandcenter.text import Text
from commandcenter.toml_file import meant, nearest

CHUNK = 1 << 20
LARGEST_VALUE = 64 << 20
_BLANK = re.compile(r"[ \t\r\n]*")


def _whole(digits: str) -> int | str:
    """A number as such; one too long for any column stays text."""
    return int(digits) if len(digits) < 19 else digits


# NaN and Infinity are no JSON, but written all the same: as texts they are named where a number is asked for.
decoder = json.JSONDecoder(parse_constant=str, parse_int=_whole)


class JsonWindow:
    """A part of the text that moves forward, and the line it begins in. Raises BadInput, naming file and line, for broken JSON."""

    def __init__(self, text: TextIO, file_name: str, chunk: int = CHUNK, numbers: json.JSONDecoder = decoder) -> None:
        self._text = text
        self._file = file_name
        self._chunk = chunk
        self._decoder = numbers
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False
        if self._more():
            self._at = int(self._held.startswith("\ufeff"))

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            gap = _BLANK.match(self._held, self._at)
            assert gap is not None
            self._forward(gap.end())
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def line_so_far(self) -> str:
        """From here to the line's end."""
        end = self._line_end()
        return self._held[self._at : end]

    def lines(self) -> Iterator[tuple[int, Any, str]]:
        """One value a line, with its line and raw text; a line that is broken comes with a sentence instead of a value."""
        while self.peek():
            end = self._line_end()
            raw, line = self._held[self._at : end].rstrip(), self._line
            value: Any
            try:
                value = self._decoder.decode(raw)
            except (ValueError, RecursionError) as fault:
                said = fault.msg if isinstance(fault, json.JSONDecodeError) else "it is nested too deeply"
                value = Text(f"这一行不是有效的 JSON（{said}）。", f"This line is not valid JSON ({said}).")
            self._forward(end)
            yield line, value, raw

    def items(
        self, path: list[str], beside: Callable[[str, Any], None] = lambda key, value: None, absent: Text | None = None
    ) -> Iterator[tuple[int, Any, str]]:
        """The items of the list that lies at ``path``, of every document in the text, with line and raw text.

        ``beside`` is shown every other key on the way with its value; ``absent`` is said where there is no such list.
        """
        self._keys_seen: dict[str, None] = {}
        self._beside = beside
        reached = False
        while self.peek():
            for item in self._document(path):
                if item is None:
                    reached = True
                else:
                    yield item
        if not reached and absent is not None:
            self.refuse(absent)
        if not reached:
            hint = meant(nearest(path[-1], self._keys_seen) if path else None)
            self._broken(f"没有“{'.'.join(path)}”{hint.zh}", f"there is no '{'.'.join(path)}'{hint.en}")

    def _document(self, path: list[str]) -> Iterator[tuple[int, Any, str] | None]:
        """The items below ``path``; None says that the list is reached, even if it is empty."""
        if not path:
            self._take("[", "这里应为记录的列表", "a list of records was expected here")
            yield None
            if self.peek() == "]":
                self._forward(self._at + 1)
                return
            while True:
                yield self._value()
                if self._take(",]", "列表没有结束", "the list does not end") == "]":
                    return
        self._take("{", "这里应为对象", "an object was expected here")
        if self.peek() == "}":
            self._forward(self._at + 1)
            return
        while True:
            self.peek()
            key = self._value()[1]
            self._keys_seen[str(key)] = None
            self._take(":", "键之后应为冒号", "a colon was expected behind the key")
            if key == path[0]:
                yield from self._document(path[1:])
            else:
                self._beside(str(key), self._value()[1])
            if self._take(",}", "对象没有结束", "the object does not end") == "}":
                return

    def _value(self) -> tuple[int, Any, str]:
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as fault:
                near_end = fault.pos >= len(self._held) - 64 or fault.msg.startswith("Unterminated string")
                if not near_end or self._ended or len(self._held) - self._at > LARGEST_VALUE:
                    self._broken(f"JSON 有误：{fault.msg}", f"its JSON is broken: {fault.msg}")
                self._more()
                continue
            except RecursionError:
                self._broken("嵌套过深", "it is nested too deeply")
            except ValueError as fault:  # a number of five thousand digits
                self._broken(f"JSON 有误：{fault}", f"its JSON is broken: {fault}")
            if end == len(self._held) and not self._ended:
                self._more()  # a number may go on
                continue
            line, raw = self._line, self._held[self._at : end]
            self._forward(end)
            return line, value, raw

    def _take(self, signs: str, zh: str, en: str) -> str:
        sign = self.peek()
        if not sign or sign not in signs:
            self._broken(zh if sign else f"文件在此中断（{zh}）", en if sign else f"it ends here ({en})")
        self._forward(self._at + 1)
        return sign

    def _line_end(self) -> int:
        while True:
            end = self._held.find("\n", self._at)
            if end >= 0 or self._ended:
                return end if end >= 0 else len(self._held)
            if len(self._held) - self._at > LARGEST_VALUE:
                self._broken("一行过长", "a line is too long")
            self._more()

    def _forward(self, to: int) -> None:
        self._line += self._held.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Read on, twice as much for a long value, so that reading it again costs little."""
        if self._ended:
            return False
        part = self._text.read(max(self._chunk, len(self._held) - self._at))
        self._ended = not part
        self._held = self._held[self._at :] + part
        self._at = 0
        return not self._ended

    def refuse(self, why: Text) -> NoReturn:
        """Refuse the file for what is at this line."""
        self._broken(*why)

    def _broken(self, zh: str, en: str) -> NoReturn:
        raise BadInput(
            Text(
                f"{self._file} 第 {self._line} 行：{zh}；没有写入任何数据。",
                f"{self._file}, line {self._line}: {en}; nothing was loaded.",
            )
        )
