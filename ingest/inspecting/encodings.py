"""Which encodings read some bytes: each is tried, must give the same bytes back, and its Chinese must look like Chinese."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from commandcenter.text import Text

TRIED = ("utf-8", "gb18030", "gbk", "big5", "utf-16", "cp1252")
CLEARLY = 0.25  # of plausibility, between the best encoding and the next that reads something else
_MOJIBAKE = re.compile(
    "锟斤拷|烫烫烫|屯屯屯|\ufffd|ï»¿|Ã[\x80-\xbf]|Â[\x80-\xbf]|â€|[\ue000-\uf8ff]|æ[\x80-\xbf]|ç[\x80-\xbf]"
)
_SIGNS = ("锟斤拷", "烫烫烫", "\ufffd", "ï»¿", "Ã", "â€")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_PUNCTUATION = re.compile(r"[\u3000-\u303f\uff00-\uffef·—–…“”‘’℃㎡㎥×°±§→①-⑳Ⅰ-Ⅻ]")
_WESTERN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŠšŽžŒœ]+")
# The characters that make up half of ordinary Chinese, and those of which names of places and things of a city are made.
_FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严"
    "街村镇乡桥楼井盖灯树箱站牌亭栓园湖河港口岸岛屯店寺庙宫庄沟坡岭屋栋幢户室弄巷巿號區縣鎮鄉國學會業務廣東門開關電車馬龍華鐵鋒與燈樹橋樓號臺灣當為應發經過對於時間處後從個這裡們來說點種樣見體與無動員產長現實質氣龙沙昂溪富尔讷甘泰依拜泉哈齐奈佳牡丹哈滨州杭深圳圳"
)
_CLAIMED_BY_LANGUAGE_BYTE = {
    0x4D: "gbk",
    0x4F: "big5",
    0x03: "cp1252",
    0x57: "cp1252",
    0x13: "cp932",
    0x7A: "gbk",
    0x78: "big5",
    0x02: "cp850",
    0x01: "cp437",
}


@dataclass(frozen=True)
class Trial:
    """One encoding's try: whether it reads all bytes, gives the same back, and how plausible (0 to 1) what it reads is."""

    encoding: str
    decodes: bool
    round_trip: bool
    plausible: float
    mojibake: tuple[str, ...]
    sample: str

    @property
    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "encoding": self.encoding, "decodes": self.decodes, "round_trip": self.round_trip,
            "plausible": round(self.plausible, 3), "mojibake": list(self.mojibake), "sample": self.sample,
        }  # fmt: skip


@dataclass(frozen=True)
class EncodingProof:
    """What encoding the bytes are in: ``encoding`` to write into a mapping (None: undecided), the trials, and what was claimed."""

    encoding: str | None
    ascii_only: bool
    bom: str | None
    trials: tuple[Trial, ...]
    claims: tuple[tuple[str, str, bool], ...]  # who claims (".cpg", "DBF language byte"), what, whether that holds
    octets: int
    notes: tuple[Text, ...] = ()

    @property
    def reading(self) -> str:
        """An encoding to look with: the one that was proven, or the most plausible."""
        if self.encoding is not None:
            return self.encoding
        able = [trial for trial in self.trials if trial.round_trip] or [trial for trial in self.trials if trial.decodes]
        return max(able, key=lambda trial: trial.plausible).encoding if able else "gb18030"

    @property
    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "encoding": self.encoding, "ascii_only": self.ascii_only, "bom": self.bom, "octets": self.octets,
            "trials": [trial.as_json for trial in self.trials],
            "claims": [{"by": by, "encoding": name, "holds": holds} for by, name, holds in self.claims],
        }  # fmt: skip

    def sentences(self) -> list[Text]:
        """What was tried and what came of it."""
        if self.ascii_only:
            said = [
                Text(
                    "编码：样本全是 ASCII，用 utf-8 或 gb18030 读都一样。",
                    "Encoding: nothing but ASCII in the sample; utf-8 and gb18030 read it alike.",
                )
            ]
        else:
            tried_zh = "；".join(f"{trial.encoding} {_told(trial).zh}" for trial in self.trials)
            tried_en = "; ".join(f"{trial.encoding} {_told(trial).en}" for trial in self.trials)
            named = (
                Text(f"判定为 {self.encoding}", f"it is {self.encoding}")
                if self.encoding
                else Text("不能判定", "undecided")
            )
            said = [
                Text(
                    f"编码：{named.zh}（试读 {self.octets:,} 字节：{tried_zh}）。",
                    f"Encoding: {named.en} ({self.octets:,} bytes tried: {tried_en}).",
                )
            ]
        for by, name, holds in self.claims:
            said.append(
                Text(f"{by} 声明为 {name}，与内容相符。", f"{by} claims {name}, and the content agrees.")
                if holds
                else Text(
                    f"{by} 声明为 {name}，与内容不符，是错的。",
                    f"{by} claims {name}, which is a lie: the content is something else.",
                )
            )
        return [*said, *self.notes]


