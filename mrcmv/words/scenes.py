"""Scenes of games, and how music for them usually sounds.

The sentence encoder was made from general text: to it a boss fight is a fight, not loud music. This
small list adds the words of music; what the creator said stays in front of them.
"""

from __future__ import annotations

import re

SCENES: dict[str, str] = {
    "boss|final boss|boss fight": "intense energetic epic",
    "battle|fights?|fighting|combat|war|duel|shooter|deathmatch": "energetic intense epic",
    "chase|race|racing|speedrun|escape|pursuit": "fast energetic exciting",
    "victory|win|winning|triumph|level up": "triumphant happy epic",
    "defeat|game over|death|loss|losing": "sad dark",
    "stealth|sneaking|heist": "tense suspenseful dark",
    "exploration|exploring|open world|wandering": "calm ambient adventure",
    "tutorial|menu|lobby|loading screen": "calm relaxed background",
    "tavern|village|town|inn": "folk acoustic happy",
    "dungeon|cave|crypt|horror|zombies?": "dark tense scary ambient",
    "puzzle|farming|building|crafting|cosy|cozy": "calm relaxed happy",
    "montage|highlights?|trailer": "energetic epic exciting",
    "chiptune|8-bit|8 bit|retro game|arcade": "electronic synthesizer",
}
_SCENES = {re.compile(rf"\b(?:{names})\b"): sound for names, sound in SCENES.items()}


def in_music_words(phrase: str) -> str:
    """The phrase with words of music behind it, where it names a scene.

    >>> in_music_words("boss fight"), in_music_words("sad piano")
    ('boss fight, intense energetic epic', 'sad piano')
    """
    sound = next((sound for pattern, sound in _SCENES.items() if pattern.search(phrase)), "")
    return f"{phrase}, {sound}" if sound else phrase
