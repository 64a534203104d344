"""The page: which parts it has, and which action of a visitor calls what. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import gradio as gr

from mrcmv.web import steer
from mrcmv.web.api import add_verbs
from mrcmv.web.crowd import note_address
from mrcmv.web.icons import icon
from mrcmv.web.leavers import Leavers
from mrcmv.web.studio import Studio
from mrcmv.web.text import t
from mrcmv.web.views import View
from mrcmv.web.why import Explain

if TYPE_CHECKING:
    from mrcmv.web.examples import Example

KINDS = [".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ts", ".mts", ".m2ts"]
HAND_OVER = "element.studioTrigger = trigger;"
"""page.js finds this function on the nearest part and reports clicks through it."""


MOST_EVENTS = 256
"""Of all visitors, that Gradio keeps; our own line refuses long before, in words."""
PLACES = {"suggest": "./", "library": "library", "about": "about"}
"""Pages that a visitor can go to, with their addresses."""


def header(current: str = "suggest") -> str:
    """The top of every page; ``current`` is one of `PLACES`."""
    links = "".join(
        f'<a href="{address}" data-nav="{name}"{" aria-current=page" if name == current else ""}>'
        f"{t(f'nav_{name}')}</a>"
        for name, address in PLACES.items()
    )
    return (
        '<header class="top"><div class="brand"><span class="logo" aria-hidden="true"><i></i><i></i><i></i>'
        "</span>"
        f'<h1>MRCMV Studio</h1><span class="tagline">{t("tagline")}</span></div>'
        f'<nav class="places">{links}</nav><nav><button type="button" class="btn quiet" id="language" '
        'data-language lang="zh-CN">'
        '<span class="en">中文</span><span class="zh" lang="en">English</span></button>'
        f'<button type="button" class="btn quiet square" id="theme" data-theme-toggle>{icon("theme")}'
        f'<span class="sr">{t("theme")}</span></button></nav></header>'
        f"<noscript>{t('noscript')}</noscript>"
    )


def drop_words() -> str:
    return (
        f'<div class="dropwords">{icon("drop")}<p class="lead">{t("drop_title")}</p>'
        f'<p class="hint">{t("drop_hint")}</p></div>'
    )


def example_tiles(examples: list[Example]) -> str:
    """One button with the clip's own picture for each example."""
    if not examples:
        return ""
    tiles = "".join(
        f'<button type="button" class="tile" data-do="select" data-example="{escape(example.name)}">'
        f"{tile_picture(example)}"
        f"<span>{t(example.label_key) if example.label_key else escape(example.name)}</span></button>"
        for example in examples
    )
    return f'<div class="examples"><p class="hint">{t("examples")}</p><div class="tiles">{tiles}</div></div>'


def tile_picture(example: Example) -> str:
    """The example's poster, or a frame of the clip itself."""
    address = f"studio/examples/{escape(example.name)}"
    if example.poster:
        return f'<img src="{address}.jpg" alt="">'
    return (
        f'<video src="{address}.mp4#t=1" muted playsinline preload="metadata" tabindex="-1" '
        'aria-hidden="true"></video>'
    )


