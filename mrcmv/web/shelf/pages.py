"""The Library page: which parts it has in each of its four views. Pure functions to HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from mrcmv.library import Page, Track
from mrcmv.web.icons import icon as page_icon
from mrcmv.web.shelf import filters, own, packs, rows
from mrcmv.web.shelf.icons import icon
from mrcmv.web.shelf.wanted import Wanted, write
from mrcmv.web.text import clock, t

if TYPE_CHECKING:
    from mrcmv.library import Facets
    from mrcmv.web.shelf.inbox import Entry
    from mrcmv.web.shelf.jobs import Shown
    from mrcmv.web.shelf.packs import Offer

VIEWS = ("browse", "packs", "own", "twins")
FIRST_ROWS = 50
"""Rows that come with the page itself."""


def frame(view: str, inner: str, *, editable: bool) -> str:
    """What all views share: the line of views, the player, the window of one track."""
    links = "".join(
        f'<a href="{"library" if name == "browse" else f"library?show={name}"}" class="btn quiet"'
        f"{' aria-current=page' if name == view else ''}>{t(f'shelf_view_{name}')}</a>"
        for name in VIEWS
        if editable or name in ("browse", "packs")
    )
    closed = "" if editable else f'<p class="notice calm">{t("shelf_read_only_note")}</p>'
    return (
        f'<div id="shelf" data-view="{view}" data-editable="{int(editable)}"><nav class="views">{links}</nav>'
        f'{closed if view == "packs" else ""}{inner}<div id="live" class="sr" role="status" '
        'aria-live="polite"></div>'
        f'{player()}<dialog id="details" aria-labelledby="details-title"></dialog>{sentences()}</div>'
    )


def sentences() -> str:
    """What the script says itself, in both languages."""
    keys = ("shelf_found", "shelf_found_one", "shelf_found_none", "shelf_lost_server", "shelf_too_big",
            "shelf_uploading", "shelf_choose_files", "shelf_take_off", "shelf_cut_off", "shelf_removed",
            "shelf_cannot_play", "shelf_used")  # fmt: skip
    return (
        '<div hidden id="sentences">'
        + "".join(f'<p data-word="{key}">{t(key, count="{count}")}</p>' for key in keys)
        + "</div>"
    )


def player() -> str:
    """What sounds now, at the bottom of the window."""
    return (
        '<section id="now" hidden aria-label="Player"><button type="button" class="btn play square" '
        'id="now-play" '
        f'aria-pressed="false"><span class="off">{icon("play")}</span><span class="on">{icon("pause")}</span>'
        f'<span class="sr">{t("shelf_play_pause")}</span></button><div class="who"><b></b><span></span></div>'
        f'<label class="seekbar"><span class="sr">{t("shelf_seek")}</span><input type="range" '
        'id="now-seek" min="0" '
        'max="1000" value="0"></label><span class="num" id="now-time">0:00</span></section>'
    )


def browse(
    wanted: Wanted, page: Page, facets: Facets, like: Track | None, notice: str, *, editable: bool
) -> str:
    """Filter and list."""
    about = ""
    if like is not None:
        about = (
            f'<p class="likebar">{icon("like")}<span>{t("shelf_like_of", title=like.title)}</span>'
            f'<a class="btn quiet square" href="library">{icon("close")}<span '
            f'class="sr">{t("shelf_clear")}</span></a></p>'
        )
    return frame(
        "browse",
        f'<div class="browse">{filters.panel(wanted, facets)}<section class="list" '
        f'aria-labelledby="count">{about}'
        '<header><h2 id="count"><span class="num" '
        f'data-total="{page.total}">{count_words(page.total)}</span></h2>'
        f"{'' if like is not None else filters.sorter(wanted)}</header>{notice}"
        f'<ol id="rows" data-total="{page.total}" data-query="{escape(write(wanted))}">'
        f"{''.join(rows.row(track, place, page.total) for place, track in enumerate(page.tracks))}</ol>"
        "</section></div>",
        editable=editable,
    )


def count_words(total: int) -> str:
    if total == 0:
        return t("shelf_found_none")
    return t("shelf_found_one") if total == 1 else t("shelf_found", count=f"{total:,}")


def packs_view(offers: Sequence[Offer], *, editable: bool) -> str:
    return frame(
        "packs",
        f'<section class="stack"><header><h2>{t("shelf_view_packs")}</h2><p '
        f'class="hint">{t("shelf_packs_hint")}</p>'
        f'</header><div id="packs">{packs.cards(offers, editable=editable)}</div></section>',
        editable=editable,
    )


def own_view(entries: Sequence[Entry]) -> str:
    return frame(
        "own",
        f'<section class="stack narrow"><header><h2>{t("shelf_own_title")}</h2><p '
        f'class="hint">{t("shelf_own_hint")}</p>'
        f'</header>{own.form()}<div id="arrivals">{own.list_of(entries)}</div></section>',
        editable=True,
    )


def twins_view(groups: Sequence[Sequence[Track]] | None, search: Shown | None) -> str:
    return frame(
        "twins",
        f'<section class="stack"><header><h2>{t("shelf_view_twins")}</h2><p class="hint">'
        f'{t("shelf_twins_hint")}</p></header><div id="twins">{twin_list(groups, search)}</div></section>',
        editable=True,
    )


def twin_list(groups: Sequence[Sequence[Track]] | None, search: Shown | None) -> str:
    """What the search found, how far it is, and its button."""
    if search is not None and search.busy:
        done = round(100 * search.done)
        return (
            f'<p class="state">{t("shelf_looking")} <span class="num">{done} %</span></p>'
            f'<span class="bar" aria-hidden="true"><i style="width:{done}%"></i></span>'
        )
    key = "shelf_look" if groups is None else "shelf_look_again"
    button = f'<button type="button" class="btn" data-act="look" data-name="">{t(key)}</button>'
    if search is not None and search.state == "failed":
        return f'<p class="notice bad" role="alert">{search.said}</p>{button}'
    if groups is None:
        return button
    found = "".join(twin_group(group, editable=True) for group in groups)
    none = f"<p>{t('shelf_no_twins')}</p>"
    return f"{found or none}{button}"


def twin_group(group: Sequence[Track], *, editable: bool) -> str:
    """Tracks with the same content, side by side, so that one can be kept."""
    lines = "".join(
        f'<li data-id="{escape(track.id)}"><button type="button" class="btn play square" '
        f'data-hear="{escape(track.id)}" '
        f'aria-pressed="false" data-length="{track.duration_s:.2f}"><span '
        f'class="off">{page_icon("play")}</span>'
        f'<span class="on">{page_icon("pause")}</span><span class="sr">{t("shelf_play")}: '
        f"{escape(track.title)}</span>"
        f'</button><div class="who"><b>{escape(track.title)}</b><span>{escape(track.artist)} · '
        f"{rows.pack_name(track.pack)} · {clock(track.duration_s)}</span></div>"
        f'<button type="button" class="btn quiet square" data-open="{escape(track.id)}" '
        'aria-haspopup="dialog">'
        f'{icon("more")}<span class="sr">{t("shelf_more")}: {escape(track.title)}</span></button>'
        f"{rows.remove_part(track) if editable and track.pack != rows.LASTING else ''}</li>"
        for track in group
    )
    return f'<ul class="twins">{lines}</ul>'
