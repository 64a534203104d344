"""The part of the page beside the clip: what to go by, Find music, and how far the search has come."""

from __future__ import annotations

from html import escape

from mrcmv.media import WINDOW_S
from mrcmv.recommender import Stage
from mrcmv.web.run import Report
from mrcmv.web.text import clock, t

STAGE_KEYS = {
    Stage.READING: "stage_reading",
    Stage.SEPARATING: "stage_separating",
    Stage.UNDERSTANDING: "stage_understanding",
    Stage.RANKING: "stage_ranking",
}


def range_fields(duration_s: float, window_s: tuple[float, float]) -> str:
    """Two handles on one line for the part of the clip that chooses the music."""
    start, end = window_s
    handles = "".join(
        f'<input type="range" class="{name}" min="0" max="{duration_s:.1f}" step="0.1" value="{value:.1f}" '
        f'aria-labelledby="part-{name}">'
        for name, value in (("from", start), ("to", end))
    )
    return (
        f'<fieldset class="part" data-duration="{duration_s:.2f}" data-most="{WINDOW_S:.0f}">'
        f"<legend>{t('use_part')}</legend>"
        f'<div class="rail"><i class="fill" style="left:{100 * start / duration_s:.2f}%;'
        f'right:{100 - 100 * end / duration_s:.2f}%"></i>{handles}</div>'
        f'<div class="times num"><span><span id="part-from">{t("from")}</span> '
        f'<output class="from">{clock(start)}</output></span>'
        f'<span><span id="part-to">{t("to")}</span> <output class="to">{clock(end)}</output></span></div>'
        f'<p class="hint">{t("part_hint")}</p></fieldset>'
    )


def ready(
    clip_name: str,
    duration_s: float | None,
    window_s: tuple[float, float],
    *,
    again: bool = False,
    notice: str = "",
) -> str:
    """The clip is there and nothing runs."""
    trim = range_fields(duration_s, window_s) if duration_s and duration_s > 1.0 else ""
    length = f'<span class="num">{clock(duration_s)}</span>' if duration_s else ""
    name = f'<b title="{escape(clip_name)}">{escape(clip_name)}</b>{length}'
    replace = f'<button type="button" id="replace" class="btn quiet" data-do="clear">{t("replace")}</button>'
    kind = "btn" if again else "btn primary big"
    label = t("find_again" if again else "find")
    find = f'<button type="button" id="find" class="{kind}" data-do="submit">{label}</button>'
    if again:
        return (
            f'<section class="find again"><header class="clipname">{name}{replace}</header>{notice}'
            f'<details class="other"><summary>{t("other_part")}</summary>{trim}{find}</details></section>'
        )
    return (
        f'<section class="find"><header class="clipname">{name}</header>{notice}{trim}'
        f'<div class="acts">{find}{replace}</div></section>'
    )


def working(report: Report, voice: str | None) -> str:
    """The four stages with their seconds; before them, the place in the line."""
    rows = []
    for stage, key in STAGE_KEYS.items():
        state = report.stages.get(stage)
        if state is None:
            kind, seconds, width = "next", "", 0.0
        elif state.finished:
            kind, seconds, width = "past", f"{state.seconds:.1f} s", 100.0
        else:
            kind, seconds, width = "now", f"{state.seconds:.1f} s", 100 * state.done
        current = ' aria-current="step"' if kind == "now" else ""
        done = f'<span class="bar"><i style="width:{width:.0f}%"></i></span>'
        rows.append(
            f'<li class="{kind}"{current}><span class="name">{t(key)}</span>'
            f'<span class="num secs">{seconds}</span>{done}</li>'
        )
    place = ""
    if report.ahead is not None:
        words = t("waiting_turn", count=report.ahead) if report.ahead else t("waiting_next")
        place = f'<p class="place" role="status">{words}</p>'
    sound = ""
    if voice:
        sound = (
            f'<div class="voiceready"><span class="label">{t("voice_ready")}</span>'
            f'<audio controls preload="none" src="{escape(voice)}"></audio></div>'
        )
    label = t("cancelling") if report.stopping else t("cancel")
    disabled = " disabled" if report.stopping else ""
    return (
        f'<section class="working" aria-busy="true"><header><h2>{t("working")}</h2></header>{place}'
        f'<ol class="stages">{"".join(rows)}</ol>{sound}<div class="acts">'
        f'<button type="button" id="cancel" class="btn" data-do="stop"{disabled}>{label}</button>'
        "</div></section>"
    )
