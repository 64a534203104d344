"""Human voices for colour: short shouts of Hedgewars' voice packs, thrown in where a clip is wild.

All speech engines have the even breath of a machine; a shout by a person now and then keeps a network
from learning that every voice sounds like that. The voices of the test are heard nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from mrcmv.media import Samples

from .packs import fetch
from .speakers import VOICE_RATE, trim

PACKAGE = "hedgewars-data"
CAST = {
    "train": ("Classic", "Default", "HillBilly", "Pirate", "Robot", "Surfer"),
    "test": ("British", "Mobster", "Russian", "Singer"),
}
"""English voice packs, by split; validation takes those of train."""
WORDS = (
    "Amazing", "Brilliant", "Byebye", "Comeonthen", "Coward", "Drat", "Enemydown", "Excellent", "Fire",
    "Firstblood", "Flawless", "Gonnagetyou", "Hurry", "Illgetyou", "Incoming", "Laugh", "Missed", "Nooo",
    "Ohdear", "Oops", "Ouch", "Revenge", "Runaway", "Takecover", "Thisoneismine", "Uh-oh", "Victory",
    "Watchit", "Watchthis", "Whatthe", "Youllregretthat",
)  # fmt: skip
"""Which shouts are taken, by file name: those that a commentator might utter."""
LONGEST_S = 2.5


@dataclass(frozen=True)
class Shout:
    """A shout in a clip: where it lies (seconds), whose it is, the name of its file."""

    start_s: float
    end_s: float
    voice: str
    words: str


def shouts_folder(packages: Path) -> Path:
    """The folder of the voice packs, fetched if need be; raises `UserError` when it cannot be had."""
    return fetch(PACKAGE, packages) / "usr/share/games/hedgewars/Data/Sounds/voices"


@lru_cache(maxsize=16)
def available(folder: Path, voice: str) -> tuple[str, ...]:
    """Which of `WORDS` a voice pack has."""
    return tuple(word for word in WORDS if (folder / voice / f"{word}.ogg").is_file())


def read_shout(folder: Path, voice: str, word: str) -> Samples:
    """One shout: float32 mono at `VOICE_RATE`, without silence around it, at most `LONGEST_S`."""
    from .sounds import decode

    path = folder / voice / f"{word}.ogg"
    sound = decode(path, start_s=0, length_s=LONGEST_S, rate=VOICE_RATE, channels=1)
    return trim(sound) if len(sound) and np.abs(sound).max() > 1e-3 else sound[:0]
