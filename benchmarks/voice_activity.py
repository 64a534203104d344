"""``python -m benchmarks.voice_activity``: does the program know whether, and when, somebody speaks?

Seeded mixes of music and game noise, with and without a commentary, go through the separator and the voice
detector. The tracks are the starter library's odd ones; the thresholds were chosen on other mixes, of the
even ones. About 30 s of CPU.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import machine, table
from benchmarks.mixes import GAMES, VOICES, Mix, mix

CLIPS = 36
SECONDS = 11.7
"""Just under one segment of the separator."""
STEP_S = 0.01
SEED = 9000


def clips() -> Iterator[Mix]:
    """Half of them with a voice; all kinds of game noise in turn; levels at random, hard ones among them."""
    rng = np.random.default_rng(SEED)
    for number in range(CLIPS):
        game = GAMES[number // 2 % len(GAMES)]
        yield mix(
            SEED + number,
            SECONDS,
            voice=VOICES[int(rng.integers(len(VOICES)))] if number % 2 == 0 else None,
            music=None if game != "none" and rng.random() < 0.2 else 1 + 2 * int(rng.integers(14)),
            game=game,
            voice_db=float(rng.uniform(-26, -16)),
            music_db=float(rng.uniform(-36, -18)),
            game_db=float(rng.uniform(-32, -18)),
        )


def marked(spans: tuple[tuple[float, float], ...]) -> NDArray[np.bool_]:
    """Spans in seconds -> bool for each hundredth of a second."""
    marks = np.zeros(round(SECONDS / STEP_S), bool)
    for start, end in spans:
        marks[round(start / STEP_S) : round(end / STEP_S)] = True
    return marks


def main() -> None:
    from mrcmv.separation import Separator, find_speech

    separator = Separator.load("cpu")
    counts = np.zeros((2, 2), int)
    shared = found_all = spoken_all = 0
    wrong = []
    for clip in clips():
        speech = find_speech(separator.separate(clip.sound).voice, clip.sound)
        counts[int(bool(clip.spoken)), int(bool(speech))] += 1
        if bool(clip.spoken) != bool(speech):
            wrong.append(clip.about)
        if clip.spoken and speech:
            found, spoken = marked(speech.segments), marked(clip.spoken)
            shared += int((found & spoken).sum())
            found_all, spoken_all = found_all + int(found.sum()), spoken_all + int(spoken.sum())
    print(f"voice activity, {CLIPS} mixes of {SECONDS} s not used for choosing thresholds; {machine()}")
    rows = [("clips", "voice found", "none found")]
    for title, row in (("with a voice", counts[1]), ("without", counts[0])):
        rows.append((title, str(row[1]), str(row[0])))
    print(table(rows))
    print(f"in clips where it was found: {shared / found_all:.0%} of the time marked is speech, ", end="")
    print(f"{shared / spoken_all:.0%} of the speech is marked (pauses within remarks count as speech)")
    for about in wrong:
        print(f"  wrong: {about}")


if __name__ == "__main__":
    main()
