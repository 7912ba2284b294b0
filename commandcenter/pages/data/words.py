"""The desk's words: states, kinds, rules and steps, each with what a person does about it; numbers, moments and spans as people read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from commandcenter.text import Language, Text

STATUS = {
    "queued": Text("排队中", "Queued"),
    "running": Text("运行中", "Running"),
    "done": Text("完成", "Done"),
    "failed": Text("失败", "Failed"),
    "cancelled": Text("已取消", "Cancelled"),
    "broken": Text("中断", "Broken off"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}
RUNNING = frozenset({"queued", "running"})
# What a run that did not end well means, and what to do.
ADVICE = {
    "queued": Text(
        "已在队列中，工作进程空闲即开始。久等不动时，请管理员查看工作进程。",
        "It waits in the queue and starts as soon as the worker is free. If nothing moves for long, ask the administrator to look at the worker.",
    ),
    "failed": Text(
        "整个文件被退回，没有载入任何行，原有数据未变。请按下面的原因改正文件或映射，再交付一次。",
        "The whole file was turned back: nothing was loaded and the data stands as before. "
        "Mend the file or the mapping as said below, then deliver it again.",
    ),
    "not_fetched": Text(
        "自动取数没有成功，原因见下；稍后会自动再试，已有的数据不受影响。",
        "Fetching did not succeed; the reason is below. It is tried again by itself, and the data that stands is not touched.",
    ),
    "cancelled": Text(
        "按要求停止，没有载入任何行，原有数据未变。需要时可再运行一次。",
        "Stopped as asked: nothing was loaded and the data stands as before. Run it again when it is wanted.",
    ),
    "broken": Text(
        "工作进程在运行中停止，没有载入任何行，原有数据未变。请再运行一次；若再次中断，请把运行编号告诉管理员。",
        "The worker stopped in the middle: nothing was loaded and the data stands as before. "
        "Run it again; if it breaks again, give the run's number to the administrator.",
    ),
    "withdrawn": Text(
        "此次载入已撤回：它写入的行已去掉，被它改写的行已还原。",
        "This load was taken back: the rows it brought are gone, the rows it wrote over stand as before.",
    ),
}
NO_WORKER = Text(
    "没有后台任务进程在运行：交付的文件在队列中等待，定时取数也停着。请管理员启动（python -m commandcenter work）。",
    "No worker is running: deliveries wait in the queue and nothing is fetched. Ask the administrator to start one (python -m commandcenter work).",
)
KIND = {"load": Text("载入", "Load"), "dry_run": Text("试运行", "Dry run"), "correction": Text("更正后重载", "Corrected rows")}
STEP = {
    "reading": Text("读取", "reading"),
    "placing": Text("定位与检查", "placing and checking"),
    "settling": Text("写入", "writing"),
    "queued": Text("等待", "waiting"),
}
RULE = {
    "already_counted": Text("已由他源计数", "Counted by another"),
    "ambiguous_building": Text("建筑不唯一", "Several buildings fit"),
    "area_unformed": Text("面未成形", "Area not formed"),
    "axes_swapped": Text("经纬度颠倒", "Axes swapped"),
    "bad_geometry": Text("几何无法使用", "Unusable geometry"),
    "between": Text("超出范围", "Out of range"),
    "cell_error": Text("单元格出错", "Cell holds an error"),
    "closed_before_reported": Text("办结早于上报", "Closed before reported"),
    "code_taken": Text("代码已被占用", "Code taken"),
    "corrected": Text("已按更正载入", "Loaded as corrected"),
    "curve_linearised": Text("曲线已化为折线", "Curve drawn straight"),
    "curve_unsupported": Text("曲线无法化直", "Curve cannot be drawn"),
    "duplicate_building": Text("建筑重复", "Building repeated"),
    "duplicate_key": Text("主键重复", "Key repeated"),
    "gap": Text("缝隙", "Gap"),
    "grid_code": Text("网格代码不合语法", "Grid code out of grammar"),
    "in_order": Text("先后颠倒", "Out of order"),
    "invalid_geometry": Text("几何待修补", "Geometry to mend"),
    "members_missing": Text("缺成员", "Members missing"),
    "mended_geometry": Text("几何已修补", "Geometry mended"),
    "missing": Text("缺必填值", "Required value missing"),
    "missing_key": Text("缺主键", "Key missing"),
    "nearest_building": Text("归入最近建筑", "Given to the nearest building"),
    "no_place": Text("没有位置", "No place"),
    "nodes_missing": Text("缺节点", "Nodes missing"),
    "not_a_feature": Text("不是要素", "Not a feature"),
    "not_a_number": Text("坐标不是数", "Not a number"),
    "not_a_row": Text("列数不符", "Not a row"),
    "not_allowed": Text("不是允许的值", "Not an allowed value"),
    "not_decodable": Text("编码不符", "Cannot be decoded"),
    "not_degrees": Text("不是经纬度", "Not degrees"),
    "not_future": Text("时间在未来", "In the future"),
    "not_real": Text("不可能的值", "Not a real value"),
    "not_text": Text("含不可读字符", "Not text"),
    "one_of": Text("不在允许值内", "Not one of the allowed"),
    "other_crs": Text("坐标系不符", "Another reference system"),
    "out_of_range": Text("超出范围", "Out of range"),
    "outside_city": Text("在城市之外", "Outside the city"),
    "overlap": Text("重叠", "Overlap"),
    "pattern": Text("格式不符", "Pattern not met"),
    "place_contradiction": Text("编码与位置不符", "Code contradicts place"),
    "placeholder": Text("占位坐标", "Placeholder coordinates"),
    "reference": Text("引用不存在", "Reference not found"),
    "several_parts": Text("分成多块", "Several parts"),
    "sliver": Text("碎片", "Sliver"),
    "unique": Text("值重复", "Value repeated"),
    "unknown_building": Text("建筑未知", "Unknown building"),
    "unknown_class": Text("类别未知", "Unknown class"),
    "unknown_value": Text("值不在表内", "Value not in the table"),
    "wrong_shape": Text("几何类型不符", "Wrong kind of shape"),
}
STATE = {
    "open": Text("待处理", "Open"),
    "resolved": Text("已解决", "Resolved"),
    "superseded": Text("已由新交付取代", "Superseded"),
    "dismissed": Text("已搁置", "Dismissed"),
}
AGO = {
    "minutes": Text("{count} 分钟", "{count} min"),
    "hours": Text("{count} 小时", "{count} h"),
    "days": Text("{count} 天", "{count} days"),
}
NEVER, UNKNOWN = Text("从未", "Never"), Text("未知", "Unknown")
UNITS = (("字节", "bytes"), ("KB", "KB"), ("MB", "MB"), ("GB", "GB"))


def word(words: dict[str, Text], key: Any, language: Language) -> str:
    """A word in one language; a key nobody has translated is shown as it is."""
    known = words.get(str(key))
    return known.to(language) if known else str(key or "").replace("_", " ")


def count(value: Any) -> str:
    """A whole number with its thousands set apart."""
    return f"{int(value or 0):,}"


def moment(value: datetime | None, language: Language, zone: ZoneInfo) -> str:
    """A moment on the city's clock."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M") if value else NEVER.to(language)


def span(seconds: float | None, language: Language) -> str:
    """A length of time in its largest sensible unit."""
    if seconds is None:
        return UNKNOWN.to(language)
    minutes = max(0, round(float(seconds) / 60))
    if minutes < 90:
        return AGO["minutes"].with_values(count=minutes).to(language)
    if minutes < 36 * 60:
        return AGO["hours"].with_values(count=round(minutes / 60)).to(language)
    return AGO["days"].with_values(count=round(minutes / 1440)).to(language)


def size(octets: int | None, language: Language) -> str:
    """The size of a file."""
    value, step = float(octets or 0), 0
    while value >= 1024 and step < len(UNITS) - 1:
        value, step = value / 1024, step + 1
    return f"{value:,.0f} {Text(*UNITS[step]).to(language)}" if step == 0 else f"{value:,.1f} {Text(*UNITS[step]).to(language)}"
