"""What became of one delivery, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from commandcenter.text import Text
from ingest.contract import Mapping
from ingest.ledger.store import Delivery
from ingest.pipeline import Pipeline
from ingest.record import Finding, Tally

LOCATION_RULES = frozenset({"outside_city", "not_degrees", "axes_swapped"})


@dataclass(frozen=True)
class Report:
    """What became of one file."""

    mapping: str
    file: str
    target: str
    tally: Tally
    seconds: float
    dry_run: bool
    run_id: int | None
    first_refusal: tuple[str, Finding] | None
    warning: Text | None = None
    conversion: dict[str, Any] = field(default_factory=dict)

    @property
    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        tally = self.tally
        first = self.first_refusal
        return {
            "mapping": self.mapping,
            "file": self.file,
            "target": self.target,
            "read": tally.read,
            "loaded": tally.loaded,
            "unchanged": tally.unchanged,
            "quarantined": tally.quarantined,
            "vanished": tally.vanished,
            "by_rule": tally.by_rule,
            "repaired": tally.repaired,
            "findings": tally.found,
            "conversion": self.conversion,
            "seconds": round(self.seconds, 2),
            "dry_run": self.dry_run,
            "run_id": self.run_id,
            "first_refusal": None
            if first is None
            else {"line": first[0], "field": first[1].field, "rule": first[1].rule, **first[1].sentence._asdict()},
            "warning": None if self.warning is None else self.warning._asdict(),
        }

    @property
    def sentence(self) -> Text:
        """The report for people."""
        t = self.tally
        head = Text("试运行，未写入：" if self.dry_run else "", "Dry run, nothing written: " if self.dry_run else "")
        parts = Text(
            f"{head.zh}{self.file} → {self.target}：读取 {t.read}，写入 {t.loaded}，未变 {t.unchanged}，隔离 {t.quarantined}（{self.seconds:.1f} 秒）",
            f"{head.en}{self.file} -> {self.target}: read {t.read}, loaded {t.loaded}, unchanged {t.unchanged},"
            f" quarantined {t.quarantined} ({self.seconds:.1f} s)",
        )
        if t.vanished:
            parts = Text(f"{parts.zh}；消失 {t.vanished}", f"{parts.en}; gone {t.vanished}")
        for zh, en, counts in (("修复", "repaired", t.repaired), ("发现", "noticed", t.found)):
            if counts:
                listed = ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
                parts = Text(f"{parts.zh}；{zh} {listed}", f"{parts.en}; {en} {listed}")
        if self.conversion.get("residual_m") is not None:
            within = "1 mm" if self.conversion["residual_m"] < 1e-3 else f"{self.conversion['residual_m']:.3g} m"
            crs = self.conversion["crs"]
            parts = Text(f"{parts.zh}；{crs} 往返误差小于 {within}", f"{parts.en}; {crs} there and back within {within}")
        if self.first_refusal is not None:
            where, finding = self.first_refusal
            parts = Text(
                f"{parts.zh}；首条隔离在 {where}：{finding.sentence.zh}", f"{parts.en}; first quarantined at {where}: {finding.sentence.en}"
            )
        return parts


def report_of(
    mapping: Mapping, delivery: Delivery, pipeline: Pipeline, seconds: float, run_id: int | None, warning: Text | None, conversion: dict[str, Any]
) -> Report:
    """The report of a run that ended."""
    return Report(
        mapping.name, delivery.file_name, mapping.target, pipeline.tally, seconds, delivery.kind == "dry_run", run_id,
        pipeline.quarantine.first, warning, conversion,
    )  # fmt: skip


def location_warning(tally: Tally, mapping: Mapping, file_name: str) -> Text | None:
    """A sentence when not one row lies inside the city: the reference system is wrong, or the file is another city's."""
    lost = sum(count for rule, count in tally.by_rule.items() if rule in LOCATION_RULES)
    if not lost or lost != tally.read - (tally.quarantined - lost):
        return None
    return Text(
        f"{file_name} 没有一行落在城市范围内：映射 {mapping.name} 的坐标系（{mapping.crs}）写错了，或者这不是本市的数据？",
        f"Not one row of {file_name} lies inside the city: is the CRS of the mapping {mapping.name} ({mapping.crs}) wrong,"
        " or is this another city's file?",
    )


def conversion_of(mapping: Mapping, pipeline: Pipeline) -> dict[str, Any]:
    """The reference system, how it was converted, and the largest there-and-back error met, in metres."""
    told = pipeline.locator.reference.describe()
    return {"crs": mapping.crs, "zh": told.zh, "en": told.en, "residual_m": pipeline.locator.residual_m}
