"""``python benchmarks/sanity.py --data DATA --out FILE.md``: does the app suggest what a clip asks for?

The three committed examples and ten clips written for this (`benchmarks.sanity_clips`: a calm voice on
a calm picture, an excited one on a firefight, and so on) go through `Recommender.suggest` as an upload
does. The top five are taken from two libraries: the starter pack (28 tracks, whose mood words come with
the package) and the music of the data set's test clips, which no training has heard.

**What counts as fitting, fixed before the first run.**

* Game tracks: every track has a percentile (0..1) in its library for arousal, brightness and beat, measured
  in its sound as the data set's rule does (`mrcmv.training.freedoom400.rule.factors`; brightness has
  arousal taken out). Wanted high: the mean of the top five is above .5; wanted low: below .5. A
  clip fits when all that is wanted of it fits. A random ranking fits one wish in two.
* Starter pack: wanted are mood words, and at least three of the top five carry one of them: for excited
  and for bright clips energetic or happy (11 of the 28 tracks), for calm and for sad ones calm, nostalgic
  or tender (17 of 28). A random ranking reaches that for 29 % and 71 % of the clips.
* Where voice and picture disagree (calm voice on a firefight, excited voice on a calm picture), no side is
  right: the mean arousal must lie strictly between that of the calm clip on a calm picture and that of the
  excited clip on a firefight. In the starter pack nothing is asked of these.
* The committed example without voice has short fights and pauses in bright halls: only bright is wanted.

Nothing was tuned on these clips. Rendered clips, added tracks and embeddings stay in the folder ``--work``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import comb
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sanity_clips import CLIPS, make
from mrcmv.library import Library, Rights, Track
from mrcmv.media import UserError
from mrcmv.recommender import Recommender, Suggestions
from mrcmv.training.freedoom400.descriptors import Descriptors
from mrcmv.training.freedoom400.rule import factors

EXAMPLES = Path(__file__).resolve().parents[1] / "assets" / "examples"
TOP = 5
MAJORITY = 3
LIVELY, GENTLE = ("energetic", "happy"), ("calm", "nostalgic", "tender")
BETWEEN = ("calm voice, calm picture", "excited voice, firefight")
AXES = ("arousal", "brightness", "beat")


@dataclass(frozen=True)
class Wish:
    """What is wanted for a clip: axes that should be high (+1), low (-1) or in the middle (0); mood words."""

    axes: dict[str, int]
    moods: tuple[str, ...]


WISHES: dict[str, Wish] = {
    "example: excited, firefight": Wish({"arousal": 1}, LIVELY),
    "example: calm walk": Wish({"arousal": -1}, GENTLE),
    "example: no voice, action and pause": Wish({"brightness": 1}, ()),
    "calm voice, calm picture": Wish({"arousal": -1}, GENTLE),
    "excited voice, firefight": Wish({"arousal": 1}, LIVELY),
    "calm voice, firefight": Wish({"arousal": 0}, ()),
    "excited voice, calm picture": Wish({"arousal": 0}, ()),
    "sad, dark, slow": Wish({"arousal": -1, "brightness": -1}, GENTLE),
    "bright and cheerful": Wish({"brightness": 1}, LIVELY),
    "no voice, calm picture": Wish({"arousal": -1}, GENTLE),
    "no voice, firefight": Wish({"arousal": 1}, LIVELY),
    "whispered monotone, exploring": Wish({"arousal": -1}, GENTLE),
    "fast commentary, many cuts": Wish({"arousal": 1, "beat": 1}, LIVELY),
}


@dataclass(frozen=True)
class Answer:
    """The app's answer for one clip: top tracks of either library, and the means over the game tracks."""

    name: str
    found: Suggestions
    starter: tuple[Track, ...]
    game: tuple[Track, ...]
    means: dict[str, float]


def percentiles(sounds: Sequence[Descriptors]) -> dict[str, np.ndarray]:
    """Place of every track among all for each axis, 0..1, [tracks]."""
    from scipy.stats import norm

    scores = factors(sounds)
    return {axis: np.asarray(norm.cdf(scores[axis])) for axis in AXES}


