"""How the page looks: Gradio's theme reduced to system fonts, our style sheet, our small script."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Noto Sans SC", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='7' fill='%23151a21'/%3E%3Cg fill='%236cb0ff'%3E"
    "%3Crect x='7' y='13' width='4' height='6' "
    "rx='2'/%3E%3Crect x='14' y='7' width='4' height='18' rx='2'/%3E%3Crect x='21' y='11' width='4' "
    "height='10' rx='2'/%3E%3C/g%3E%3C/svg%3E"
)


def theme() -> gr.themes.Base:
    """Names of fonts as plain strings: nothing is fetched from anywhere."""
    return gr.themes.Base(font=FONTS, font_mono=MONO)


def css() -> str:
    """The style sheets, the common one first."""
    return "\n".join(_read(".css", first="style"))


def head() -> str:
    """Goes into the page's head: the scripts run before the first part is drawn, the common one first."""
    scripts = "".join(f"<script>{script}</script>" for script in _read(".js", first="page"))
    return f'<link rel="icon" href="{ICON}">{scripts}'


def _read(ending: str, *, first: str) -> list[str]:
    paths = sorted((_HERE / "static").glob(f"*{ending}"), key=lambda path: (path.stem != first, path.name))
    return [path.read_text(encoding="utf-8") for path in paths]
