"""How the music lies under the clip: one knob, and behind it a drawer for those who want more.

Every control has the name of its field in `mrcmv.mix.MixSettings` as ``data-set``; shape.js sends them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from mrcmv.web.drawing import whole_waveform
from mrcmv.web.text import clock, t

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.mix import MixSettings

LEVELS = {"background": 20.0, "balanced": 13.0, "forward": 10.0}
"""Marks of the knob, in LU under the voice."""
LEAST_LU, MOST_LU = 8.0, 22.0


@dataclass(frozen=True)
class Dial:
    """A slider of the drawer. ``off`` is a value one step below ``least`` that stands for None."""

    field: str
    least: float
    most: float
    step: float
    unit: str
    off: str | None = None

    def html(self, value: float | None) -> str:
        low = self.least if self.off is None else self.least - self.step
        at = low if value is None else min(max(value, self.least), self.most)
        off = f' data-off="{low:g}" data-off-words="{self.off}"' if self.off else ""
        ident = self.field.replace("_", "-")
        return (
            f'<div class="dial"><label for="{ident}">{t("set_" + self.field)}</label>'
            f'<output class="num" for="{ident}">{self._words(value)}</output>'
            f'<input type="range" class="fine" id="{ident}" data-set="{self.field}" min="{low:g}" '
            f'max="{self.most:g}" step="{self.step:g}" value="{at:g}" data-unit="{self.unit}"{off}></div>'
        )

    def _words(self, value: float | None) -> str:
        if value is None:
            return t(self.off or "set_off")
        return f"{value:g} {self.unit}".replace("-", "−")


DUCKING = (
    Dial("duck_depth_db", 0, 24, 1, "dB", off="set_follows"),
    Dial("attack_s", 0.05, 1, 0.05, "s"),
    Dial("hold_s", 0, 2, 0.1, "s"),
    Dial("release_s", 0.1, 3, 0.1, "s"),
)
FADES = (Dial("fade_in_s", 0, 10, 0.25, "s"), Dial("fade_out_s", 0, 10, 0.25, "s"))
GAME = Dial("game_db", -40, 0, 1, "dB", off="set_off")


def knob(level_lu: float, *, spoken: bool) -> str:
    """One slider, louder to the right, with three marks."""
    value = MOST_LU + LEAST_LU - level_lu
    marks = "".join(
        f'<button type="button" data-level="{level:.0f}" id="level-{name}" '
        f'aria-pressed="{str(level == level_lu).lower()}" '
        f'style="left:{100 * (MOST_LU - level) / (MOST_LU - LEAST_LU):.1f}%">{t("level_" + name)}</button>'
        for name, level in LEVELS.items()
    )
    key = "level_value" if spoken else "level_value_plain"
    return (
        f'<div class="knob"><div class="top"><label for="level">{t("level")}</label>'
        f'<output class="num" for="level">{t(key, level=f"{level_lu:.0f}")}</output></div>'
        f'<input type="range" id="level" min="{LEAST_LU:.0f}" max="{MOST_LU:.0f}" step="1" '
        f'value="{value:.0f}" data-flip="{MOST_LU + LEAST_LU:.0f}"><div class="marks">{marks}</div></div>'
    )


def choices(field: str, value: str, names: tuple[str, ...]) -> str:
    """One of a few, as a row of buttons."""
    options = "".join(
        f'<label><input type="radio" name="{field}" id="{field}-{name}" value="{name}" data-set="{field}"'
        f"{' checked' if name == value else ''}><span>{t(f'{field}_{name}')}</span></label>"
        for name in names
    )
    return f'<fieldset class="keep set-{field}"><legend>{t("set_" + field)}</legend>{options}</fieldset>'


def moment(track: Track, best_s: float, start_s: float | None, clip_s: float) -> str:
    """The track's whole waveform with the used part on it, to be dragged; its best moment is marked."""
    start = best_s if start_s is None else start_s
    length = max(track.duration_s, 1e-3)
    most = max(0.0, track.duration_s - 1.0)
    title = escape(track.title)
    hidden = " hidden" if start_s is None or abs(start - best_s) < 0.05 else ""
    return (
        f'<div class="onset" data-length="{length:.3f}" data-clip="{clip_s:.3f}" data-best="{best_s:.2f}" '
        f'data-track="{escape(track.id)}"><div class="top"><label for="start">{t("set_start_s")}'
        f'<span class="sr">: {title}</span></label><output class="num" for="start">{clock(start)}</output>'
        f'</div><div class="wavebox whole"><i class="used" style="left:{100 * start / length:.3f}%;'
        f'width:{100 * min(clip_s, length - start) / length:.3f}%"></i>{whole_waveform(track.peaks)}'
        f'<i class="best" style="left:{100 * best_s / length:.3f}%"></i>'
        f'<input type="range" id="start" min="0" max="{length:.2f}" data-most="{most:.2f}" step="0.1" '
        f'value="{start:.2f}"></div><div class="row"><span class="hint">{t("start_hint")}</span>'
        f'<button type="button" class="btn quiet" id="best" data-best-moment{hidden}>'
        f"{t('start_best')}</button></div></div>"
    )


