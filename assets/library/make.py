"""Write what ships about the starter pack. Run from the project's folder.

    python assets/library/make.py facts                        starter.json
    python assets/library/make.py vectors [--checkpoint NAME]  vectors-<first 16 of the weights' hash>.npz
    python assets/library/make.py beats                        beats.json
    python assets/library/make.py tags                         into starter.json, and prints.npz
    python assets/library/make.py compare                      writes nothing: heard against stated

``facts`` reads the package ``immich-memories-music``: mood and style are its folder and file names,
tempo and key its LICENSE-MUSIC, titles are made here from the file names (the package gives none).
Duration, loudness, true peak, waveform and the confidence of the tempo are measured. ``compare``
shows how often the tempo and key that an own track would get by listening are those stated.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from mrcmv.library.ears import Ears
from mrcmv.library.facts import hear_file, measure_facts
from mrcmv.library.rights import Rights
from mrcmv.library.shipped import write_prints
from mrcmv.library.starter import FACTS, FOLDER, file_sha256, load_starter, sounds_folder
from mrcmv.library.track import Track
from mrcmv.library.vocabulary import describe
from mrcmv.rhythm import find_beats
from mrcmv.rhythm.cache import RULE, SHIPPED, to_json
from mrcmv.tagging import NAMES, Tagger

log = logging.getLogger("make")
DISTRIBUTION = "immich-memories-music"
HOMEPAGE = "https://github.com/sdumont/immich-video-memory-generator"
TEMPO_SLACK = 0.04
"""Tempi this near count as the same (the usual tolerance of tempo evaluation)."""
NUMERALS = ("I", "II", "III", "IV", "V")
LINE = re.compile(r"^\s+(?P<file>\S+\.opus)\s+(?P<bpm>\d+) bpm\s+(?P<key>\S+ (?:major|minor))", re.MULTILINE)


def write_facts() -> None:
    sounds = sounds_folder()
    if sounds is None:
        raise SystemExit(f"Install {DISTRIBUTION} first.")
    package = importlib.metadata.distribution(DISTRIBUTION)
    terms = next(str(file.locate()) for file in package.files or [] if file.name == "LICENSE-MUSIC")
    stated = {m["file"]: m for m in LINE.finditer(Path(terms).read_text(encoding="utf-8"))}
    rights = Rights.state(
        "MIT",
        source=HOMEPAGE,
        credit_required=False,
        proof=f"LICENSE-MUSIC in the package {DISTRIBUTION} {package.version}: no attribution required",
        date="2026-11-23",
    )
    rows, count = [], {}
    for path in sorted(sounds.glob("*/*.opus")):
        mood, style = path.parent.name, path.stem.split("_")[1]
        number = count[mood, style] = count.get((mood, style), -1) + 1
        bpm = float(stated[path.name]["bpm"])
        facts = measure_facts(path, stated_bpm=bpm)
        track = Track(
            id=f"starter-{path.stem.replace('_', '-')}",
            title=f"{mood.title()} {style.title()} {NUMERALS[number]}",
            artist="Immich Memories",
            album="immich-memories-music",
            sha256=file_sha256(path),
            pack="starter",
            rights=rights,
            duration_s=facts.duration_s,
            tempo_bpm=bpm,
            tempo_confidence=facts.tempo_confidence,
            key=stated[path.name]["key"],
            mood=mood,
            genre=style,
            tags=(mood, style, "instrumental", "generated"),
            has_vocals=False,
            lufs=facts.lufs,
            true_peak_db=facts.true_peak_db,
            peaks=facts.peaks,
        )
        kept = {
            k: v
            for k, v in track.to_json().items()
            if k not in ("badge", "licence", "credit_line", "source_url", "moods", "genres")
        }
        rows.append({"file": path.relative_to(sounds).as_posix(), **kept})
        log.info("%s", track.title)
    about = {
        "package": f"{DISTRIBUTION}=={package.version}",
        "made_by": "assets/library/make.py facts",
        "titles": "made from the file names, the package gives none",
        "tempo_and_key": "as stated in the package's LICENSE-MUSIC; tempo_confidence is measured",
    }
    save_facts(about, rows)


def save_facts(about: dict[str, str], rows: list[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps(about, ensure_ascii=False, indent=1)[:-2]
    FACTS.write_text(f'{head},\n "tracks": [\n{lines}\n]}}\n', encoding="utf-8")
    log.info("%d tracks in %s", len(rows), FACTS.name)


def write_beats() -> None:
    pack = load_starter()
    rows = []
    for track in pack.tracks:
        heard = find_beats(pack.paths[track.id], track.tempo_bpm)
        rows.append(f"{json.dumps(track.sha256)}: {json.dumps(to_json(heard))}")
        spaced = 60 / float(np.median(np.diff(heard.times_s)))
        sure = f"confidence {heard.confidence:.2f}, of bars {heard.bar_confidence:.2f}"
        log.info("%-24s stated %3.0f bpm, heard %5.1f, %s", track.title, track.tempo_bpm, spaced, sure)
    lines = ",\n".join(rows)
    SHIPPED.write_text(f'{{"rule": {RULE}, "beats": {{\n{lines}\n}}}}\n', encoding="utf-8")
    log.info("beats of %d tracks in %s", len(rows), SHIPPED.name)


def write_tags() -> None:
    """What the tagger hears; tracks that have tags already get only the words of the vocabulary."""
    about = json.loads(FACTS.read_text(encoding="utf-8"))
    rows, pack = about.pop("tracks"), load_starter()
    ears = Ears(lambda: [Tagger.load(name) for name in NAMES])
    for row in rows:
        row["tagged"] = row.get("tagged") or ears.tags(pack.paths[row["id"]])
        words = describe(row["tagged"])
        row["instruments"], row["heard_moods"] = list(words.instruments), list(words.moods)
        row["heard_genres"] = list(words.genres)
        log.info("%-24s %s %s %s", row["title"], words.moods, words.genres, words.instruments)
    about["tags"] = "heard by musicnn (make.py tags); mood, genre and tags are those of the package"
    save_facts(about, rows)
    log.info("fingerprints in %s", write_prints(FOLDER, pack).name)


def compare() -> None:
    pack = load_starter()
    exact = octave = key = 0
    for track in pack.tracks:
        heard = hear_file(pack.paths[track.id])
        ratio = (heard.tempo_bpm or 0.0) / float(track.tempo_bpm or 1.0)
        exact += abs(ratio - 1) <= TEMPO_SLACK
        octave += any(abs(ratio / factor - 1) <= TEMPO_SLACK for factor in (0.5, 1, 2))
        key += heard.key == track.key
        stated = f"stated {track.tempo_bpm:.0f} bpm {track.key}"
        log.info("%-24s %-24s heard %s bpm %s", track.title, stated, heard.tempo_bpm, heard.key or "no key")
    log.info(
        "Of %d tracks: tempo within %.0f %% %d, half and double counted too %d, key %d",
        *(len(pack.tracks), 100 * TEMPO_SLACK, exact, octave, key),
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["facts", "tags", "vectors", "beats", "compare"])
    parser.add_argument("--checkpoint", default="compact")
    arguments = parser.parse_args()
    if arguments.what == "facts":
        write_facts()
        return
    if arguments.what == "beats":
        write_beats()
        return
    if arguments.what == "tags":
        write_tags()
        return
    if arguments.what == "compare":
        compare()
        return
    from mrcmv.library.shipped import write_shipped
    from mrcmv.model import load_model

    path = write_shipped(FOLDER, load_starter(), load_model(arguments.checkpoint))
    log.info("written: %s (%d kB)", path.name, path.stat().st_size // 1000)


if __name__ == "__main__":
    main()
