"""The page in the browser: `build_page` makes it, `launch` serves it."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from mrcmv.web.heap import few_heaps
from mrcmv.web.stubs import spare_stubs

if TYPE_CHECKING:
    import gradio as gr

    from mrcmv.recommender import Recommender
    from mrcmv.web.gate import Rules
    from mrcmv.web.health import Health
    from mrcmv.web.studio import Studio

EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a Space's container the proxy is the only visitor
MAX_UPLOAD = "512mb"
MOST_HANDLERS = 128
"""Wishes that are watched at once. A watcher sleeps nearly all the time, the work is done in the line."""
STARTING_THRESHOLD = 200_000
"""New objects between two rounds of the garbage collector while the program starts."""
_USUAL_THRESHOLD = gc.get_threshold()
UNCOUNTED = {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}
"""Gradio notes every event and who asked, and after each makes a table of the latest 10 000, for a page of
its own that is closed here; `mrcmv.web.health` counts instead."""
log = logging.getLogger("mrcmv.web")

__all__ = ["build_page", "launch", "serve"]

spare_stubs()  # whatever part of the page is imported first, Gradio comes after this


def build_page(recommender: Recommender) -> gr.Blocks:
    """The page for a recommender; `Blocks.launch` alone does not serve its files, `launch` does."""
    return _build(_studio(recommender))


def launch(host: str | None = None, port: int | None = None, mcp: bool | None = None) -> None:
    """Serve the page until the process ends. The networks warm up behind it.

    ``mcp`` offers the verbs of the API as MCP tools as well; None asks ``MRCMV_MCP``.
    """
    from mrcmv.diary import configure
    from mrcmv.recommender import Recommender

    configure()
    few_heaps()
    gc.set_threshold(STARTING_THRESHOLD)  # imports make millions of objects and hardly any garbage
    if os.environ.get("SPACES_ZERO_GPU"):
        import mrcmv.model  # noqa: F401 - ZeroGPU looks for its decorated functions before the page starts

    recommender = Recommender()
    on_space = bool(os.environ.get("SPACE_ID"))
    name = host or os.environ.get("GRADIO_SERVER_NAME") or (EVERYWHERE if on_space else "127.0.0.1")
    number = port or int(os.environ.get("GRADIO_SERVER_PORT") or 7860)
    signal.signal(signal.SIGTERM, _leave)
    mcp = os.environ.get("MRCMV_MCP", "") == "1" if mcp is None else mcp
    from mrcmv.web.health import Health

    studio = _studio(recommender)
    health = Health(studio, loading="The networks are loading.")
    page = serve(
        studio,
        host=name,
        port=number,
        in_browser=_has_display() and not on_space,
        mcp=mcp,
        health=health,
    )
    threading.Thread(target=_warm_up, args=(recommender, health), daemon=True, name="mrcmv-warm-up").start()
    page.block_thread()


def serve(
    studio: Studio,
    *,
    host: str,
    port: int | None,
    in_browser: bool = False,
    mcp: bool = False,
    rules: Rules | None = None,
    health: Health | None = None,
) -> gr.Blocks:
    """Start serving in the background and return the running page. ``rules`` are else those of the host.

    Raises `mrcmv.media.UserError` when MCP is asked for and its package is missing.
    """
    if mcp:
        _need_mcp()
    from starlette.middleware import Middleware

    from mrcmv.web import fetching, shelf, theme
    from mrcmv.web.files import routes
    from mrcmv.web.gate import Gate, Rules
    from mrcmv.web.health import Health
    from mrcmv.web.leavers import MOST_TABS

    fetching.limit()
    page = _build(studio)
    studio.sessions.keep_sweeping()
    bookcase = shelf.Bookcase(studio.recommender, shelf.Access.decide(host))
    bookcase.wake()
    options: dict[str, Any] = {
        "theme": theme.theme(),
        "css": theme.css(),
        "head": theme.head(),
        "app_kwargs": {
            "routes": [
                *routes(studio.sessions, studio.examples),
                *shelf.routes(bookcase),
                *(health or Health(studio)).routes(),
            ],
            "middleware": [Middleware(Gate, rules=rules or Rules.decide(studio.sessions.uploads, host))],
            "docs_url": None,
            "redoc_url": None,
            "openapi_url": None,
        },
    }
    page.launch(
        server_name=host,
        server_port=port,
        inbrowser=in_browser,
        prevent_thread_lock=True,
        max_file_size=MAX_UPLOAD,
        max_threads=MOST_HANDLERS,
        state_session_capacity=MOST_TABS,
        share=False,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        allowed_paths=[],
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=mcp,
        quiet=True,
        **options,
    )
    sys.stdout.write(f"MRCMV Studio is at {page.local_url}\n")
    sys.stdout.flush()
    return page


def _studio(recommender: Recommender) -> Studio:
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    from mrcmv.web.studio import Studio

    return Studio(recommender)


def _build(studio: Studio) -> gr.Blocks:
    """Uploads arrive in the same private folder as everything else."""
    os.environ["GRADIO_TEMP_DIR"] = str(studio.sessions.uploads)
    for name, value in UNCOUNTED.items():
        os.environ.setdefault(name, value)
    from mrcmv.web.page import build

    return build(studio)


def _need_mcp() -> None:
    from importlib.util import find_spec

    from mrcmv.media import UserError

    if find_spec("mcp") is None:
        raise UserError("MCP tools need one more package: pip install -r requirements-mcp.txt")


def _warm_up(recommender: Recommender, health: Health) -> None:
    from mrcmv.media import home, sweep_partials

    try:
        sweep_partials(recommender.home or home())
        recommender.warm_up(lambda: not health.studio.line.counts()[0])
        health.loading = None
    except Exception:  # the first clip meets it again and is told
        log.exception("Warming up failed")
        health.loading = "The networks could not be loaded."
        return
    finally:
        gc.freeze()  # what is loaded stays: no later collection walks over it
        gc.set_threshold(*_USUAL_THRESHOLD)
    try:
        recommender.prepare_words()
    except Exception:  # the first wish in words meets it again and is told
        log.exception("The library's words could not be prepared")


def _leave(*_: object) -> None:
    """End in order when a container is stopped, so that every visitor's files are deleted."""
    raise SystemExit(0)


def _has_display() -> bool:
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return sys.stdout.isatty()
