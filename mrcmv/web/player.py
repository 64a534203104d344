"""The clip itself, and what lies under it: level, waveforms, download, credit."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mrcmv.web.drawing import deepest_db, mix_drawing
from mrcmv.web.errors import notice
from mrcmv.web.icons import icon
from mrcmv.web.run import Report
from mrcmv.web.sessions import Choice
from mrcmv.web.text import clock, t

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.mix import Mix

LEVELS = {"background": 20.0, "balanced": 13.0, "forward": 10.0}
"""Marks of the knob, in LU under the voice."""
SILENCE_LUFS = -70.0
LEAST_LU, MOST_LU = 8.0, 22.0


def stage(address: str, *, mixed: bool, poster: str | None = None) -> str:
    """The player: the visitor's own clip, later the preview."""
    shown = f' poster="{escape(poster)}"' if poster else ""
    return (
        f'<div class="stage {"mixed" if mixed else "raw"}"><video id="player" controls playsinline '
        f'preload="auto" src="{escape(address)}"{shown}></video>'
        f'<p class="cannot" hidden>{t("cannot_show")}</p></div>'
    )


def knob(choice: Choice, *, spoken: bool) -> str:
    """One slider, louder to the right, with three marks."""
    value = MOST_LU + LEAST_LU - choice.level_lu
    marks = "".join(
        f'<button type="button" data-do="release" data-level="{level:.0f}" '
        f'aria-pressed="{str(level == choice.level_lu).lower()}" '
        f'style="left:{100 * (MOST_LU - level) / (MOST_LU - LEAST_LU):.1f}%">{t("level_" + name)}</button>'
        for name, level in LEVELS.items()
    )
    key = "level_value" if spoken else "level_value_plain"
    return (
        f'<div class="knob"><div class="top"><label for="level">{t("level")}</label>'
        f'<output class="num" for="level">{t(key, level=f"{choice.level_lu:.0f}")}</output></div>'
        f'<input type="range" id="level" min="{LEAST_LU:.0f}" max="{MOST_LU:.0f}" step="1" '
        f'value="{value:.0f}" data-flip="{MOST_LU + LEAST_LU:.0f}"><div class="marks">{marks}</div></div>'
    )


def advanced(choice: Choice, voice: str | None) -> str:
    """What to keep of the clip's own sound, and the voice alone; closed until asked for."""
    alone = ""
    if voice:
        alone = (
            f'<div class="voiceready"><span class="label">{t("voice_ready")}</span>'
            f'<audio controls preload="none" src="{escape(voice)}"></audio></div>'
        )
    options = "".join(
        f'<label><input type="radio" name="keep" value="{keep}" data-do="input"'
        f"{' checked' if keep == choice.keep else ''}><span>{t('keep_' + keep)}</span></label>"
        for keep in ("voice", "original", "none")
    )
    return (
        f'<details class="advanced"><summary>{t("advanced")}</summary>'
        f'<fieldset class="keep"><legend>{t("keep")}</legend>{options}</fieldset>{alone}</details>'
    )


def mixing(title: str, report: Report) -> str:
    """A preview is on its way."""
    words = t("waiting_turn", count=report.ahead) if report.ahead else t("preview_wait", title=title)
    return (
        f'<div class="mixing" role="status"><div class="row"><span>{words}</span>'
        f'<button type="button" class="btn quiet" data-do="stop">{t("cancel")}</button></div>'
        f'<span class="bar"><i style="width:{100 * report.done:.0f}%"></i></span></div>'
    )


def drawing(preview: Mix) -> str:
    """Waveforms and curve on a strip that follows the player and can be clicked to jump."""
    deepest = deepest_db(preview.ducking)
    ducked = f'<span class="d">{t("ducking", db=f"{deepest:.0f}")}</span>' if deepest >= 0.5 else ""
    picture = mix_drawing(preview.voice_peaks, preview.music_peaks, preview.ducking, preview.duration_s)
    return (
        f'<div class="mixbox"><div class="legend"><span class="v">{t("voice")}</span>'
        f'<span class="m">{t("music")}</span>{ducked}</div>'
        f'<div class="strip" role="slider" tabindex="0" data-duration="{preview.duration_s:.3f}" '
        f'aria-valuemin="0" aria-valuemax="{preview.duration_s:.0f}" aria-valuenow="0">'
        f'<span class="sr">{t("seek")}</span>{picture}<i class="head"></i></div>'
        f'<div class="ruler num"><span>0:00</span><span>{clock(preview.duration_s / 2)}</span>'
        f"<span>{clock(preview.duration_s)}</span></div></div>"
    )


def measured(preview: Mix) -> str:
    """What was measured in the finished file, and why it is quieter than usual where it is."""
    note = notice(escape(preview.note), "calm") if preview.note else ""
    if preview.integrated_lufs <= SILENCE_LUFS:
        return note
    words = t(
        "measured",
        lufs=f"{preview.integrated_lufs:.1f}".replace("-", "−"),
        peak=f"{preview.true_peak_db:.1f}".replace("-", "−"),
    )
    if preview.voice_to_music_lu is not None:
        words += f", {t('measured_gap', gap=f'{preview.voice_to_music_lu:.1f}')}"
    return f'{note}<p class="hint num measured">{words}</p>'


def take_away(track: Track, address: str, name: str) -> str:
    """Download, and the credit with a button that copies it."""
    line = track.credit_line()
    hint = t("credit" if track.rights.credit_required else "credit_free")
    return (
        f'<div class="takeaway"><a id="download" class="btn primary big" href="{escape(address)}" '
        f'download="{escape(name)}">{icon("download")}{t("download")}</a>'
        f'<div class="credit"><span class="label" id="credit-label">{hint}</span>'
        f'<div class="row"><input type="text" readonly id="credit" aria-labelledby="credit-label" '
        f'value="{escape(line)}"><button type="button" class="btn" data-copy="credit">'
        f'<span class="off">{t("copy")}</span><span class="on" role="status">{t("copied")}</span>'
        "</button></div></div></div>"
    )


def mix(
    choice: Choice,
    *,
    spoken: bool,
    message: str = "",
    progress: str = "",
    preview: Mix | None = None,
    track: Track | None = None,
    address: str = "",
    download: str = "",
    download_name: str = "",
    voice: str | None = None,
) -> str:
    """Everything under the player. Without a preview yet, the controls alone."""
    done = ""
    if preview is not None and track is not None:
        done = drawing(preview)
    end = ""
    if preview is not None and track is not None:
        end = measured(preview) + take_away(track, download, download_name)
    return (
        f'<section class="mix" aria-label="Preview">{message}<div class="slot">{progress}</div>'
        f'<div class="slot">{done}</div>{knob(choice, spoken=spoken)}{advanced(choice, voice)}'
        f'<div class="slot">{end}</div><p class="hint keys">{t("keys")}</p></section>'
    )
