"""Names and codes of the synthetic city: real ones of Longsha and its neighbours where domain knowledge has them, plausible ones elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

# Street and community names with statistical codes (streets to 2022-10, communities of 2016); the polygons are ours.
LONGSHA: dict[str, tuple[str, str, dict[str, tuple[str, str]]]] = {
    "001": ("五龙街道", "Wulong", {
        "001": ("新宫", "Xingong"), "002": ("公园", "Gongyuan"), "004": ("新化", "Xinhua"),
        "005": ("通达", "Tongda"), "006": ("红星", "Hongxing"),
    }),
    "002": ("湖滨街道", "Hubin", {
        "001": ("湖西", "Huxi"), "002": ("滨湖", "Binhu"), "004": ("二厂", "Erchang"),
        "005": ("一厂", "Yichang"), "006": ("园艺", "Yuanyi"),
    }),
    "003": ("江安街道", "Jiang'an", {
        "001": ("一厂", "Yichang"), "002": ("新合", "Xinhe"), "003": ("华丽", "Huali"),
        "004": ("合意", "Heyi"), "005": ("西岗子", "Xigangzi"), "006": ("滨江", "Binjiang"),
    }),
    "004": ("正阳街道", "Zhengyang", {
        "001": ("海山", "Haishan"), "002": ("永青", "Yongqing"), "003": ("火电", "Huodian"),
        "004": ("安智", "Anzhi"),
    }),
    "005": ("彩虹街道", "Caihong", {
        "001": ("青云", "Qingyun"), "002": ("五福", "Wufu"), "004": ("南慧", "Nanhui"),
        "005": ("通航", "Tonghang"), "006": ("四太", "Sitai"), "007": ("太阳", "Taiyang"),
    }),
    "006": ("南航街道", "Nanhang", {
        "001": ("虹园", "Hongyuan"), "003": ("丰富", "Fengfu"), "004": ("华光", "Huaguang"),
        "005": ("南郊", "Nanjiao"), "006": ("新联", "Xinlian"), "007": ("新跃", "Xinyue"),
    }),
    "007": ("大民街道", "Damin", {
        "200": ("明星", "Mingxing"), "201": ("爱国", "Aiguo"), "202": ("三合", "Sanhe"),
        "203": ("新光", "Xinguang"), "204": ("大民", "Damin"), "205": ("五福玛", "Wufuma"),
    }),
}  # fmt: skip
RURAL_STREET = "007"
DISTRICTS = (
    ("230202", "龙沙区", "Longsha"), ("230203", "建华区", "Jianhua"), ("230204", "铁锋区", "Tiefeng"), ("230205", "昂昂溪区", "Ang'angxi"),
    ("230206", "富拉尔基区", "Fularji"), ("230207", "碾子山区", "Nianzishan"), ("230208", "梅里斯达斡尔族区", "Meilisi Daur"),
)  # fmt: skip
FIRST = (
    ("龙", "Long"), ("华", "Hua"), ("安", "An"), ("永", "Yong"), ("新", "Xin"), ("中", "Zhong"),
    ("东", "Dong"), ("建", "Jian"), ("文", "Wen"), ("和", "He"), ("富", "Fu"), ("光", "Guang"),
    ("长", "Chang"), ("民", "Min"), ("卜", "Bu"), ("青", "Qing"), ("嫩", "Nen"), ("鹤", "He"),
    ("平", "Ping"), ("兴", "Xing"), ("景", "Jing"), ("湖", "Hu"), ("阳", "Yang"), ("德", "De"),
)  # fmt: skip
SECOND = (
    ("华", "hua"), ("顺", "shun"), ("奎", "kui"), ("庆", "qing"), ("江", "jiang"), ("兴", "xing"),
    ("安", "an"), ("明", "ming"), ("泰", "tai"), ("海", "hai"), ("城", "cheng"), ("园", "yuan"),
    ("盛", "sheng"), ("康", "kang"), ("宁", "ning"), ("丰", "feng"), ("达", "da"), ("业", "ye"),
    ("昌", "chang"), ("和", "he"), ("源", "yuan"), ("祥", "xiang"), ("滨", "bin"),
)  # fmt: skip
COMPOUND_TAILS = (
    ("花园", "Garden"), ("小区", "Compound"), ("家园", "Homes"), ("新村", "New Village"), ("嘉苑", "Court"), ("名居", "Residence"),
    ("丽景", "View"), ("雅居", "House"),
)  # fmt: skip
TAILS = {"avenue": {"primary": ("大街", "Avenue"), "secondary": ("街", "Street")}, "street": {"primary": ("路", "Road"), "secondary": ("路", "Road")}}


@dataclass(frozen=True)
class Name:
    """A name in both languages."""

    zh: str
    en: str


def pair(number: int) -> Name:
    """The number-th of a long series of two-character names without repetition."""
    first, second = FIRST[number % len(FIRST)], SECOND[(number // len(FIRST) + number * 7) % len(SECOND)]
    turn = number // (len(FIRST) * len(SECOND))
    mark = "" if turn == 0 else "一二三四五六七八九十"[min(turn - 1, 9)]
    return Name(first[0] + second[0] + mark, first[1] + second[1] + (f" {turn}" if turn else ""))


def road_name(kind: str, road_class: str, number: int) -> Name:
    """An arterial's name: avenues run north-south (大街, 街), streets east-west (路)."""
    if kind == "ring":
        return Name("环城路", "Ring Road")
    if kind == "diagonal":
        return Name("站前大街", "Station Avenue")
    own = pair(number * 2 + (0 if kind == "avenue" else 1))
    tail = TAILS[kind]["primary" if road_class == "primary" else "secondary"]
    return Name(own.zh + tail[0], f"{own.en} {tail[1]}")


def lane_name(number: int) -> Name:
    """A street inside a quarter."""
    own = pair(100 + number * 5)
    return Name(own.zh + ("胡同" if number % 4 == 0 else "街" if number % 4 == 1 else "路"), f"{own.en} {'Lane' if number % 4 == 0 else 'Street'}")


def compound_name(number: int) -> Name:
    """A residential compound's name."""
    own, tail = pair(300 + number * 3), COMPOUND_TAILS[number % len(COMPOUND_TAILS)]
    return Name(own.zh + tail[0], f"{own.en} {tail[1]}")
