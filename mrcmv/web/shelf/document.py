"""The frame of a page outside Gradio: same header, same styles, our own scripts and nothing else."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import lru_cache
from pathlib import Path

from starlette.responses import HTMLResponse

from mrcmv.web.page import header
from mrcmv.web.text import plain
from mrcmv.web.theme import ICON

_STATIC = Path(__file__).parents[1] / "static"


@lru_cache(maxsize=1)
def scripts() -> tuple[str, ...]:
    return tuple((_STATIC / f"{name}.js").read_text(encoding="utf-8") for name in ("page", "shelf"))


@lru_cache(maxsize=1)
def styles() -> str:
    return "\n".join((_STATIC / f"{name}.css").read_text(encoding="utf-8") for name in ("style", "shelf"))


@lru_cache(maxsize=1)
def policy() -> str:
    """What the browser may load: our two scripts by their hashes, sounds and data from here."""
    hashes = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts()
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src 'self' data:; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
    )


def document(title_key: str, current: str, body: str) -> HTMLResponse:
    """A whole page; ``current`` is the name of its place in the header, ``body`` is safe HTML."""
    title = plain(title_key)
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title} - MRCMV Studio</title><link rel="icon" href="{ICON}"><style>{styles()}</style>'
        + "".join(f"<script>{script}</script>" for script in scripts())
        + '</head><body class="gradio-container apart">'
        + f'<a class="skip btn" href="#main">{plain("shelf_skip")}</a>'
        f'{header(current)}<main id="main" tabindex="-1">{body}</main></body></html>'
    )
    return HTMLResponse(
        html,
        headers={
            "Content-Security-Policy": policy(),
            "Cache-Control": "no-cache",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )
