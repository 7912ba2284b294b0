"""The refused rows: a table that fetches two hundred at a time, and the editor of one, of several, or of all rows of a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data import ids
from commandcenter.pages.data.asked import ALL_RULES, Asked
from commandcenter.pages.data.parts import button, fact, facts, sentence
from commandcenter.pages.data.words import RULE, STATE, count, word
from commandcenter.pages.wall.parts import aria, data
from commandcenter.text import Language, Text

PAGE_ROWS = 200
MOST_COLUMNS = 24
TABLE = Text("隔离的行", "Refused rows")
LINE, WHY, REASON, KEY, FIELD, STANDING = (
    Text("行", "Line"), Text("规则", "Rule"), Text("原因", "Reason"), Text("主键", "Key"), Text("字段", "Field"), Text("状态", "State"),
)  # fmt: skip
CHOOSE = Text(
    "选中一行（点按，或方向键加空格）即可查看原文、改正字段；勾选多行可一起改正。",
    "Select a row (click, or arrow keys and Space) to read its raw text and correct it; tick several to correct them together.",
)
ONE = Text("行 {line} · {rule}", "Line {line} · {rule}")
MANY = Text("已选 {count} 行", "{count} rows selected")
EVERY = Text("“{rule}”的全部 {count} 行", "All {count} rows of '{rule}'")
RAW, FIELDS = Text("原文", "Raw text"), Text("字段", "Fields")
SAVE, DISMISS = Text("保存更正", "Save the correction"), Text("搁置", "Dismiss")
DISMISS_WARNING = Text(
    "搁置的行不再提醒，也不会载入；原文和原因仍留在运行记录里。要继续吗？",
    "A dismissed row is neither loaded nor asked about again; its text and reason stay with the run. Continue?",
)
AGAIN = Text("用更正重新运行", "Run again with the corrections")
AGAIN_HINT = Text(
    "更正先存着，并在同一原始行再次交付时自动套用；重新运行后才进入数据。",
    "Corrections are kept, and applied whenever the same raw row is delivered again; they reach the data with the next run.",
)
TRY_AGAIN = Text("带更正再试运行", "Dry run again, corrected")
DRY_HINT = Text(
    "更正先存着，再试运行或立即载入时自动套用。",
    "Corrections are kept, and applied by the next dry run and by loading the file.",
)
PROPOSAL = Text(
    "建议修补几何。地图上虚线是原样，粗线是修补后的样子。",
    "A repair of the geometry is proposed. On the map the dashed outline is as delivered, the thick one as repaired.",
)
ACCEPT = Text("接受修补", "Accept the repair")
ACCEPT_EVERY = Text("接受全部建议的修补", "Accept all proposed repairs")
PLACE, SHOW = Text("位置", "Place"), Text("在地图上看", "See it on the map")
NO_PLACE = Text("这一行没有可画的位置。", "This row has no place that could be drawn.")
WHICH, SET_TO = Text("字段", "Field"), Text("改为", "Set to")
REPLACE, WITH = Text("把值", "Replace the value"), Text("换成", "with")
SET_SELECTED, SET_EVERY = Text("改所选行", "Set in the selected rows"), Text("改这条规则的全部行", "Set in all rows of the rule")
SWAP_SELECTED, SWAP_EVERY = Text("换所选行", "Replace in the selected rows"), Text("换这条规则的全部行", "Replace in all rows of the rule")
# The grid's own words.
GRID_WORDS = {
    "loadingOoo": Text("载入中…", "Loading…"),
    "noRowsToShow": Text("没有隔离的行", "No refused rows"),
    "ariaRowSelect": Text("按空格选中此行", "Press Space to select this row"),
    "ariaRowDeselect": Text("按空格取消选中", "Press Space to deselect this row"),
    "ariaRowToggleSelection": Text("按空格切换选中", "Press Space to toggle selection"),
    "ariaColumn": Text("列", "Column"),
    "ariaSelectColumn": Text("按回车选择列", "Press Enter to select the column"),
    "ariaColumnSelectAll": Text("切换全选", "Toggle all"),
}


def field_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The fields of a page of rows in the order they came: the columns of the table and the choices of the editor."""
    return list(dict.fromkeys(name for row in rows for name in (row["fields"] or {})))


