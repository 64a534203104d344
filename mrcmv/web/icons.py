"""The few icons of the page, drawn as SVG in the colour of the text beside them."""

from __future__ import annotations

_PATHS = {
    "play": "M7 4.5v15l12-7.5z",
    "pause": "M6 5h4v14H6zM14 5h4v14h-4z",
    "check": "M9.5 16.2 5.3 12l-1.4 1.4 5.6 5.6L20.1 8.4 18.7 7z",
    "download": "M11 4h2v9l3.5-3.5 1.4 1.4L12 16.8l-5.9-5.9 1.4-1.4L11 13zM5 18.5h14v2H5z",
    "loud": "M4 9.5v5h3.5L12 19V5L7.5 9.5z"
    "M15 8.5v7c1.3-.7 2-2 2-3.5s-.7-2.8-2-3.5zM15 4.5v2a6 6 0 0 1 0 11v2a8 8 0 0 0 0-15z",
    "mute": "M4 9.5v5h3.5L12 19V5L7.5 9.5z"
    "M15 9.9l1.4-1.4 2.1 2.1 2.1-2.1L22 9.9 19.9 12l2.1 2.1-1.4 1.4-2.1-2.1-2.1 2.1L15 14.1l2.1-2.1z",
    "full": "M5 5h6v2H7v4H5zM13 5h6v6h-2V7h-4zM5 13h2v4h4v2H5zM17 13h2v6h-6v-2h4z",
    "theme": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2a7 7 0 0 1 0 14z",
    "drop": "M12 3.5 6.6 8.9 8 10.3l3-3V16h2V7.3l3 3 1.4-1.4zM4 15h2v4h12v-4h2v6H4z",
}


def icon(name: str) -> str:
    return (
        f'<svg class="icon i-{name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path fill-rule="evenodd" d="{_PATHS[name]}"/></svg>'
    )