def prove(pieces: list[bytes], claims: tuple[tuple[str, str], ...] = (), bom: str | None = None) -> EncodingProof:
    """The encoding of some pieces of one text, whole lines or fields each; a byte order mark is given apart and decides.

    An encoding is named only if it reads every piece, gives the same bytes back and is the clearly most plausible one. GBK is
    part of GB 18030, which is named for both.
    """
    joined = b"\n".join(pieces)
    if bom is not None and bom.startswith("utf-16"):
        trial = _try(bom, pieces)
        return EncodingProof(
            "utf-16" if trial.decodes else None, False, bom, (trial,), _judge(claims, "utf-16", pieces), len(joined)
        )
    if joined.isascii():
        held = tuple((by, name, True) for by, name in claims)
        return EncodingProof("utf-8-sig" if bom else "utf-8", True, bom, (), held, len(joined))
    trials = tuple(_try(name, pieces) for name in TRIED if name != "utf-16")
    chosen = _chosen(trials)
    notes = []
    if chosen is not None:
        signs = next(trial.mojibake for trial in trials if trial.encoding == chosen)
        if signs:
            listed = "、".join(signs)
            notes.append(
                Text(
                    f"内容里有乱码痕迹（{listed}）：多半在交来之前就已转坏，换编码也救不回来。",
                    f"Signs of mojibake in the content ({', '.join(signs)}): it was most likely spoilt before it came, and no encoding mends that.",
                )
            )
    if bom is not None and chosen == "utf-8":
        chosen = "utf-8-sig"
    return EncodingProof(chosen, False, bom, trials, _judge(claims, chosen, pieces), len(joined), tuple(notes))


def claim_of_language_byte(octet: int) -> str | None:
    """The encoding that byte 29 of a DBF header names; None for 0 (nothing said) and what nobody here knows."""
    return _CLAIMED_BY_LANGUAGE_BYTE.get(octet)


def claim_of_cpg(text: str) -> str:
    """The encoding that a .cpg file names, as Python spells it where it is a known one."""
    name = text.strip().lower().removeprefix("ansi ").strip()
    known = {
        "936": "gbk",
        "cp936": "gbk",
        "950": "big5",
        "54936": "gb18030",
        "65001": "utf-8",
        "utf8": "utf-8",
        "1252": "cp1252",
        "gb2312": "gbk",
        "88591": "iso-8859-1",
    }
    return known.get(name, name or "?")


def _judge(
    claims: tuple[tuple[str, str], ...], chosen: str | None, pieces: list[bytes]
) -> tuple[tuple[str, str, bool], ...]:
    return tuple((by, name, _same_reading(name, chosen, pieces)) for by, name in claims)


