"""The row under the player: no music and the five tracks, to switch between while they play."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from mrcmv.web.run import Report
from mrcmv.web.text import t

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.web.session import Choice


@dataclass(frozen=True)
class Slot:
    """One choice: ``number`` is the key that chooses it, ``sound`` its mix's address when it is made."""

    number: int
    track: Track | None
    sound: str | None
    making: bool

    def is_track(self, choice: Choice | None) -> bool:
        return choice is not None and choice.track_id == (self.track.id if self.track else None)

    def html(self, *, chosen: bool, wanted: bool) -> str:
        """listen.js reads its ``data-`` fields."""
        ident = escape(self.track.id) if self.track else ""
        name = escape(self.track.title) if self.track else t("no_music")
        state = "ready" if self.sound else "making" if self.making or wanted else "later"
        words = f'<span class="sr"> ({t("mix_" + state)})</span>'
        address = f' data-sound="{escape(self.sound)}"' if self.sound else ""
        return (
            f'<li><button type="button" class="slot-button {state}" data-slot="{self.number}" '
            f'data-track="{ident}"{address} id="slot-{self.number}" aria-pressed="{str(chosen).lower()}">'
            f'<kbd class="num" aria-hidden="true">{self.number}</kbd><span class="title">{name}</span>'
            f'<i class="dot" aria-hidden="true"></i>{words}</button></li>'
        )


def deck(
    slots: list[Slot],
    chosen: int | None,
    wanted: int | None,
    *,
    duration_s: float,
    turn: int,
    of: str,
    key: str,
    report: Report | None = None,
    message: str = "",
) -> str:
    """All choices. ``chosen`` has sound, ``wanted`` is on its way; ``turn`` is the page's own count.

    ``of`` names the clip and its suggestions, ``key`` how they are mixed: when they change, there is more to
    make.
    """
    rows = "".join(slot.html(chosen=slot.number == chosen, wanted=slot.number == wanted) for slot in slots)
    progress = ""
    if report is not None and wanted is not None:
        track = next(slot.track for slot in slots if slot.number == wanted)
        progress = mixing(track.title if track else None, report)
    return (
        f'<section class="deck" aria-labelledby="deck-label" data-turn="{turn}" data-of="{escape(of)}" '
        f'data-key="{escape(key)}" '
        f'data-chosen="{"" if chosen is None else chosen}" data-wanted="{"" if wanted is None else wanted}" '
        f'data-duration="{duration_s:.3f}"><h2 class="sr" id="deck-label">{t("compare")}</h2>'
        f'<ol class="slots">{rows}</ol><p class="hint keys">{t("keys")}</p>{message}{progress}</section>'
    )


def mixing(title: str | None, report: Report) -> str:
    """A mix is on its way."""
    if report.ahead:
        words = t("waiting_turn", count=report.ahead)
    else:
        words = t("mixing_alone") if title is None else t("preview_wait", title=title)
    label = t("cancelling") if report.stopping else t("cancel")
    disabled = " disabled" if report.stopping else ""
    return (
        f'<div class="mixing"><div class="row"><span role="status">{words}</span>'
        f'<button type="button" class="btn quiet" id="stop-mix" data-do="stop"{disabled}>'
        f'{label}</button></div><span class="bar"><i style="width:{100 * report.done:.0f}%"></i></span></div>'
    )
