"""XML before anybody trusts it: its declared encoding, that it is whole, that it defines no entities, and how many features it holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO
from xml.parsers import expat

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.readers.opened import opened

_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"^\ufeff?<\?xml[^>]{0,300}\?>")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HOLDERS = frozenset({"featureMember", "featureMembers", "member", "cityObjectMember"})  # of features, in GML
_CHUNK = 1 << 18


def declared_encoding(path: Path, head: bytes) -> str:
    """The encoding that the file's first bytes tell. Raises BadInput for one that nobody knows."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    found = _DECLARED.match(head.lstrip())
    name = found.group(1).decode("ascii") if found else "utf-8"
    name = "gb18030" if name.lower() in ("gbk", "gb2312") else name  # which holds both
    try:
        b"".decode(name)
    except LookupError:
        raise BadInput(Text(f"{path.name} 声明的编码“{name}”未知。", f"{path.name} declares the encoding '{name}', which is unknown.")) from None
    return name


def as_text(path: Path, head: bytes) -> AbstractContextManager[TextIO]:
    """The file, plain or gzip, as text in its own encoding."""
    return opened(path, declared_encoding(path, head))


def count_features(path: Path) -> int:
    """How many features a KML or GML file holds. Raises BadInput where it is not whole or defines entities of its own."""
    with path.open("rb") as file:
        head = file.read(400)
    reader = expat.ParserCreate()
    stack: list[str] = []
    found = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal found
        local = name.rpartition(":")[2]
        if local == "Placemark" or (stack and stack[-1] in _HOLDERS):
            found += 1
        stack.append(local)

    def end(_: str) -> None:
        stack.pop()

    reader.StartElementHandler, reader.EndElementHandler = start, end
    reader.StartDoctypeDeclHandler = _refuse_doctype(path)
    with as_text(path, head) as text:
        try:
            while part := text.read(_CHUNK):
                reader.Parse(part, False)
            reader.Parse("", True)
        except expat.ExpatError as fault:
            raise broken(path, fault.lineno, expat.ErrorString(fault.code)) from fault
    return found


def utf8_copy(path: Path, target: Path) -> Path:
    """The file in UTF-8 with a declaration that says so: libraries know few encodings."""
    with path.open("rb") as file:
        head = file.read(400)
    with as_text(path, head) as text, target.open("w", encoding="utf-8", newline="") as copy:
        first = text.read(_CHUNK)
        copy.write('<?xml version="1.0" encoding="UTF-8"?>' + _DECLARATION.sub("", first).removeprefix("\ufeff"))
        while part := text.read(_CHUNK):
            copy.write(part)
    return target


def broken(path: Path, line: int, reason: str) -> BadInput:
    """The sentence for a file whose XML is not whole."""
    return BadInput(
        Text(
            f"{path.name} 第 {line} 行：XML 有误或被截断（{reason}）；没有写入任何数据。",
            f"{path.name}, line {line}: its XML is broken or cut short ({reason}); nothing was loaded.",
        )
    )


def _refuse_doctype(path: Path) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise BadInput(
            Text(f"{path.name} 自定义了 XML 实体（DOCTYPE），已拒绝。", f"{path.name} is refused: it defines XML entities of its own (DOCTYPE).")
        )

    return refuse
