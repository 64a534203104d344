"""The clip itself, and what lies under it: waveforms, download, credit."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mrcmv.web.drawing import deepest_db, mix_drawing
from mrcmv.web.errors import notice
from mrcmv.web.icons import icon
from mrcmv.web.text import clock, room_sentence, t

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.mix import Mix

SILENCE_LUFS = -70.0


def stage(address: str, *, mixed: bool, duration_s: float | None = None, poster: str | None = None) -> str:
    """The player: the visitor's own clip, later its picture alone, whose sound listen.js plays."""
    shown = f' poster="{escape(poster)}"' if poster else ""
    silent = " muted" if mixed else ""
    length = f' data-duration="{duration_s:.3f}"' if duration_s else ""
    return (
        f'<div class="stage {"mixed" if mixed else "raw"}"{length}><div class="screen"><video id="player" '
        f'playsinline{silent} preload="auto" tabindex="-1" src="{escape(address)}"{shown}></video>'
        f'<p class="cannot" hidden>{t("cannot_show")}</p></div>{transport(duration_s)}</div>'
    )


def transport(duration_s: float | None) -> str:
    """Play, place, loudness, full screen: the same whether the video or listen.js makes the sound."""
    length = duration_s or 0.0
    return (
        '<div class="transport">'
        f'<button type="button" class="btn quiet square toggle" id="toggle" data-listen="toggle" '
        f'aria-pressed="false"><span class="off">{icon("play")}<span class="sr">{t("play")}</span></span>'
        f'<span class="on">{icon("pause")}<span class="sr">{t("pause")}</span></span></button>'
        f'<span class="num time"><span data-at>0:00</span><span class="of"> / <span data-of>{clock(length)}'
        f'</span></span></span><span class="sr" id="place-label">{t("place")}</span>'
        f'<input type="range" id="place" class="fine" min="0" max="{length:.2f}" step="0.1" value="0" '
        'aria-labelledby="place-label">'
        f'<button type="button" class="btn quiet square" id="mute" data-listen="mute" aria-pressed="false">'
        f'<span class="off">{icon("loud")}</span><span class="on">{icon("mute")}</span>'
        f'<span class="sr">{t("mute")}</span></button>'
        f'<span class="sr" id="volume-label">{t("volume")}</span>'
        '<input type="range" id="volume" class="fine" min="0" '
        'max="1" step="0.05" value="1" aria-labelledby="volume-label">'
        f'<button type="button" class="btn quiet square" id="full" data-listen="full">{icon("full")}'
        f'<span class="sr">{t("full_screen")}</span></button></div>'
    )


def drawing(mix: Mix) -> str:
    """Waveforms and curve on a strip that follows the player and can be clicked to jump."""
    deepest = deepest_db(mix.ducking)
    ducked = f'<span class="d">{t("ducking", db=f"{deepest:.0f}")}</span>' if deepest >= 0.5 else ""
    picture = mix_drawing(mix.voice_peaks, mix.music_peaks, mix.ducking, mix.duration_s)
    return (
        f'<div class="mixbox"><div class="legend"><span class="v">{t("voice")}</span>'
        f'<span class="m">{t("music")}</span>{ducked}</div>'
        f'<div class="strip" id="strip" role="slider" tabindex="0" data-duration="{mix.duration_s:.3f}" '
        f'aria-valuemin="0" aria-valuemax="{mix.duration_s:.0f}" aria-valuenow="0" '
        f'aria-labelledby="strip-label"><span class="sr" id="strip-label">{t("seek")}</span>{picture}'
        f'<i class="head"></i></div><div class="ruler num"><span>0:00</span>'
        f"<span>{clock(mix.duration_s / 2)}</span>"
        f"<span>{clock(mix.duration_s)}</span></div></div>"
    )


def measured(mix: Mix) -> str:
    """What was measured in the finished file, and why it is quieter than usual where it is."""
    note = notice(room_sentence(mix.note), "calm") if mix.note else ""
    if mix.integrated_lufs <= SILENCE_LUFS:
        return note
    words = t(
        "measured",
        lufs=f"{mix.integrated_lufs:.1f}".replace("-", "−"),
        peak=f"{mix.true_peak_db:.1f}".replace("-", "−"),
    )
    if mix.voice_to_music_lu is not None:
        words += f", {t('measured_gap', gap=f'{mix.voice_to_music_lu:.1f}')}"
    return f'{note}<p class="hint num measured">{words}</p>'


def take_away(track: Track | None, address: str, name: str) -> str:
    """Download, and the credit with a button that copies it. Without music there is no credit."""
    link = (
        f'<a id="download" class="btn primary big" href="{escape(address)}" download="{escape(name)}">'
        f'<span class="off">{icon("download")}{t("download")}</span>'
        f'<span class="on" role="status">{t("preparing")}</span></a>'
        f'<p class="notice bad" id="download-failed" role="alert" hidden>{t("ours")}</p>'
    )
    if track is None:
        return f'<div class="takeaway">{link}</div>'
    line = track.credit_line()
    hint = t("credit" if track.rights.credit_required else "credit_free")
    return (
        f'<div class="takeaway">{link}<div class="credit"><span class="label" id="credit-label">{hint}</span>'
        f'<div class="row"><input type="text" readonly id="credit" aria-labelledby="credit-label" '
        f'value="{escape(line)}"><button type="button" class="btn" id="copy-credit" data-copy="credit">'
        f'<span class="off">{t("copy")}</span><span class="on" role="status">{t("copied")}</span>'
        "</button></div></div></div>"
    )
