"""The Library page's own icons beside those of `mrcmv.web.icons`."""

from __future__ import annotations

from mrcmv.web import icons

_PATHS = {
    "like": "M4 6h12v2H4zM4 11h8v2H4zM4 16h8v2H4zM17 10v4h-3v2h3v4h2v-4h3v-2h-3v-4z",
    "copy": "M8 3h11v13h-2V5H8zM5 7h10v14H5zm2 2v10h6V9z",
    "more": "M5 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z"
    "M12 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z"
    "M19 10.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
    "close": "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z",
    "search": "M10.5 4a6.5 6.5 0 1 0 4 11.6l4.7 4.7 1.4-1.4-4.7-4.7A6.5 6.5 0 0 0 10.5 4z"
    "m0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z",
}


def icon(name: str) -> str:
    path = _PATHS.get(name)
    if path is None:
        return icons.icon(name)
    return (
        f'<svg class="icon i-{name}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
        f'<path fill-rule="evenodd" d="{path}"/></svg>'
    )
