"""Is the data set what it says it is? Counts, lengths, levels, licences, and nothing shared by splits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import UserError

from .descriptors import STEP_S
from .packs import PACKS
from .rule import RULE
from .sounds import facts

LENGTHS_S = (40.0, 60.0)
MUSIC_UNDER_LU = (10.0, 14.0)
SPEAKING = (0.25, 0.95)
SAME_LENGTH_S = 0.12
"""How far the length of a clip's files may lie apart (AAC's padding), in seconds."""
LICENCES = frozenset(pack.licence for pack in PACKS)
GAME, VOICE = (
    ("enemies", "intensity", "motion", "light"),
    ("speaking", "rate", "pitch", "loudness", "arousal"),
)

Entry = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """What `check` found. ``problems`` are sentences; ``links``: correlation of what was asked with what
    was measured, over the clips."""

    clips: int
    splits: dict[str, int]
    hours: float
    problems: tuple[str, ...]
    links: dict[str, float]

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_dict(self) -> dict[str, object]:
        return {
            "clips": self.clips,
            "splits": self.splits,
            "hours": round(self.hours, 3),
            "ok": self.ok,
            "problems": list(self.problems),
            "links": self.links,
        }

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.splits.items()))
        links = ", ".join(f"{name} {value:.2f}" for name, value in self.links.items())
        end = "Nothing is wrong." if self.ok else "\n".join(f"- {line}" for line in self.problems)
        return (
            f"{self.clips} clips ({counts}), {self.hours:.2f} hours.\nAsked against measured: {links}\n{end}"
        )


def check(folder: Path, *, quick: bool = False, lengths_s: tuple[float, float] = LENGTHS_S) -> Report:
    """Check a data set. ``quick`` does not open the media files. Raises `UserError` when there is none."""
    manifest = folder / "manifest.jsonl"
    if not manifest.is_file():
        raise UserError("There is no data set in this folder: build one with mrcmv data build freedoom400.")
    entries = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines() if line]
    problems: list[str] = []
    labels: dict[str, Entry] = {}
    for entry in entries:
        try:
            labels[entry["id"]] = json.loads((folder / entry["labels"]).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError) as error:
            problems.append(f"Clip {entry.get('id')}: its labels cannot be read ({type(error).__name__}).")
    problems += _hygiene(entries, labels)
    problems += _plan(folder, entries)
    for entry in entries:
        if entry["id"] in labels:
            problems += _clip(entry, labels[entry["id"]], lengths_s)
            problems += _files(folder, entry, quick=quick)
    return Report(
        clips=len(entries),
        splits=dict(Counter(entry["split"] for entry in entries)),
        hours=sum(entry["duration_s"] for entry in entries) / 3600,
        problems=tuple(problems),
        links=links([(entry, labels[entry["id"]]) for entry in entries if entry["id"] in labels]),
    )


def _hygiene(entries: list[Entry], labels: dict[str, Entry]) -> Iterator[str]:
    """Nothing that test knows may be heard or seen in train or validation; no track is used twice, but for
    renditions of train."""
    for name in ("id", "seed"):
        for value, count in Counter(entry[name] for entry in entries).items():
            if count > 1:
                yield f"The {name} {value} is used {count} times."
    first = [entry for entry in entries if not entry.get("rendition")]
    for name in ("id", "sha256"):
        for value, count in Counter(entry["track"].get(name) for entry in first).items():
            if count > 1:
                yield f"The track with {name} {value} is used {count} times."
    splits = {entry["track"].get("id"): entry["split"] for entry in first}
    for entry in entries:
        if entry.get("rendition") and {entry["split"], splits.get(entry["track"]["id"])} != {"train"}:
            yield f"Clip {entry['id']}: a rendition must be of a track of train."

    def known(of: list[Entry], what: str) -> set[Any]:
        if what == "speaker":
            return {entry["speaker"] for entry in of}
        if what == "map with seed":
            return {(entry["map"], entry["seed"]) for entry in of}
        lines = (line for entry in of for line in labels.get(entry["id"], {}).get("lines", []))
        return {line["words"] for line in lines}

    test = [entry for entry in entries if entry["split"] == "test"]
    rest = [entry for entry in entries if entry["split"] != "test"]
    for what in ("speaker", "map with seed", "voice line"):
        shared = known(test, what) & known(rest, what)
        if shared:
            example = min(str(each) for each in shared)
            yield f"{len(shared)} of the kind '{what}' in both train and test, e.g. {example}."


def _plan(folder: Path, entries: list[Entry]) -> Iterator[str]:
    """The plan stands beside the clips, under the rule that this program knows, and they follow it."""
    try:
        plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield "plan.json is missing or cannot be read."
        return
    if plan["rule"] != RULE:
        yield f"The plan follows the rule '{plan['rule']}', this program knows '{RULE}'."
    planned = {clip["id"]: clip for clip in plan["clips"]}
    for path in sorted(folder.glob("plan-r*.json")):
        planned |= {clip["id"]: clip for clip in json.loads(path.read_text(encoding="utf-8"))["clips"]}
    for entry in entries:
        clip = planned.get(entry["id"])
        if clip is None or (clip["split"], clip["track"]) != (entry["split"], entry["track"]["id"]):
            yield f"Clip {entry['id']}: its split or track is not that of the plan."


def _clip(entry: Entry, labels: Entry, lengths_s: tuple[float, float]) -> Iterator[str]:
    name, track = entry["id"], entry["track"]
    if not lengths_s[0] <= entry["duration_s"] <= lengths_s[1]:
        yield f"Clip {name}: {entry['duration_s']} s is not between {lengths_s[0]:g} and {lengths_s[1]:g} s."
    if track.get("licence") not in LICENCES:
        yield f"Clip {name}: the licence {track.get('licence')} of its track is not one of the packs'."
    for field in ("title", "author", "package", "source"):
        if not track.get(field):
            yield f"Clip {name}: its track has no {field}."
    under = labels["levels"]["voice_to_music_lu"]
    if not MUSIC_UNDER_LU[0] <= under <= MUSIC_UNDER_LU[1]:
        yield f"Clip {name}: the music lies {under} LU under the voice, not 10 to 14."
    if labels["levels"]["peak"] > 1:
        yield f"Clip {name}: its sound clips."
    steps = round(entry["duration_s"] / STEP_S)
    for group, names in (("game", GAME), ("voice", VOICE)):
        for curve in names:
            values = labels[group].get(curve, [])
            if len(values) != steps or not np.all(np.isfinite(values)):
                yield f"Clip {name}: the label {group}.{curve} has {len(values)} values, not {steps}."
    speaking = float(np.mean(labels["voice"].get("speaking") or [0]))
    if not SPEAKING[0] <= speaking <= SPEAKING[1]:
        yield f"Clip {name}: somebody speaks for {speaking:.0%} of it."


def _files(folder: Path, entry: Entry, *, quick: bool) -> Iterator[str]:
    for kind in ("clip", "voice", "music"):
        path = folder / entry[kind]
        if not path.is_file() or not path.stat().st_size:
            yield f"Clip {entry['id']}: its {kind} is missing."
            continue
        if not quick:
            length, _ = facts(path)
            if abs(length - entry["duration_s"]) > SAME_LENGTH_S:
                yield f"Clip {entry['id']}: its {kind} is {length:.2f} s long, not {entry['duration_s']:g} s."


def links(clips: list[tuple[Entry, Entry]]) -> dict[str, float]:
    """Correlation, over clips, of a drive's score with what was measured; nothing for fewer than 3 clips.

    clips: (manifest entry, labels). Rate and pitch are taken relative to the speaker's own mean.
    """
    if len(clips) < 3:
        return {}
    labels = [each for _, each in clips]
    speakers = np.array([entry["speaker"] for entry, _ in clips])

    def mean(group: str, name: str) -> NDArray[np.float64]:
        return np.array([float(np.mean(each[group][name])) for each in labels])

    def spoken(name: str) -> NDArray[np.float64]:
        values = []
        for each in labels:
            where = np.array(each["voice"]["speaking"]) > 0.5
            values.append(float(np.mean(np.array(each["voice"][name])[where])) if where.any() else 0.0)
        return np.array(values)

    def own(values: NDArray[np.float64]) -> NDArray[np.float64]:
        means = {speaker: values[speakers == speaker].mean() for speaker in speakers}
        return values - np.array([means[speaker] for speaker in speakers])

    pairs = {
        "game>enemies": ("game", np.sqrt(mean("game", "enemies"))),
        "game>intensity": ("game", mean("game", "intensity")),
        "light>light": ("light", np.log(mean("game", "light") + 0.01)),
        "delivery>rate": ("delivery", own(spoken("rate"))),
        "delivery>loudness": ("delivery", spoken("loudness")),
        "pitch>pitch": ("pitch", own(spoken("pitch"))),
        "pauses>speaking": ("pauses", mean("voice", "speaking")),
    }
    found = {}
    for name, (drive, measured) in pairs.items():
        asked = np.array([float(each["plan"][drive]) for each in labels])
        if np.std(asked) > 0 and np.std(measured) > 0:
            found[name] = round(float(np.corrcoef(asked, measured)[0, 1]), 3)
    return found