def grid(fields: Sequence[str], language: Language) -> Component:
    """The table, still empty: it asks for its rows itself."""
    own = [
        _column("line", LINE, language, 100, pinned="left"),
        _column("rule", WHY, language, 150),
        _column("field", FIELD, language, 120),
        _column("reason", REASON, language, 380),
        _column("key", KEY, language, 140),
    ]
    # A field's name may hold anything: the column is known by its number, its name is only shown.
    theirs = [{"field": f"f{at}", "headerName": name, "width": 150} for at, name in enumerate(fields[:MOST_COLUMNS])]
    return html.Div(
        dag.AgGrid(
            id=ids.GRID,
            rowModelType="infinite",
            columnDefs=[*own, *theirs],
            defaultColDef={"sortable": False, "resizable": True, "suppressHeaderMenuButton": True, "tooltipField": "reason"},
            getRowId="params.data.id",
            dashGridOptions={
                "cacheBlockSize": PAGE_ROWS,
                "maxBlocksInCache": 10,
                "infiniteInitialRowCount": 1,
                # A row that has not come yet cannot be chosen: the table would only complain about it.
                "rowSelection": {"mode": "multiRow", "enableClickSelection": True, "headerCheckbox": False, "isRowSelectable": {"function": "!!params.data"}},
                "localeText": {name: words.to(language) for name, words in GRID_WORDS.items()},
                "tooltipShowDelay": 400,
                "animateRows": False,
                "enableCellTextSelection": True,
            },
            style={"height": "100%", "width": "100%"},
        ),
        className="desk-grid-place", role="region", **aria(label=TABLE.to(language)),
    )  # fmt: skip


def grid_rows(rows: Sequence[Mapping[str, Any]], fields: Sequence[str], language: Language) -> list[dict[str, Any]]:
    """Rows as the table shows them; what the editor needs travels along under its own names."""
    return [
        {
            "id": str(row["id"]), "run": row["run_id"], "line": str(row["line"]), "rule": word(RULE, row["rule"], language),
            "reason": Text(row["sentence"], row["sentence_en"]).to(language), "key": row["source_key"] or "", "field": row["field"] or "",
            "raw": row["raw"], "fields": row["fields"] or {}, "lon": row["lon"], "lat": row["lat"], "repair": bool(row["has_proposal"]),
            "state": row["state"], **{f"f{at}": _plain((row["fields"] or {}).get(name)) for at, name in enumerate(fields)},
        }
        for row in rows
    ]  # fmt: skip


def editor(selected: Sequence[Mapping[str, Any]], asked: Asked, rule_total: int, fields: Sequence[str]) -> list[Component]:
    """What can be done with what is selected: nothing yet, one row, or several; and with all rows of the chosen rule."""
    language = asked.language
    if len(selected) == 1:
        return _one(selected[0], language)
    parts = [_many(selected, asked, rule_total, fields)] if selected or _whole_rule(asked) else []
    return [*([] if selected else [sentence(CHOOSE, language)]), *parts]


def again_view(source: str, language: Language, dry: Mapping[str, Any] | None = None) -> Component:
    """The way from corrections to data. Of a ``dry`` run nothing was loaded: it is tried again, or loaded with the corrections."""
    if dry is None:
        parts = [button(AGAIN, "rerun", language, "refresh", source=source), sentence(AGAIN_HINT, language)]
    else:
        tried = button(TRY_AGAIN, "load-again", language, "refresh", mapping=dry["mapping"], upload=dry["upload_id"], kept=dry["kind"])
        parts = [*([tried] if dry.get("upload_id") else []), sentence(DRY_HINT, language)]
    return html.Div(parts, className="desk-again")


