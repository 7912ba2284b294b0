"""Limits that the database sets and screens name, and as sentences what it says is in the way of showing or erasing somebody.

The rules are the database's functions (migration 0008); tests hold these numbers to them.
"""

from __future__ import annotations

from commandcenter.text import Text

SMALLEST_CELL = 5  # persons: smallest_cell()
SHORTEST_REASON = 8  # signs without spaces, not all the same: is_a_reason()
LONGEST_REASON = 500

IN_THE_WAY = {
    "not_permitted": Text("您的岗位不能查看完整信息。这次请求已记入审计。", "Your role does not show people in full. The request is in the audit."),
    "not_here": Text(
        "没有这一户，或不在您的辖区内。这次请求已记入审计。",
        "There is no such household, or it lies outside your jurisdiction. The request is in the audit.",
    ),
    "no_reason": Text(
        f"请写明理由：至少 {SHORTEST_REASON} 个字，不能是同一个字。", f"Please say why: at least {SHORTEST_REASON} signs that are not all the same."
    ),
    "reason_tells": Text(
        "理由里写了当事人的姓名或电话。理由要留在审计里，请写事项编号。",
        "The reason holds the person's name or telephone. It stays in the audit: write the number of the matter instead.",
    ),
    "nobody": Text("没有这个人，或其个人信息已依法删除。", "There is no such person, or the personal fields were erased by law."),
    "erased_before": Text("此人的个人信息早已删除。", "The personal fields of this person were erased before."),
}  # fmt: skip
