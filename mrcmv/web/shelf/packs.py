"""The packs as cards: what is in each, what it weighs, how far its installing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from mrcmv.web.shelf.jobs import Shown
from mrcmv.web.text import room_sentence, t


@dataclass(frozen=True)
class Offer:
    """One pack as its card shows it."""

    name: str
    title: str
    megabytes: float
    tracks: int
    minutes: float
    installed: int
    complete: bool
    licences: tuple[str, ...]
    author: str
    share_alike: bool
    left_out: int
    why_not: str
    work: Shown | None = None

    @classmethod
    def of(cls, pack: Any, work: Shown | None) -> Offer:
        """From what `Library.available_packs` lists."""
        return cls(
            pack.name, pack.title, pack.megabytes, pack.tracks, pack.minutes, pack.installed, pack.complete,
            tuple(pack.licences), pack.author, pack.share_alike, sum(pack.left_out.values()), pack.why_not,
            work,
        )  # fmt: skip

    @property
    def state(self) -> str:
        """In one word, for the script: it tells a change to those who cannot see it."""
        if self.work is not None and (self.work.busy or self.work.state == "failed"):
            return self.work.state
        return "complete" if self.complete else "part" if self.installed else "none"

    @property
    def busy(self) -> bool:
        return self.work is not None and self.work.busy


def cards(offers: Sequence[Offer], *, editable: bool) -> str:
    """All packs."""
    if not offers:
        return f'<p class="notice calm">{t("shelf_no_packs")}</p>'
    return f'<ul class="packs">{"".join(card(offer, editable=editable) for offer in offers)}</ul>'


def card(offer: Offer, *, editable: bool) -> str:
    name, title = escape(offer.name), escape(offer.title)
    facts = [
        t("shelf_tracks", count=offer.tracks),
        t("shelf_minutes", count=f"{offer.minutes:.0f}"),
        t("shelf_megabytes", count=f"{offer.megabytes:.0f}"),
    ]
    licences = "".join(f'<span class="tag said">{escape(licence)}</span>' for licence in offer.licences)
    alike = f'<span class="tag amber">{t("share_alike")}</span>' if offer.share_alike else ""
    return (
        f'<li class="packcard" data-pack="{name}" data-state="{offer.state}"><header><h3>{title}</h3><p '
        'class="figures">'
        f"{''.join(f'<span class=num>{fact}</span>' for fact in facts)}</p></header>"
        f"<p>{t('shelf_pack_about', title=offer.title, author=offer.author)}</p>"
        f'<p class="words">{licences}{alike}</p>' + said(offer) + (acts(offer) if editable else "") + "</li>"
    )


def said(offer: Offer) -> str:
    """How its work stands, in one line."""
    work = offer.work
    if work is not None and work.busy:
        done = round(100 * work.done)
        return (
            f'<p class="state">{t(f"shelf_state_{work.state}")} <span class="num">{done} %</span></p>'
            '<span class="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{done}" '
            f'aria-label="{escape(offer.title)}"><i style="width:{done}%"></i></span>'
        )
    if work is not None and work.state == "failed":
        return f'<p class="notice bad" role="alert">{work.said}</p>'
    if offer.why_not and not offer.complete:
        return f'<p class="notice calm">{room_sentence(offer.why_not)}</p>'
    if offer.complete:
        left = t("shelf_left_out", count=offer.left_out) if offer.left_out else ""
        return f'<p class="state">{t("shelf_installed", count=offer.installed)} {left}</p>'
    if offer.installed:
        return f'<p class="state">{t("shelf_unfinished", count=offer.installed, total=offer.tracks)}</p>'
    return ""


def acts(offer: Offer) -> str:
    """What can be done with it now."""
    label = f'<span class="sr">: {escape(offer.title)}</span>'
    if offer.busy:
        stop = button("cancel", offer, t("cancel") + label, "btn")
        return f'<p class="acts">{stop}</p>'
    parts = []
    if not offer.complete and not offer.why_not:
        key = "shelf_go_on" if offer.installed else "shelf_install"
        parts.append(button("install", offer, f"{t(key)}{label}", "btn primary"))
    if offer.installed:
        browse = escape(f"library?pack={offer.name}")
        parts.append(f'<a class="btn" href="{browse}">{t("shelf_show_tracks")}{label}</a>')
        parts.append(
            f'<details class="remove" data-kept="remove-{escape(offer.name)}">'
            f"<summary>{t('shelf_remove')}{label}"
            f"</summary><p>{t('shelf_remove_pack_sure')}</p>"
            f"{button('remove-pack', offer, t('shelf_remove_now'), 'btn danger')}</details>"
        )
    return f'<div class="acts">{"".join(parts)}</div>'


def button(act: str, offer: Offer, inner: str, css: str) -> str:
    name = escape(offer.name)
    return f'<button type="button" class="{css}" data-act="{act}" data-name="{name}">{inner}</button>'