def build(studio: Studio) -> gr.Blocks:
    """The page as Gradio blocks; every event is private and answers only its own tab."""
    with gr.Blocks(
        title="MRCMV Studio", analytics_enabled=False, delete_cache=(300, 900), fill_width=True
    ) as page:
        ticket = gr.Textbox(visible=False, elem_id="ticket")
        gr.HTML(header(), elem_id="header", js_on_load=None, apply_default_css=False)
        with gr.Column(elem_id="empty") as empty:
            with gr.Column(elem_id="dropzone"):
                gr.HTML(drop_words(), js_on_load=None, apply_default_css=False)
                upload = gr.File(
                    label="Clip", show_label=False, container=False, elem_id="upload", file_count="single",
                    file_types=["video", *KINDS], type="filepath",
                )  # fmt: skip
            notice = part("notice")
            tiles = part("examples", example_tiles(studio.examples))
        with gr.Row(elem_id="studio"):
            with gr.Column(elem_id="left"):
                stage, deck, why, mix = part("stage"), part("deck"), part("why"), part("mix")
                knobs, take, exports = part("shape"), part("take"), part("exports")
            with gr.Column(elem_id="right"):
                panel = part("panel")
                wished = words_part()
                cards = part("cards")
        foot = part("foot")
        link = part("link", "<i data-link hidden></i>")
        map_ = part("map")

        outputs = [
            ticket, empty, upload, notice, stage, deck, panel, cards, mix, knobs, take, foot, exports,
            wished.steered, why, map_,
        ]  # fmt: skip

        def on(event: Any, handler: Callable[..., Any], inputs: list[Any], mode: str = "multiple") -> None:
            event(
                handler, inputs, outputs, queue=True, show_progress="hidden", trigger_mode=mode,
                concurrency_limit=None, api_visibility="private",
            )  # fmt: skip

        def upload_clip(path: str | None, ticket: str, request: gr.Request) -> Any:
            return update(studio.take_upload(path, ticket, owner(request)))

        def example(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
            name = wish(event).get("example")
            yield from updates(studio.take_example(name, ticket, owner(request)))

        def find(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
            yield from updates(studio.find(ticket, wish(event), owner(request)))

        def choose(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
            yield from updates(studio.choose(ticket, wish(event), owner(request)))

        def shape(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
            yield from updates(studio.shape(ticket, wish(event), owner(request)))

        def ahead(ticket: str, request: gr.Request) -> Iterator[Any]:
            yield from updates(studio.ahead(ticket, owner(request)))

        def stop(ticket: str, request: gr.Request) -> None:
            studio.stop(ticket, owner(request))

        def replace(ticket: str, request: gr.Request) -> Any:
            return update(studio.replace(ticket, owner(request)))

        def delete(ticket: str, request: gr.Request) -> Any:
            return update(studio.delete(ticket, owner(request)))

        def restore(event: gr.EventData, request: gr.Request) -> Any:
            return update(studio.restore(wish(event), owner(request)))

        def export(ticket: str, request: gr.Request) -> Iterator[Any]:
            yield from updates(studio.export(ticket, owner(request)))

        def stop_export(ticket: str, request: gr.Request) -> None:
            studio.stop_export(ticket, owner(request))

        def leave(request: gr.Request) -> None:
            studio.leave(owner(request))

        leavers = Leavers(page)

        async def forget(request: gr.Request) -> None:
            leavers.forget(owner(request))

        on(upload.upload, upload_clip, [upload, ticket], "once")
        on(tiles.select, example, [ticket])
        on(panel.submit, find, [ticket])
        on(panel.clear, replace, [ticket], "once")
        for room in (deck, cards):
            on(room.select, choose, [ticket])
        on(deck.submit, ahead, [ticket])
        on(knobs.input, shape, [ticket])
        connect_words(studio, on, ticket, wished, cards, why)
        on(foot.delete, delete, [ticket], "once")
        on(link.submit, restore, [], "once")
        on(exports.submit, export, [ticket])
        for room, end in ((panel, stop), (deck, stop), (exports, stop_export)):
            room.stop(
                end, [ticket], None, queue=False, show_progress="hidden", trigger_mode="multiple",
                api_visibility="private",
            )  # fmt: skip
        page.unload(leave)
        page.unload(forget)  # the last of all that such a tab causes
        add_verbs(studio)
    page.queue(max_size=MOST_EVENTS, api_open=False, status_update_rate="auto")
    return page


def part(name: str, value: str = "") -> gr.HTML:
    """A part of the page that our own code draws."""
    return gr.HTML(value, elem_id=name, js_on_load=HAND_OVER, apply_default_css=False)


class WordsPart(NamedTuple):
    """Where words and examples come in, and what was understood of them."""

    form: gr.HTML
    example: gr.UploadButton
    steered: gr.HTML


def words_part() -> WordsPart:
    """The line above the cards; the upload behind “like this track” is not seen."""
    form = part("steer", steer.form())
    with gr.Column(elem_id="example"):
        example = gr.UploadButton("Example", file_count="single", file_types=steer.SOUNDS, type="filepath")
    return WordsPart(form, example, part("steered"))


def connect_words(
    studio: Studio, on: Callable[..., None], ticket: Any, wished: WordsPart, cards: gr.HTML, why: gr.HTML
) -> None:
    """Words, examples, “more like this”, “why?” and the map."""
    steering, explaining = steer.Steer(studio), Explain(studio)

    def change(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
        yield from updates(steering.steer(ticket, wish(event), owner(request)))

    def example(path: str | None, ticket: str, request: gr.Request) -> Iterator[Any]:
        yield from updates(steering.upload(path, ticket, owner(request)))

    def explain(ticket: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
        yield from updates(explaining.why(ticket, wish(event), owner(request)))

    def open_map(ticket: str, request: gr.Request) -> Any:
        return update(explaining.map(ticket, owner(request)))

    on(wished.form.submit, change, [ticket])
    on(wished.form.expand, open_map, [ticket], "once")
    on(wished.steered.submit, change, [ticket])
    on(wished.example.upload, example, [wished.example, ticket])
    on(cards.like, change, [ticket])
    on(cards.expand, explain, [ticket])
    on(why.expand, explain, [ticket])


def owner(request: gr.Request) -> str:
    """The tab that asks. Its address is kept for as long as this wish is looked at."""
    note_address(request)
    return str(request.session_hash or "")


def wish(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event; anything but an object counts as nothing."""
    return event._data if isinstance(event._data, dict) else {}


def updates(views: Iterator[View]) -> Iterator[list[Any]]:
    """Views as updates, and last one that changes nothing: Gradio sends what a handler yielded last once more
    when it ends, which may be after the answer to a later wish; and it empties everything when a handler
    yields nothing."""
    yield from map(update, views)
    yield update(View())


def update(view: View) -> list[Any]:
    """A view as updates of the outputs, in their order."""
    changes: list[Any] = []
    for field in fields(View):
        value = getattr(view, field.name)
        if value is None:
            changes.extend([gr.skip()] * (2 if field.name == "empty" else 1))
        elif field.name == "empty":
            changes.append(gr.update(visible=value))
            changes.append(None)  # the drop zone never holds a file: it is ready for the next one
        else:
            changes.append(value)
    return changes
