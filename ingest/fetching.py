"""Sources that are fetched: an HTTP(S) address into a file, and the files that somebody puts into a watched folder.

Nothing but http and https is asked, redirects included; header values may be ``env:NAME``, so that a mapping holds no secret.
"""

from __future__ import annotations

import errno
import http.client
import os
import re
import ssl
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from collections.abc import Mapping as Dict
from contextlib import suppress
from email.message import Message
from fnmatch import fnmatchcase
from pathlib import Path
from string import punctuation
from typing import IO, Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.contract import Mapping

LARGEST = 2 << 30
TIMEOUT_S = 30.0  # without a byte
LONGEST_S = 3600.0  # for the whole answer
WAITS_S = (1.0, 4.0, 15.0)  # before each further try
LONGEST_WAIT_S = 60.0  # that a server may ask for
STILL_S = 2.0
MOST_REDIRECTS = 5
_BLOCK = 1 << 18
_USUAL = {"User-Agent": "commandcenter-ingest", "Accept": "*/*", "Accept-Encoding": "identity"}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGAIN = frozenset({429, 500, 502, 503, 504})
_SUFFIX = {"csv": ".csv", "json": ".json", "geojson": ".geojson", "geojsonl": ".geojsonl", "xlsx": ".xlsx", "parquet": ".parquet", "gpx": ".gpx"}
_TEXTS = ("csv", "json", "geojson", "geojsonl")
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")


class _TryAgain(Exception):
    """A fault that may pass: the sentence if it does not, and how long the server asks to wait."""

    def __init__(self, sentence: Text, wait_s: float | None = None) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence
        self.wait_s = wait_s


def fetch(
    mapping: Mapping, into: Path, *, limit: int = LARGEST, timeout_s: float = TIMEOUT_S, longest_s: float = LONGEST_S,
    waits_s: tuple[float, ...] = WAITS_S, sleep: Callable[[float], None] = time.sleep,
) -> Path:  # fmt: skip
    """The answer of the mapping's ``[fetch] url`` as a file in the folder ``into``, whole or not at all.

    Tried again where the fault may pass (no connection, cut off, 429, 5xx), after ``waits_s`` each. Raises BadInput whose sentence names
    host, status and what is wrong: status, size over ``limit`` bytes, an answer cut short, a web page where data was expected.
    """
    url = mapping.fetch.url if mapping.fetch is not None else None
    if not url:
        raise BadInput(Text(f"映射 {mapping.name} 没有 [fetch] url。", f"The mapping {mapping.name} has no [fetch] url."))
    host = _host(url, mapping)
    headers = _headers(mapping)
    target = into / _file_name(url, mapping)
    for wait_s in (*waits_s, None):
        try:
            return _received(url, headers, host, target, mapping, limit, timeout_s, time.monotonic() + longest_s)
        except _TryAgain as fault:
            if wait_s is None:
                raise BadInput(fault.sentence) from fault
            sleep(max(wait_s, min(fault.wait_s or 0.0, LONGEST_WAIT_S)))
    raise AssertionError("the last try returns or raises")


def watched(mapping: Mapping, *, still_s: float = STILL_S, sleep: Callable[[float], None] = time.sleep) -> list[Path]:
    """The files of the mapping's ``[fetch] folder`` that match ``pattern`` and did not grow for ``still_s`` seconds, oldest first.

    Hidden, unfinished (.part, .tmp, ~) and linked files are left alone, folders inside are not entered. Case does not matter.
    """
    before = present(mapping)
    if before:
        sleep(still_s)
    after = present(mapping) if before else {}
    still = [path for path, seen in before.items() if after.get(path) == seen]
    return sorted(still, key=lambda path: (before[path][1], path.name))


def present(mapping: Mapping) -> dict[Path, tuple[int, int]]:
    """Size and time of last change (ns) of each file in the mapping's ``[fetch] folder`` that may be taken, grown or growing."""
    fetch = mapping.fetch
    if fetch is None or not fetch.folder:
        raise BadInput(Text(f"映射 {mapping.name} 没有 [fetch] folder。", f"The mapping {mapping.name} has no [fetch] folder."))
    folder, pattern = Path(fetch.folder), fetch.pattern
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name.casefold()
                if name.startswith(".") or name.endswith(_UNFINISHED) or not fnmatchcase(name, pattern.casefold()):
                    continue
                try:
                    about = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # taken away meanwhile
                if stat.S_ISREG(about.st_mode):
                    found[folder / entry.name] = (about.st_size, about.st_mtime_ns)
    except OSError as fault:
        raise BadInput(
            Text(f"无法读取监视的文件夹 {folder}：{fault.strerror}。", f"The watched folder {folder} cannot be read: {fault.strerror}.")
        ) from fault
    return found


