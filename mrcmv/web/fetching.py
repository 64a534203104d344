"""Addresses instead of files: refused on the page, and fetched within limits for MCP tools alone.

Gradio fetches whatever http(s) address a client names instead of an upload. It keeps to public addresses,
but reads the answer into memory whole, however large. A browser and gradio_client send the file itself.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

SENTENCE = "Send the file itself: addresses are not fetched here."
TOO_BIG = "What lies at this address exceeds 512 MB."
NOT_FETCHED = "Nothing could be fetched from this address: send the file itself."
MOST_BYTES = 512 * 1024**2
MOST_S = 120.0
MOST_REDIRECTS = 3


def limit() -> None:
    """From now on Gradio fetches with `fetch`."""
    from gradio import processing_utils

    processing_utils.async_ssrf_protected_download = fetch


async def fetch(url: str, cache_dir: str) -> str:
    """The file that now holds what lies at ``url``, in Gradio's cache.

    Raises `gradio.Error` where the page offers no MCP tools, for an address that is not public, and past
    `MOST_BYTES`, `MOST_S` or `MOST_REDIRECTS`.
    """
    import gradio as gr
    from gradio.context import LocalContext
    from gradio.processing_utils import hash_url
    from gradio_client.utils import strip_invalid_filename_characters

    if not getattr(LocalContext.blocks.get(None), "mcp_server", False):
        raise gr.Error(SENTENCE, print_exception=False)
    folder = Path(cache_dir) / hash_url(url)
    name = strip_invalid_filename_characters(Path(urlsplit(url).path.rstrip("/")).name) or "file"
    target = folder / name
    if target.exists():
        return str(target.absolute())
    folder.mkdir(parents=True, exist_ok=True)
    coming = target.with_name(f".{name[:100]}.coming")
    try:
        async with asyncio.timeout(MOST_S):
            await _stream(url, coming)
        coming.replace(target)
    except _TooBig:
        raise gr.Error(TOO_BIG, print_exception=False) from None
    except Exception:
        raise gr.Error(NOT_FETCHED, print_exception=False) from None
    finally:
        coming.unlink(missing_ok=True)
    return str(target.absolute())


class _TooBig(Exception):
    pass


async def _stream(url: str, target: Path) -> None:
    """Each hop is asked at the very address that was found to be public."""
    import httpx
    import safehttpx

    for _ in range(MOST_REDIRECTS + 1):
        public = await safehttpx.async_validate_url(httpx.URL(url).host)
        transport: Any = safehttpx.AsyncSecureTransport(public)
        async with (
            httpx.AsyncClient(transport=transport) as client,
            client.stream("GET", url, follow_redirects=False) as answer,
        ):
            if answer.has_redirect_location:
                url = urljoin(url, answer.headers["location"])
                continue
            answer.raise_for_status()
            size = 0
            with target.open("wb") as file:
                async for piece in answer.aiter_bytes():
                    size += len(piece)
                    if size > MOST_BYTES:
                        raise _TooBig
                    file.write(piece)
            return
    raise httpx.TooManyRedirects("too many")
