"""How much of some sounds is voice, and what the tagger says. Run from the project's folder.

    python -m benchmarks.voices FILE [FILE ...]

Prints for the minute in the middle of each file: the share of the separated voice in the energy
(`mrcmv.library.ears.SUNG_LEAST` is the threshold), and the surest of the tagger's words for a voice.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.pack_tags import VOICES
from mrcmv.library import Ears
from mrcmv.library.ears import energy, share_of
from mrcmv.media import read_sound, sound_length_s, write_sound
from mrcmv.separation import Separator
from mrcmv.tagging import NAMES, Tagger


def main() -> None:
    separator, ears = Separator.load(), Ears(lambda: [Tagger.load(name) for name in NAMES])
    print("| sound | voice in the energy | surest word for a voice |")
    print("|---|---|---|")
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            minute = Path(folder) / "minute.wav"
            start_s = max(0.0, sound_length_s(Path(name)) / 2 - 30)
            write_sound(minute, read_sound(Path(name), start_s=start_s, duration_s=60.0))
            stems = separator.separate_file(minute, Path(folder))
            share = share_of(energy(stems.voice), energy(stems.accompaniment))
            tags = ears.tags(minute)
        surest = max(VOICES, key=lambda word: tags.get(word, 0.0))
        print(f"| {Path(name).stem} | {share:.3f} | {surest} {tags.get(surest, 0.0):.2f} |", flush=True)


if __name__ == "__main__":
    main()