def test_tracks(data: Path) -> dict[str, tuple[Path, dict[str, str], Descriptors]]:
    """(file, credit, description) of the test clips' music by clip id."""
    found = {}
    for line in (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == "test":
            music = json.loads((data / row["labels"]).read_text(encoding="utf-8"))["music"]
            sound = Descriptors(**{field.name: float(music[field.name]) for field in fields(Descriptors)})
            found[str(row["id"])] = (data / row["music"], row["track"], sound)
    return found


def add_tracks(library: Library, tracks: dict[str, tuple[Path, dict[str, str], Descriptors]]) -> None:
    """Put the test clips' music into the library, tagged with the clip's id; what is there stays."""
    there = {tag for track in library.tracks() for tag in track.tags}
    for name, (sound, credit, _) in tracks.items():
        if name in there:
            continue
        licence, source = credit["licence"], credit["source"]
        try:
            rights = Rights.state(licence, source=source)
        except UserError:  # one of the packages' free licences that the library's table lacks
            rights = Rights.state(licence, source=source, commercial=True, derivatives=True, share_alike=True)
        library.add(sound, rights, title=credit["title"], artist=credit["author"], tags=(name,))


def ask(recommender: Recommender, name: str, clip: Path, places: dict[str, dict[str, float]]) -> Answer:
    """The top five of both libraries for a clip: one ranking of all tracks, taken apart by pack."""
    with tempfile.TemporaryDirectory(prefix="mrcmv-") as folder:
        found = recommender.suggest(clip, Path(folder), top_k=len(recommender.library.tracks()))
    starter = [match.track for match in found.matches if match.track.pack == "starter"][:TOP]
    game = [match.track for match in found.matches if match.track.tags[:1] and match.track.tags[0] in places]
    game = game[:TOP]
    means = {axis: float(np.mean([places[track.tags[0]][axis] for track in game])) for axis in AXES}
    return Answer(name, found, tuple(starter), tuple(game), means)


def granted(answer: Answer, others: dict[str, Answer]) -> dict[str, bool]:
    """Which wishes for the game tracks came true, by axis."""
    low, high = (others[name].means["arousal"] for name in BETWEEN)
    told = {}
    for axis, way in WISHES[answer.name].axes.items():
        value = answer.means[axis]
        told[axis] = low < value < high if way == 0 else (value > 0.5) == (way > 0)
    return told


def mood_fits(answer: Answer) -> bool | None:
    """Whether the starter pack's moods fit; None when nothing is asked."""
    wanted = WISHES[answer.name].moods
    return sum(track.mood in wanted for track in answer.starter) >= MAJORITY if wanted else None


def by_chance(of: int, wanted: int) -> float:
    """Probability that at least `MAJORITY` of `TOP` drawn without replacement are among the wanted."""
    total = comb(of, TOP)
    return sum(comb(wanted, k) * comb(of - wanted, TOP - k) for k in range(MAJORITY, TOP + 1)) / total


def wish_in_words(wish: Wish) -> str:
    words = {1: "high", -1: "low", 0: "between"}
    return ", ".join(f"{axis} {words[way]}" for axis, way in wish.axes.items())


def report(answers: Sequence[Answer], pool: int, moods: Counter[str]) -> str:
    """The whole result as Markdown."""
    by_name = {answer.name: answer for answer in answers}
    model = answers[0].found
    lines = [
        "# Sanity on real use",
        "",
        f"Made by `python benchmarks/sanity.py`, checkpoint `{model.checkpoint_name}` "
        f"(`{model.checkpoint_sha256[:12]}`). What is wanted, and what counts as fitting, was written down "
        "before the first run and stands in that file. ✗ is a failure. Percentiles (0 to 1) are means over "
        f"the top five among {pool} game tracks that no training has heard.",
        "",
        "| clip | voice heard | share of the voice | wanted of game tracks | arousal | brightness | beat "
        "| fits | moods of the starter pack's top five | fits |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    axes_right = axes_all = between_right = between_all = moods_right = moods_all = 0
    chance = 0.0
    for answer in answers:
        wish, told, mood = WISHES[answer.name], granted(answer, by_name), mood_fits(answer)
        for axis, right in told.items():
            middle = wish.axes[axis] == 0
            between_all, between_right = between_all + middle, between_right + (middle and right)
            axes_all, axes_right = axes_all + (not middle), axes_right + (not middle and right)
        if mood is not None:
            moods_all, moods_right = moods_all + 1, moods_right + mood
            chance += by_chance(sum(moods.values()), sum(moods[word] for word in wish.moods))
        heard = Counter(track.mood for track in answer.starter)
        cells = (
            answer.name,
            "yes" if answer.found.speech else "no",
            f"{answer.found.voice_share:.2f}",
            wish_in_words(wish),
            *(f"{answer.means[axis]:.2f}" for axis in AXES),
            "".join("✓" if right else "✗" for right in told.values()),
            ", ".join(f"{count} {word}" for word, count in heard.most_common()),
            "not asked" if mood is None else ("✓" if mood else "✗"),
        )
        lines.append("| " + " | ".join(cells) + " |")
    used = Counter(track.id for answer in answers for track in answer.game)
    lines += [
        "",
        f"- Game tracks, high or low: {axes_right} of {axes_all} wishes came true (a random ranking: half).",
        f"- Voice and picture disagree: {between_right} of {between_all} lie in between.",
        f"- Starter pack: {moods_right} of {moods_all} clips fit (a random ranking: {chance:.1f}). "
        f"Its moods: {', '.join(f'{count} {word}' for word, count in sorted(moods.items()))}.",
        f"- {len(used)} different game tracks fill the {TOP * len(answers)} places; the most frequent one "
        f"stands in {max(used.values())} of {len(answers)} lists.",
        "",
        "## The tracks",
        "",
        "| clip | game tracks, best first | starter tracks, best first |",
        "|---|---|---|",
    ]
    for answer in answers:
        game = "; ".join(f"{track.title} ({track.artist})" for track in answer.game)
        starter = "; ".join(track.title for track in answer.starter)
        lines.append(f"| {answer.name} | {game.replace('|', '/')} | {starter} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="compact")
    parser.add_argument("--data", type=Path, required=True, help="A Freedoom400 folder: its test music.")
    parser.add_argument("--out", type=Path, help="Markdown file; without it, print.")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "mrcmv-sanity")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    clips = {
        "example: excited, firefight": EXAMPLES / "excited.mp4",
        "example: calm walk": EXAMPLES / "calm.mp4",
        "example: no voice, action and pause": EXAMPLES / "no_voice.mp4",
        **{clip.name: make(clip, asked.work / f"{clip.seed}.mp4") for clip in CLIPS},
    }
    recommender = Recommender(asked.checkpoint, home=asked.work)
    tracks = test_tracks(asked.data)
    add_tracks(recommender.library, tracks)
    columns = percentiles([sound for _, _, sound in tracks.values()])
    places = {name: {axis: float(columns[axis][row]) for axis in AXES} for row, name in enumerate(tracks)}
    answers = []
    for name, clip in clips.items():
        answers.append(ask(recommender, name, clip, places))
        print(f"{name}: {[round(value, 2) for value in answers[-1].means.values()]}", file=sys.stderr)
    moods = Counter(track.mood for track in recommender.library.tracks() if track.pack == "starter")
    text = report(answers, len(tracks), moods)
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
