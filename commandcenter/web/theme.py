"""How tokens reach the browser: CSS custom properties in ``assets/00-tokens.css`` and the Mantine theme.

``python -m commandcenter.web.theme`` writes the stylesheet anew; ``tests/test_wall_layout.py`` holds it to the tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layers.tokens import Theme, colours, css_name, sizes

STYLESHEET = Path(__file__).parents[2] / "assets" / "00-tokens.css"
FONT_FAMILY = '"Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif'


def stylesheet() -> str:
    """The tokens as CSS: dark is the ground state, light hangs on Mantine's colour-scheme attribute."""
    measures = [f"  {css_name(name)}: {value}px;" for name, value in sizes().items()]
    return "\n".join(
        [
            "/* Written from layers/tokens.toml by python -m commandcenter.web.theme. Do not edit. */",
            ":root {",
            f"  --font: {FONT_FAMILY};",
            *measures,
            *_declarations("dark"),
            "}",
            ':root[data-mantine-color-scheme="light"] {',
            *_declarations("light"),
            "}",
            "",
        ]
    )


def mantine_theme() -> dict[str, Any]:
    """What ``dmc.MantineProvider(theme=...)`` needs to look like the rest: type, radius, one calm accent."""
    accent = colours("dark")["accent"]
    return {
        "fontFamily": FONT_FAMILY,
        "defaultRadius": sizes()["radius_px"],
        "primaryColor": "accent",
        "primaryShade": 5,
        "colors": {"accent": [accent] * 10},
        "respectReducedMotion": True,
    }


def _declarations(theme: Theme) -> list[str]:
    return [f"  {css_name(name)}: {value};" for name, value in colours(theme).items()] + [f"  color-scheme: {theme};"]


if __name__ == "__main__":
    STYLESHEET.write_text(stylesheet(), encoding="utf-8")
