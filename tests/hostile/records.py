"""Hostile records of sessions: the folder that a killed process left, with its session.json changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.makers import JSON_ODD, NAMES, Maker, PlainCase, linked, put

GOOD: dict[str, Any] = {
    "version": 1, "ticket": "t" * 24, "shelf": "s" * 24, "key": "k" * 24, "owner": "tab",
    "clip_name": "run.mp4",
    "duration_s": 3.0, "runs": 1, "turn": 4, "example_name": "", "guests": ["other"], "source": "upload",
    "window_s": [0.0, 3.0], "shape": {}, "starts": {"song": 1.5}, "choice": {"track": "song", "settings": {}},
    "previews": [{"file": "mix.m4a", "track": "song", "settings": {}}],
    "found": {
        "run": "run1", "speech": [[0.5, 1.0]], "voice": None, "picture_share": 0.4, "voice_share": 0.6,
        "matches": [["song", 0.5, 0.0]], "timings_s": {"intake": 1.0}, "checkpoint": ["name", "0" * 64],
        "query": "AACAPw==", "steering": None,
        "wish": {"text": "", "reference": None, "like": None, "exclude": [], "strength": 0.5, "filter": None},
    },
}  # fmt: skip
MIX = {"picture": 1}
CARD = {
    "picture": "picture.mp4", "sound": None, "frames": "frames.npy", "poster": "poster.jpg",
    "picture_copied": True, "duration_s": 3.0, "width": 64, "height": 48, "fps": 25.0, "window_s": [0.0, 3.0],
}  # fmt: skip


def session(change: Callable[[dict[str, Any]], Any] = lambda plain: plain, **files: Maker) -> Maker:
    """A session's folder with its record changed; ``files``, by name without ending, take a file's place."""

    def made(path: Path) -> None:
        run = path / "run1"
        run.mkdir(parents=True)
        for place in (
            path / "upload",
            path / "mix.m4a",
            *(run / CARD[name] for name in ("picture", "frames", "poster")),
        ):
            place.write_bytes(b"x")
        record = change(json.loads(json.dumps(GOOD)))
        (path / "mix.json").write_text(json.dumps(MIX))
        (run / "clip.json").write_text(json.dumps(CARD))
        (path / "session.json").write_text(json.dumps(record))
        for name, make in files.items():
            place = {"upload": path / "upload", "clip": run / "clip.json"}.get(name, path / f"{name}.json")
            place.unlink()
            make(place)

    return made


def run_elsewhere(path: Path) -> None:
    """The folder of the run is a link to one outside."""
    session()(path)
    (path / "run1").rename(path.with_name("elsewhere"))
    (path / "run1").symlink_to(path.with_name("elsewhere"))


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    float("nan"),
    float("inf"),
    "<b>\U0001f3ae\u202e",
    [],
    {},
    [[]],
)

_CASES: list[tuple[str, Maker]] = [
    ("as written", session()),
    *((f"session.json: {title}", session(session=make)) for title, make, _ in JSON_ODD),
    *((f"clip.json: {title}", session(clip=make)) for title, make, _ in JSON_ODD),
    *((f"the card of a mix: {title}", session(mix=make)) for title, make, _ in JSON_ODD),
    ("a record of 10 MB", session(put("clip_name", value="x" * 10_000_000))),
    ("another version", session(put("version", value=10**30))),
    *(
        (f"{'.'.join(map(str, keys))} called {name!r:.24}", session(put(*keys, value=name)))
        for keys in (
            ("source",),
            ("previews", 0, "file"),
            ("found", "run"),
            ("found", "voice"),
            ("found", "wish", "reference"),
        )
        for name in NAMES
    ),
    ("an upload that is a link to /etc/passwd", session(upload=linked("/etc/passwd"))),
    ("an upload that is a link to a device", session(upload=linked("/dev/zero"))),
    ("a run that is a link out", run_elsewhere),
    *((f"{key}: {value!r:.20}", session(put(key, value=value))) for key in GOOD for value in ODD),
    *(
        (f"found.{key}: {value!r:.20}", session(put("found", key, value=value)))
        for key in GOOD["found"]
        for value in ODD
    ),
    ("settings nested 500 deep", session(put("shape", value=json.loads("[" * 500 + "]" * 500)))),
    ("a query that is NaN", session(put("found", "query", value="AADAfw=="))),
    ("a query of odd length", session(put("found", "query", value="AAA="))),
    ("100,000 tracks", session(put("found", "matches", value=[["gone", 0.5, 0.0]] * 100_000))),
]
RECORDS = [PlainCase(title, "session record", make, "taken") for title, make in _CASES]
"""A record is never refused with a sentence: nobody is there to read it. It is read, or dropped."""