def controls(
    shape: MixSettings,
    *,
    spoken: bool,
    has_sound: bool,
    clip_s: float,
    track: Track | None,
    best_s: float,
    start_s: float | None,
    voice: str | None,
    turn: int = 0,
    drawn: int = 0,
) -> str:
    """The knob and the drawer, which is closed until it is asked for.

    ``turn`` is the last of the page's wishes that it knows of, ``drawn`` another number for each drawing.
    """
    music: list[str] = []
    own: list[str] = []
    if track is not None:
        music.append(moment(track, best_s, start_s, clip_s))
        music.append(choices("fit", shape.fit, ("beats", "plain")))
        if track.has_vocals:
            music.append(
                f'<label class="tick"><input type="checkbox" id="vocals" data-set="vocals"'
                f"{' checked' if shape.vocals else ''}><span>{t('set_vocals')}</span></label>"
            )
        if spoken:
            music.append(_group("set_ducking", DUCKING, shape))
    if has_sound:
        own.append(choices("keep", shape.keep, ("voice", "original", "none")))
        if spoken:
            own.append(choices("voice", shape.voice, ("cleaned", "recorded")))
            own.append(f'<div class="dials set-game">{GAME.html(shape.game_db)}</div>')
        if voice:
            own.append(
                f'<div class="voiceready"><span class="label" id="voice-label">{t("voice_ready")}</span>'
                f'<audio controls preload="none" aria-labelledby="voice-label" src="{escape(voice)}">'
                "</audio></div>"
            )
    ends = _group("set_fades", FADES, shape)
    words = "".join(f'<span id="words-{key}" hidden>{t(key)}</span>' for key in ("set_off", "set_follows"))
    level = knob(shape.level_lu, spoken=spoken) if track is not None else ""
    return (
        f'<section class="shape" data-keep="{escape(shape.keep)}" data-turn="{turn}" '
        f'data-drawn="{drawn}" aria-labelledby="shape-label">'
        f'<h2 class="sr" id="shape-label">{t("shape")}</h2>{words}{level}'
        f'<details class="advanced"><summary id="advanced">{t("advanced")}</summary><div class="drawer">'
        f'{"".join(music)}{"".join(own)}{ends}<div class="acts"><button type="button" class="btn" id="reset" '
        f"data-reset>{t('reset')}</button></div></div></details></section>"
    )


def _group(key: str, dials: tuple[Dial, ...], shape: MixSettings) -> str:
    rows = "".join(dial.html(getattr(shape, dial.field)) for dial in dials)
    return f'<fieldset class="dials"><legend>{t(key)}</legend>{rows}</fieldset>'
