"""What is heard in installed packs, against the packs' own words. Run from the project's folder.

    python -m benchmarks.pack_tags [--pack wesnoth-1.16-music]   one pack's tracks, a row each
    python -m benchmarks.pack_tags --words                       own words against heard moods, all packs
    python -m benchmarks.pack_tags --norms                       what vocabulary.py keeps as NORMS

A pack's own words are those of its file names: nobody chose them for this comparison, and nobody
says that a track called "battle" has to sound energetic.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from mrcmv.library import Library, Track
from mrcmv.library.vocabulary import describe, measure_norms, standings

OWN_WORDS = {
    "energetic": ("battle", "fight", "attack", "frantic", "boss", "bossattack", "race", "siege", "sprint"),
    "sad": ("sad", "defeat", "defeat2", "casualties", "dead", "death", "falls", "weight", "nunc", "lost"),
    "calm": ("calm", "forest", "night", "sanctuary", "transience", "ocean", "caves", "silvan", "love"),
}
"""Words of file names that suggest a mood of the vocabulary."""


VOICES = ("vocal", "vocals", "singing", "voice", "female", "male", "female vocal", "male vocal")


def pack_table(tracks: Sequence[Track]) -> None:
    print("| the pack's own words | moods heard | genres | instruments | bpm | key | surest tags |")
    print("|---|---|---|---|---|---|---|")
    for track in sorted(tracks, key=lambda track: track.tags):
        tags = ", ".join(f"{tag} {value:.2f}" for tag, value in list(track.tagged.items())[:4])
        cells = (
            " ".join(track.tags),
            ", ".join(describe(track.tagged).moods),
            ", ".join(track.heard_genres),
            ", ".join(track.instruments),
            "" if track.tempo_bpm is None else f"{track.tempo_bpm:.0f}",
            track.key,
            tags,
        )
        print(f"| {' | '.join(cells)} |")


def word_table(tracks: Sequence[Track]) -> None:
    """How often a mood is heard where the name suggests it and elsewhere; and by rank alone (AUC)."""
    print("| mood | own words | so named | of these it is heard in | of the others | AUC | in its pack |")
    print("|---|---|---|---|---|---|---|")
    for mood, words in OWN_WORDS.items():
        named = [track for track in tracks if set(words) & set(track.tags)]
        others = [track for track in tracks if track not in named]
        if not named:
            continue
        scores = {track.id: standings(track.tagged)[mood] for track in tracks}
        every, inside = (
            [
                (scores[a.id] > scores[b.id]) + 0.5 * (scores[a.id] == scores[b.id])
                for a in named
                for b in others
                if a.pack == b.pack or not same_pack
            ]
            for same_pack in (False, True)
        )
        hits, rest = (sum(mood in describe(track.tagged).moods for track in part) for part in (named, others))
        used = ", ".join(sorted({word for track in named for word in track.tags if word in words}))
        print(
            f"| {mood} | {used} | {len(named)} | {hits} ({100 * hits / len(named):.0f} %) | "
            f"{rest} of {len(others)} ({100 * rest / len(others):.0f} %) | {auc(every)} | {auc(inside)} |"
        )


def auc(wins: Sequence[float]) -> str:
    return f"{sum(wins) / len(wins):.2f}" if wins else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pack", default="wesnoth-1.16-music")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--norms", action="store_true")
    parser.add_argument("--voices", action="store_true", help="energy of the voice, and its surest tag")
    arguments = parser.parse_args()
    every = [track for track in Library.open().tracks() if track.tagged]
    tracks = [track for track in every if track.pack not in ("starter", "own")]
    if arguments.norms:
        print(f"# of {len(every)} tracks: {', '.join(sorted({track.pack for track in every}))}")
        sources: dict[str, list[Mapping[str, float]]] = {}
        for track in every:  # an author's nine small packs sound alike and count as one
            sources.setdefault("Kenta Cho" if "Kenta Cho" in track.artist else track.pack, []).append(
                track.tagged
            )
        for word, (middle, spread) in measure_norms(list(sources.values())).items():
            print(f'    "{word}": ({middle:.2f}, {spread:.2f}),')
    elif arguments.words:
        word_table(tracks)
    elif arguments.voices:
        for track in sorted(tracks, key=lambda track: -(track.vocal_share or 0.0))[:25]:
            tag = max(VOICES, key=lambda voice: track.tagged.get(voice, 0.0))
            share = "-" if track.vocal_share is None else f"{track.vocal_share:.3f}"
            print(f"{share}  {track.tagged.get(tag, 0.0):.2f} ({tag})  {track.pack}  {track.title}")
    else:
        pack_table([track for track in tracks if track.pack == arguments.pack])


if __name__ == "__main__":
    main()