def _one(row: Mapping[str, Any], language: Language) -> list[Component]:
    head = ONE.with_values(line=row.get("line"), rule=row.get("rule")).to(language)
    inputs = [
        dmc.TextInput(label=name, value=_plain(value), size="sm", className="desk-field", **data(field=name, was=_plain(value)))
        for name, value in (row.get("fields") or {}).items()
    ]
    where = sentence(NO_PLACE, language)
    if row.get("lon") is not None:
        there = [f"{row['lon']:.6f}, {row['lat']:.6f} ", html.Button(SHOW.to(language), type="button", className="plain", **data(desk="show-map"))]
        where = facts([fact(PLACE, there, language)])
    accept = button(ACCEPT, "accept-repair", language, "check", ids=row["id"], run=row.get("run"))
    repair = [html.Div([sentence(PROPOSAL, language), accept], className="desk-proposal")] if row.get("repair") else []
    state = [] if row.get("state") == "open" else [html.P(word(STATE, row.get("state"), language), className="faint")]
    return [
        html.H4(head),
        html.P(row.get("reason"), className="desk-reason"),
        *state,
        *repair,
        where,
        html.H5(FIELDS.to(language)),
        html.Div(inputs, className="desk-fields"),
        html.Div(
            [
                button(SAVE, "correct", language, "check", "first", ids=row["id"], run=row.get("run")),
                button(DISMISS, "dismiss", language, ids=row["id"], run=row.get("run"), confirm=DISMISS_WARNING.to(language)),
            ],
            className="desk-acts",
        ),
        html.H5(RAW.to(language)),
        html.Pre(row.get("raw"), className="desk-raw", tabIndex=0),
    ]  # fmt: skip


def _many(selected: Sequence[Mapping[str, Any]], asked: Asked, rule_total: int, fields: Sequence[str]) -> Component:
    language, whole = asked.language, _whole_rule(asked)
    chosen = ",".join(str(row["id"]) for row in selected)
    run = asked.run or (selected[0].get("run") if selected else None)
    heads: list[Component] = [html.H4(MANY.with_values(count=count(len(selected))).to(language))] if selected else []
    if whole:
        heads.append(html.H5(EVERY.with_values(rule=word(RULE, asked.rule, language), count=count(rule_total)).to(language)))

    def pair(act: str, of_selected: Text, of_rule: Text) -> list[Component]:
        made = [button(of_selected, act, language, ids=chosen, run=run)] if selected else []
        return made + ([button(of_rule, act, language, run=asked.run, rule=asked.rule)] if whole else [])

    repairs = [button(ACCEPT_EVERY, "accept-repair", language, "check", run=asked.run, rule=asked.rule)] if whole else []
    if selected and any(row.get("repair") for row in selected):
        repairs.insert(0, button(ACCEPT, "accept-repair", language, "check", ids=chosen, run=run))
    return html.Div(
        [
            *heads,
            dmc.Select(id="desk-many-field", label=WHICH.to(language), data=list(fields), searchable=True, size="sm", comboboxProps={"withinPortal": True}),
            dmc.TextInput(id="desk-set-value", label=SET_TO.to(language), size="sm"),
            html.Div(pair("set-field", SET_SELECTED, SET_EVERY), className="desk-acts"),
            dmc.TextInput(id="desk-old-value", label=REPLACE.to(language), size="sm"),
            dmc.TextInput(id="desk-new-value", label=WITH.to(language), size="sm"),
            html.Div(pair("replace-value", SWAP_SELECTED, SWAP_EVERY), className="desk-acts"),
            html.Div(repairs, className="desk-acts") if repairs else None,
            html.Div(
                button(DISMISS, "dismiss", language, ids=chosen or None, run=run, rule=None if selected else asked.rule, confirm=DISMISS_WARNING.to(language)),
                className="desk-acts",
            ),
        ],
        className="desk-many",
    )  # fmt: skip


def _whole_rule(asked: Asked) -> bool:
    """Whether one rule of one run is looked at: only then can all its rows be meant."""
    return asked.run is not None and asked.rule not in (None, ALL_RULES)


def _column(name: str, words: Text, language: Language, width: int, **more: Any) -> dict[str, Any]:
    return {"field": name, "headerName": words.to(language), "width": width, **more}


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