def host_of(mapping: Mapping) -> str:
    """The host of the mapping's ``[fetch] url``, with its port where one is written. Raises BadInput for an address that cannot be asked."""
    assert mapping.fetch is not None
    return _host(mapping.fetch.url or "", mapping)


def _host(url: str, mapping: Mapping) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        fit = parts.scheme in ("http", "https") and bool(host) and url.isascii() and not re.search(r"[\x00-\x20\x7f]", url)
        port, secret = parts.port, parts.password is not None
    except ValueError:
        host, fit, port, secret = "", False, None, False
    if not fit:
        raise BadInput(
            Text(
                f"映射 {mapping.name} 的 [fetch] url 应为 http 或 https 地址（中文须转码）。",
                f"[fetch] url of the mapping {mapping.name} must be an http or https address, with anything but ASCII percent-encoded.",
            )
        )
    if secret:
        raise BadInput(
            Text(
                f"映射 {mapping.name} 的 [fetch] url 不得含密码：请在 [fetch.headers] 中用 env:变量名。",
                f"[fetch] url of the mapping {mapping.name} holds a password: use env:NAME in [fetch.headers] instead.",
            )
        )
    return host if port is None else f"{host}:{port}"


def _headers(mapping: Mapping) -> Dict[str, str]:
    assert mapping.fetch is not None
    headers = {}
    for name, written in mapping.fetch.headers.items():
        variable = written.removeprefix("env:")
        value = os.environ.get(variable, "") if written.startswith("env:") else written
        if not value:
            raise BadInput(Text(f"环境变量 {variable} 没有设置（标头 {name}）。", f"The environment variable {variable} is not set (header {name})."))
        if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) or not re.fullmatch(r"[\x20-\x7e\t]+", value):
            raise BadInput(Text(f"标头 {name} 含有不允许的字符。", f"The header {name} holds characters that no header may."))
        headers[name] = value
    return headers


def _file_name(url: str, mapping: Mapping) -> str:
    """The mapping's name with the suffix of the address, or of what its reader opens."""
    last = unquote(urlsplit(url).path.rpartition("/")[2])
    found = re.search(r"((?:\.\w{1,8})?\.\w{1,8})$", last, re.ASCII)
    return mapping.name + (found[1] if found else _SUFFIX.get(mapping.reader, ""))


def _received(
    url: str, headers: Dict[str, str], host: str, target: Path, mapping: Mapping, limit: int, timeout_s: float, until: float
) -> Path:
    part = target.with_name(f"{target.name}.part")
    try:
        with _opened(url, headers, timeout_s) as answer:
            _check_answer(answer, host, mapping, limit)
            with _writing(part) as file:
                _copy(answer, file, host, limit, until)
        _check_start(part, host, mapping)
        part.replace(target)
        return target
    except urllib.error.HTTPError as fault:
        with fault:
            said = Text(f"{host} 回答状态 {fault.code}（{_reason(fault)}）。", f"{host} answers with status {fault.code} ({_reason(fault)}).")
            if fault.code in _AGAIN:
                raise _TryAgain(said, _asked_wait(fault.headers)) from fault
            raise BadInput(said) from fault
    except urllib.error.URLError as fault:
        cause = fault.reason
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise BadInput(
                Text(f"{host} 的证书无效：{cause.verify_message}。", f"The certificate of {host} is not valid: {cause.verify_message}.")
            ) from fault
        raise _TryAgain(_unreachable(host, cause)) from fault
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as fault:
        raise _TryAgain(_unreachable(host, fault)) from fault
    except OSError as fault:
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = Text("磁盘已满", "the disk is full") if full else Text(fault.strerror or str(fault), fault.strerror or str(fault))
        raise BadInput(Text(f"无法保存 {host} 的数据：{reason.zh}。", f"What {host} sends cannot be stored: {reason.en}.")) from fault
    finally:
        with suppress(OSError):
            part.unlink()


def _writing(part: Path) -> IO[bytes]:
    part.parent.mkdir(parents=True, exist_ok=True)
    return part.open("wb")


