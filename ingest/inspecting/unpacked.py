"""Files inside archives, laid out in a folder that is gone afterwards: bounded in members, bytes and ratio, never outside the folder."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from commandcenter.errors import BadInput
from commandcenter.text import Text
from ingest.inspecting.signature import Form, form_of
from ingest.readers.archives import folder_of_its_own

MOST_MEMBERS = 2_000
MOST_BYTES = 512 * 1024 * 1024
MOST_RATIO = 1_000  # deflate's own limit is about 1 030: what is near it holds nothing
SIDE_SUFFIXES = frozenset({".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".qix", ".qmd", ".xml.aux"})
CHUNK = 1 << 20
GZIP_WINDOW = 31  # zlib: a gzip header, the largest window


@dataclass
class Content:
    """What an outer file holds: the files to look at (with their name inside), the wrappings around them, and what was noticed."""

    files: list[tuple[str, Path]]
    wrappings: list[Form] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)
    partial: bool = False


@contextmanager
def unpacked(path: Path) -> Iterator[Content]:
    """The data files of a file: itself, or what an archive holds. Raises BadInput for broken, protected or absurd archives."""
    form = form_of(path)
    if form.reader is not None:
        yield Content([(path.name, path)])
        return
    with folder_of_its_own() as folder:
        content = Content([], [form])
        if form.key == "gzip":
            inner = folder / (
                path.stem
                if path.suffix.lower() == ".gz"
                else f"{path.stem}.tar"
                if path.suffix.lower() == ".tgz"
                else path.name
            )
            _gunzip(path, inner, content)
            within = form_of(inner)
            if within.key == "tar":
                content.wrappings.append(within)
                _untar(inner, folder / "members", content)
            elif within.reader is None:
                raise BadInput(
                    Text(
                        f"{path.name} 套了两层压缩；请只压缩一次。",
                        f"{path.name} is packed twice; pack it once, please.",
                    )
                )
            else:
                content.files.append((inner.name, inner))
        elif form.key == "tar":
            _untar(path, folder, content)
        else:
            _unzip(path, folder, content)
        if not content.files:
            raise BadInput(Text(f"压缩包 {path.name} 里没有数据文件。", f"The archive {path.name} holds no data file."))
        yield content


def _gunzip(path: Path, target: Path, content: Content) -> None:
    """Unpack as far as it goes: of a cut-off file all that there is, where the gzip module would give nothing of its last block."""
    written, inflate, whole = 0, zlib.decompressobj(GZIP_WINDOW), False
    try:
        with path.open("rb") as source, target.open("wb") as out:
            while (block := inflate.unused_data or source.read(CHUNK >> 4)) and written < MOST_BYTES:
                if inflate.eof:
                    if not block.startswith(b"\x1f\x8b"):
                        break  # padding behind the last member
                    inflate = zlib.decompressobj(GZIP_WINDOW)
                while block and written < MOST_BYTES:
                    chunk = inflate.decompress(block, CHUNK)
                    written += len(chunk)
                    out.write(chunk)
                    block = inflate.unconsumed_tail
            whole = inflate.eof
    except zlib.error:
        whole = False
    if not written:
        raise BadInput(
            Text(
                f"{path.name} 的 gzip 已损坏或为空，什么也解不出来。",
                f"The gzip {path.name} is broken or empty: nothing comes out of it.",
            )
        )
    content.partial = not whole
    if written >= MOST_BYTES:
        content.notes.append(
            Text(
                f"解压后超过 {MOST_BYTES >> 20} MB，只看了前面这些。",
                f"Unpacked it is over {MOST_BYTES >> 20} MB; only so much was looked at.",
            )
        )
    elif not whole:
        content.notes.append(
            Text(
                "gzip 不完整：文件被截断或损坏，只看了能解出的部分。",
                "The gzip is cut off or damaged; only what came out of it was looked at.",
            )
        )


def _unzip(path: Path, folder: Path, content: Content) -> None:
    try:
        with ZipFile(path) as archive:
            members = [
                member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)
            ]
            _refuse_absurd(path, members)
            names: dict[str, str] = {}
            for number, member in enumerate(members):
                inner = _member_name(member)
                at = folder / _flat(inner, number, names)
                at.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, at.open("wb") as out:
                    shutil.copyfileobj(_limited(source, member.file_size, path), out, CHUNK)
                _take(content, inner, at)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError) as fault:
        raise BadInput(
            Text(f"ZIP 文件 {path.name} 已损坏或被截断。", f"The ZIP file {path.name} is broken or cut off.")
        ) from fault


def _refuse_absurd(path: Path, members: list[ZipInfo]) -> None:
    if any(member.flag_bits & 1 for member in members):
        raise BadInput(
            Text(
                f"ZIP 文件 {path.name} 设有密码；请取消密码后再提供。",
                f"The ZIP file {path.name} has a password; please ask for it without one.",
            )
        )
    whole = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS or whole > MOST_BYTES or whole > MOST_RATIO * max(packed, 1024):
        raise BadInput(
            Text(
                f"压缩包 {path.name} 解开后有 {len(members)} 个文件、{whole >> 20} MB，超过上限（{MOST_MEMBERS} 个、{MOST_BYTES >> 20} MB）。",
                f"The archive {path.name} would unpack to {len(members)} files and {whole >> 20} MB: too much ({MOST_MEMBERS}, {MOST_BYTES >> 20} MB).",
            )
        )


def _limited(source: IO[bytes], size: int, path: Path) -> IO[bytes]:
    """The member as a stream that refuses to be longer than its directory entry says."""
    read = source.read
    left = size

    def bounded(count: int = -1) -> bytes:
        nonlocal left
        chunk = read(count)
        left -= len(chunk)
        if left < 0:
            raise BadInput(
                Text(f"压缩包 {path.name} 谎报了大小。", f"The archive {path.name} lies about the size of its members.")
            )
        return chunk

    source.read = bounded  # type: ignore[method-assign]  # the copy asks for nothing but read
    return source


def _untar(path: Path, folder: Path, content: Content) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    whole = 0
    try:
        with tarfile.open(path) as archive:
            for number, member in enumerate(archive):
                if not member.isfile() or _is_litter(member.name):
                    continue
                whole += member.size
                if number >= MOST_MEMBERS or whole > MOST_BYTES:
                    content.partial = True
                    content.notes.append(
                        Text(
                            "归档很大，只看了前面的文件。", "The archive is large; only its first files were looked at."
                        )
                    )
                    break
                source = archive.extractfile(member)
                if source is None:
                    continue
                at = folder / _flat(member.name, number, names)
                at.parent.mkdir(parents=True, exist_ok=True)
                with source, at.open("wb") as out:
                    shutil.copyfileobj(source, out, CHUNK)
                _take(content, member.name, at)
    except (tarfile.TarError, EOFError) as fault:
        raise BadInput(
            Text(f"tar 归档 {path.name} 已损坏或被截断。", f"The tar archive {path.name} is broken or cut off.")
        ) from fault


def _take(content: Content, inner: str, at: Path) -> None:
    if at.suffix.lower() not in SIDE_SUFFIXES and not inner.lower().endswith(".shp.xml"):
        content.files.append((inner, at))


def _is_litter(name: str) -> bool:
    return (
        name.startswith("__MACOSX/")
        or PurePosixPath(name).name in ("Thumbs.db", ".DS_Store", "desktop.ini")
        or PurePosixPath(name).name.startswith("._")
    )


def _member_name(member: ZipInfo) -> str:
    """The member's name: Windows packs Chinese names in GBK and says nothing, which zipfile then takes for CP437."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return member.filename


def _flat(inner: str, number: int, names: dict[str, str]) -> str:
    """A safe place for a member: files that belong together (same folder and stem) keep one stem, nothing leaves the folder."""
    pure = PurePosixPath(inner.replace("\\", "/"))
    group = names.setdefault(str(pure.with_suffix("")).lower(), f"{number}")
    stem = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in pure.stem)[:60]
    return f"{group}/{names.setdefault('/' + group, stem or 'file')}{pure.suffix.lower()}"
