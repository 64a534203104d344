"""MixSettings: everything that a creator may choose about a mix. It is also the key of what was made."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mrcmv.media import UserError, quoted

Keep = Literal["voice", "original", "none"]
VoiceAs = Literal["cleaned", "recorded"]
Fit = Literal["beats", "plain"]

CHOICES: dict[str, tuple[str, ...]] = {
    "keep": get_args(Keep),
    "voice": get_args(VoiceAs),
    "fit": get_args(Fit),
}
RANGES: dict[str, tuple[float, float]] = {
    "level_lu": (0.0, 40.0),
    "game_db": (-40.0, 0.0),
    "duck_depth_db": (0.0, 24.0),
    "attack_s": (0.02, 2.0),
    "hold_s": (0.0, 5.0),
    "release_s": (0.05, 5.0),
    "fade_in_s": (0.0, 10.0),
    "fade_out_s": (0.0, 10.0),
    "start_s": (0.0, 3600.0),
}
"""Least and most of every number; what may also be None says so below."""
_MAY_BE_NONE = ("game_db", "duck_depth_db", "start_s")


class SettingsError(UserError):
    """A setting that no mix can have."""


@dataclass(frozen=True)
class MixSettings:
    """How music and clip become one sound.

    Attributes
    ----------
    level_lu
        How far the music lies under the voice while somebody speaks, in LU.
    keep
        What is kept of the clip's own sound: the voice, all of it as it was, or nothing.
    voice
        With ``keep="voice"``: the separated voice, or the clip's own sound while somebody speaks.
    game_db
        With ``keep="voice"``: everything but the voice is kept too, at this level in dB; None keeps none.
        A voice as recorded has it within its phrases anyway, at 0 dB.
    duck_depth_db
        How much further down the music goes while somebody speaks, in dB; None follows ``level_lu``.
    attack_s, hold_s, release_s
        How long the music takes to go down, stays down after a phrase, and takes to come back, in seconds.
    fade_in_s, fade_out_s
        At the clip's ends, in seconds.
    start_s
        Second of the track at which it sets in; None takes its best moment for the clip.
    fit
        "beats" ends on a beat and loops on a bar where they are heard; "plain" does neither.
    vocals
        Of a song: whether its singing is heard.

    Raises
    ------
    SettingsError
        When a value is out of its range (`RANGES`, `CHOICES`).
    """

    level_lu: float = 13.0
    keep: Keep = "voice"
    voice: VoiceAs = "cleaned"
    game_db: float | None = None
    duck_depth_db: float | None = None
    attack_s: float = 0.15
    hold_s: float = 0.4
    release_s: float = 0.7
    fade_in_s: float = 0.5
    fade_out_s: float = 1.75
    start_s: float | None = None
    fit: Fit = "beats"
    vocals: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is None and name in _MAY_BE_NONE:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise SettingsError(f"{_word(name)} must be a number from {least:g} to {most:g}.")
            if not least <= value <= most:
                raise SettingsError(f"{_word(name)} lies from {least:g} to {most:g}, not at {value:g}.")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"{_word(name)} is one of {', '.join(choices)}.")
        if not isinstance(self.vocals, bool):
            raise SettingsError("vocals is true or false.")

    def to_json(self) -> dict[str, Any]:
        """A plain dict of all fields."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, plain: object) -> MixSettings:
        """The inverse of `to_json`; fields that are missing take their defaults, unknown ones are errors."""
        if not isinstance(plain, dict):
            raise SettingsError("Mix settings are one JSON object with a value for each setting.")
        unknown = sorted(set(map(str, plain)) - {field.name for field in dataclasses.fields(cls)})
        if unknown:
            raise SettingsError(f"There is no mix setting called {quoted(unknown[0])}: check its spelling.")
        try:
            return cls(**plain)
        except OverflowError:
            raise SettingsError("A mix setting is a number without end: check the file.") from None


def _word(name: str) -> str:
    return f"The setting {name}"