def _copy(answer: Any, file: IO[bytes], host: str, limit: int, until: float) -> None:
    announced = answer.headers.get("Content-Length")
    received = 0
    while block := answer.read1(_BLOCK):
        received += len(block)
        if received > limit:
            raise BadInput(_too_large(host, limit))
        if time.monotonic() > until:
            raise BadInput(Text(f"{host} 发送数据过慢，已放弃。", f"{host} sends too slowly: given up."))
        file.write(block)
    if announced is not None and announced.isdecimal() and received < int(announced):
        raise _TryAgain(
            Text(f"{host} 的数据中断：应有 {announced} 字节，只收到 {received}。", f"{host} broke off: {received} of {announced} bytes came.")
        )
    if received == 0:
        raise BadInput(Text(f"{host} 的回答是空的。", f"The answer of {host} is empty."))


def _check_answer(answer: Any, host: str, mapping: Mapping, limit: int) -> None:
    if answer.status != 200:
        raise BadInput(Text(f"{host} 回答状态 {answer.status}，没有数据。", f"{host} answers with status {answer.status}, without data."))
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > limit:
        raise BadInput(_too_large(host, limit))
    kind = answer.headers.get_content_type()
    if mapping.reader in (*_TEXTS, "xlsx", "parquet") and kind in ("text/html", "application/xhtml+xml"):
        raise BadInput(_web_page(host))


def _check_start(part: Path, host: str, mapping: Mapping) -> None:
    """A page of a login wall often calls itself something else."""
    with part.open("rb") as file:
        start = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if mapping.reader in _TEXTS and start.startswith((b"<!doctype html", b"<html")):
        raise BadInput(_web_page(host))


def _opened(url: str, headers: Dict[str, str], timeout_s: float) -> Any:
    """The answer, redirects followed; the mapping's headers go to its own host only, and nothing goes from https back to http."""
    own = urlsplit(url)
    for _ in range(MOST_REDIRECTS + 1):
        here = urlsplit(url)
        kept = headers if (here.scheme, here.netloc) == (own.scheme, own.netloc) else {}
        try:
            return _opener().open(urllib.request.Request(url, headers={**_USUAL, **kept}), timeout=timeout_s)
        except urllib.error.HTTPError as fault:
            location = fault.headers.get("Location") if fault.code in _REDIRECTS else None
            if not location:
                raise
            fault.close()
            url = _followed(url, location)
    raise BadInput(Text(f"{own.hostname} 转来转去，没有数据。", f"{own.hostname} redirects round and round."))


def _followed(url: str, location: str) -> str:
    try:
        further = quote(urljoin(url, location), safe=punctuation)
        before, after = urlsplit(url), urlsplit(further)
        fit = after.scheme in ("http", "https") and bool(after.hostname) and not (before.scheme == "https" and after.scheme == "http")
    except ValueError:
        fit, further = False, location
    if not fit:
        host, shown = urlsplit(url).hostname, further[:80]
        raise BadInput(Text(f"{host} 转到 {shown}，不予跟随。", f"{host} redirects to {shown}, which is not followed."))
    return further


def _opener() -> urllib.request.OpenerDirector:
    """http and https only: the usual opener would open ftp, file and data addresses too, and read a redirect's body to its end."""
    opener = urllib.request.OpenerDirector()
    opener.addheaders = []
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
        urllib.request.HTTPErrorProcessor(), urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


def _reason(fault: urllib.error.HTTPError) -> str:
    return str(fault.reason).splitlines()[0][:100] if str(fault.reason).strip() else http.client.responses.get(fault.code, "?")


def _asked_wait(headers: Message | None) -> float | None:
    asked = headers.get("Retry-After", "") if headers is not None else ""
    return float(asked) if asked.isascii() and asked.isdecimal() else None


def _unreachable(host: str, cause: Any) -> Text:
    said = (getattr(cause, "strerror", None) or str(cause) or type(cause).__name__) if not isinstance(cause, TimeoutError) else "timed out"
    if isinstance(cause, http.client.IncompleteRead):
        return Text(f"{host} 的数据中断。", f"{host} broke off in the middle of its answer.")
    return Text(f"无法从 {host} 取得数据：{said}。", f"Nothing can be had from {host}: {said}.")


def _too_large(host: str, limit: int) -> Text:
    size = f"{limit / (1 << 20):.0f} MB"
    return Text(f"{host} 的数据超过 {size} 的上限。", f"What {host} sends is larger than the limit of {size}.")


def _web_page(host: str) -> Text:
    return Text(f"{host} 回答的是网页而不是数据（需要登录？）。", f"{host} answers with a web page instead of data (is a login needed?).")
