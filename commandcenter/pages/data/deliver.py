"""Delivering a file: choose or drop it, watch it travel, try it dry, load it. The travelling itself is the script's."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from commandcenter.pages.data.parts import button, section, sentence
from commandcenter.pages.wall.parts import aria, data, icon
from commandcenter.text import Language, Text

DELIVER = Text("交付文件", "Deliver a file")
CHOOSE = Text("选择文件", "Choose a file")
DROP = Text("或把文件拖到这里。最大 2 GB，直接送到本机服务器，不经过其他地方。", "or drop it here. Up to 2 GB, sent straight to this server and nowhere else.")
DRY = Text("试运行", "Dry run")
LOAD = Text("直接载入", "Load directly")
FIRST_DRY = Text(
    "先试运行：读完整个文件、检查每一行，但不写入任何数据。看过地图预览和被拒的行后再载入，不必重新上传。",
    "Try it dry first: the whole file is read and every row checked, nothing is written. "
    "Look at the preview and the refused rows, then load without a second upload.",
)
ACCEPT_VANISHED = Text(
    "此次交付比现有数据少很多行也接受（少掉的行标为消失）",
    "Accept the delivery even if it brings far fewer rows than are held (the missing ones are marked as vanished)",
)
CANCEL = Text("取消上传", "Cancel the upload")
PROGRESS = Text("上传进度", "Upload progress")


def deliver_view(mapping: str, language: Language) -> Component:
    """The form for the next file of one mapping."""
    return section(
        DELIVER,
        [
            html.Div(
                [
                    icon("file-import"),
                    html.Div([button(CHOOSE, "choose-file", language), html.Span(DROP.to(language), className="faint")]),
                    html.P(id="desk-file", className="desk-file", role="status"),
                ],
                className="desk-drop", id="desk-drop", **data(mapping=mapping),
            ),
            html.Div(
                [
                    html.Progress(id="desk-upload-bar", max="100", value="0", **aria(label=PROGRESS.to(language))),
                    html.Span(id="desk-upload-words", role="status"),
                    button(CANCEL, "cancel-upload", language, "x"),
                ],
                id="desk-upload", className="desk-upload", hidden=True,
            ),
            html.Div(
                [
                    button(DRY, "dry-run", language, kind="first"),
                    button(LOAD, "load", language),
                    dmc.Checkbox(id="desk-accept-vanished", label=ACCEPT_VANISHED.to(language), size="sm"),
                ],
                id="desk-ready", className="desk-acts", hidden=True,
            ),
            sentence(FIRST_DRY, language),
        ],
        language,
    )  # fmt: skip