def _same_reading(claimed: str, chosen: str | None, pieces: list[bytes]) -> bool:
    try:
        read = [piece.decode(claimed) for piece in pieces]
        return chosen is None or read == [piece.decode(chosen) for piece in pieces]
    except (LookupError, UnicodeDecodeError):
        return False


def _try(name: str, pieces: list[bytes]) -> Trial:
    try:
        texts = [piece.decode(name) for piece in pieces]
    except UnicodeDecodeError:
        return Trial(name, False, False, 0.0, (), "")
    same = name.startswith("utf-16") or all(
        text.encode(name) == piece for text, piece in zip(texts, pieces, strict=True)
    )
    whole = "\n".join(texts)
    signs = tuple(sign for sign in _SIGNS if sign in whole) if _MOJIBAKE.search(whole) else ()
    shown = re.search(r"[^\x00-\x7f][^\n\r\x00]{0,23}", whole)
    return Trial(name, True, same, _plausibility(name, whole), signs, shown[0] if shown else "")


def _plausibility(name: str, text: str) -> float:
    """0 to 1: the share of its foreign characters that somebody would have written, weighted by how usual they are."""
    foreign = [letter for letter in text if letter > "\x7f"]
    if not foreign:
        return 1.0
    worth = 0.0
    for letter in foreign[:100_000]:
        if letter in _FREQUENT:
            worth += 1.0
        elif _HAN.match(letter):
            worth += 0.55 if letter in _common() else 0.05
        elif _PUNCTUATION.match(letter):
            worth += 0.7
        elif letter.isalpha() and letter < "\u0250":
            worth += 0.6 if name == "utf-8" else 0.0  # judged by their words below
    if name == "cp1252":
        worth = sum(0.6 * len(word) for word in _foreign_in_words(text))
    elif name == "utf-8" and _MOJIBAKE.search(text):
        worth *= 0.5
    return min(1.0, worth / min(len(foreign), 100_000))


def _foreign_in_words(text: str) -> list[str]:
    """The accented letters of words that are mostly plain ones: München, not ÆëÆë¹þ¶û."""
    found = []
    for word in _WESTERN.findall(text):
        accented = [letter for letter in word if letter > "\x7f"]
        if accented and len(accented) * 2 < len(word):
            found.append("".join(accented))
    return found


@cache
def _common() -> frozenset[str]:
    """Characters of level 1 in GB 2312 (3 755) and in Big5 (5 401): what is written every day."""
    simplified = (bytes((lead, trail)) for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF))
    traditional = (
        bytes((lead, trail)) for lead in range(0xA4, 0xC7) for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    )
    return frozenset(
        "".join(
            [*(b.decode("gb2312", "ignore") for b in simplified), *(b.decode("big5", "ignore") for b in traditional)]
        )
    )


def _chosen(trials: tuple[Trial, ...]) -> str | None:
    """UTF-8's own rules are so narrow that what reads as UTF-8 is UTF-8, unless another reading is far more sensible."""
    able = {trial.encoding: trial for trial in trials if trial.round_trip}
    able.pop("gbk", None)
    ranked = sorted(
        able.values(), key=lambda trial: trial.plausible + (0.5 if trial.encoding == "utf-8" else 0.0), reverse=True
    )
    if not ranked:
        return None
    best = ranked[0]
    if best.encoding == "utf-8":
        return "utf-8"
    if best.plausible < CLEARLY or (len(ranked) > 1 and best.plausible - ranked[1].plausible < CLEARLY / 2):
        return None
    return best.encoding


def _told(trial: Trial) -> Text:
    if not trial.decodes:
        return Text("读不通", "does not read it")
    share = f"{trial.plausible:.0%}"
    if not trial.round_trip:
        return Text(
            f"能读但还原不出原字节（可信 {share}）", f"reads it but does not give the bytes back ({share} plausible)"
        )
    return Text(f"能读且可原样还原（可信 {share}）", f"reads it and gives the bytes back ({share} plausible)")
