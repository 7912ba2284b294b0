"""The encoding of a shapefile's attributes, from the bytes themselves: GDAL would only believe what is claimed."""

from __future__ import annotations

import struct
from pathlib import Path

from commandcenter.text import Text
from ingest.inspecting.encodings import EncodingProof, claim_of_cpg, claim_of_language_byte, prove
from ingest.inspecting.sample import FIRST_ROWS, SPREAD_PARTS, SPREAD_ROWS


def dbf_encoding(shp: Path) -> EncodingProof | None:
    """The encoding of a shapefile's attributes, from the bytes of its field names and texts and from what .cpg and header claim."""
    path = shp.with_suffix(".dbf")
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return None
        count, header, width = struct.unpack("<IHH", head[4:12])
        fields = file.read(max(0, header - 32))
        texts: list[bytes] = []
        spans: list[tuple[int, int]] = []
        start = 1
        for at in range(0, len(fields) - 31, 32):
            if fields[at] == 0x0D:
                break
            texts.append(fields[at : at + 11].split(b"\0")[0])
            kind, size = fields[at + 11 : at + 12], fields[at + 16]
            if kind == b"C":
                spans.append((start, start + size))
            start += size
        step = max(1, count // (FIRST_ROWS + SPREAD_PARTS * SPREAD_ROWS))
        for row in range(0, count, step):
            file.seek(header + row * width)
            record = file.read(width)
            texts += [record[begin:end].rstrip(b" \0") for begin, end in spans]
    claims = []
    cpg = path.with_suffix(".cpg")
    if cpg.is_file():
        claims.append((".cpg", claim_of_cpg(cpg.read_bytes()[:40].decode("ascii", "replace"))))
    named = claim_of_language_byte(head[29])
    if named is not None:
        claims.append((f"DBF 0x{head[29]:02X}", named))
    proof = prove([text for text in texts if text], tuple(claims))
    # GDAL cuts names of 10 bytes; a text cut in mid-character reads in no encoding
    return proof if proof.encoding or not proof.trials else _without_cut_ends(texts, tuple(claims), proof)


def _without_cut_ends(texts: list[bytes], claims: tuple[tuple[str, str], ...], proof: EncodingProof) -> EncodingProof:
    """A second look where fixed widths may have cut a last character: the same texts, cut back by up to three bytes, for UTF-8 and GBK."""
    for name in ("utf-8", "gb18030"):
        kept = []
        for text in texts:
            shorter = next(
                (text[: len(text) - less] for less in range(4) if _reads(text[: len(text) - less], name)), None
            )
            if shorter is None:
                break
            kept.append(shorter)
        else:
            again = prove([text for text in kept if text], claims)
            if again.encoding == name:
                cut = sum(len(a) != len(b) for a, b in zip(texts, kept, strict=True))
                note = Text(
                    f"有 {cut} 个值在字段宽度处被截断了半个字。",
                    f"{cut} values are cut in mid-character by the width of their field.",
                )
                return EncodingProof(again.encoding, False, None, again.trials, again.claims, again.octets, (note,))
    return proof


def _reads(octets: bytes, encoding: str) -> bool:
    try:
        octets.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
