"""What is left of a session when its process is killed: one small JSON file in its private folder.

The record is written whole or not at all whenever something changed, beside the files it names. The next
process takes the folder over (`mrcmv.web.leftovers`) and reads it here. Its time of writing is the time of
the last use. Secrets of the session stand in it; it can be read by the program's own user alone.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import logging
import math
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mrcmv.media import Clip, Speech, recall
from mrcmv.mix import Mix, MixSettings
from mrcmv.web.session import Choice, Session

if TYPE_CHECKING:
    from mrcmv.library import Track
    from mrcmv.recommender import Suggestions
    from mrcmv.suggestions import Steering

log = logging.getLogger("mrcmv.web")

NAME = "session.json"
VERSION = 1
_PLAIN = ("ticket", "shelf", "key", "owner", "clip_name", "duration_s", "runs", "turn", "example_name")
_TEXTS = ("ticket", "shelf", "key", "owner", "clip_name", "example_name")
_MOST_BYTES = 4_000_000
_PEAKS = ("voice_peaks", "music_peaks")


def write(session: Session) -> None:
    """Write the record anew. A disk that is full costs the record, never the visitor's work."""
    if session.gone or session.source is None:
        return
    try:
        with session.recording:
            for mix in list(session.previews.values()):
                card = mix.path.with_suffix(".json")
                if not card.exists():
                    _write(card, _mix_card(mix))
            _write(session.folder / NAME, _describe(session))
    except Exception as error:
        if not session.gone:
            log.warning("A session cannot be kept for a restart: %s", type(error).__name__)
    if session.gone:
        session.discard_files()


def note_use(session: Session) -> None:
    """Let the record say when the session was last used."""
    used = time.time() - max(0.0, time.monotonic() - session.used_at)
    with contextlib.suppress(OSError):
        os.utime(session.folder / NAME, (used, used))


def age_s(folder: Path) -> float:
    """Seconds since the last use of a recorded session; 0 when the clock was set back since.

    Raises `OSError` when there is no record.
    """
    return max(0.0, time.time() - (folder / NAME).stat().st_mtime)


def read(folder: Path, track: Callable[[str], Track]) -> Session:
    """The session whose record lies in ``folder``; what it does not name is deleted there.

    ``track`` gives a track of the library by its id, and raises for one that is gone.

    Raises
    ------
    ValueError
        There is no record that can be used.
    """
    try:
        plain = _load(folder, NAME)
        if plain["version"] != VERSION:
            raise ValueError("another version")
        session = Session(
            folder=folder,
            used_at=time.monotonic() - age_s(folder),
            window_s=_pair(plain["window_s"]),
            source=_inside(folder, plain["source"]),
            guests=set(plain["guests"]),
            shape=MixSettings.from_json(plain["shape"]),
            starts={str(name): _finite(start) for name, start in plain["starts"].items()},
            **{name: plain[name] for name in _PLAIN},
        )
        _check(session)
    except Exception as error:  # whatever a damaged file may hold
        raise ValueError("this record cannot be used") from error
    named = {NAME, session.source.name} if session.source else {NAME}
    if plain.get("found") is not None:
        try:
            session.suggestions = _suggestions(folder, plain["found"], track)
            named |= {session.suggestions.clip.folder.name}
            if session.suggestions.wish.reference:
                named.add(session.suggestions.wish.reference.name)
        except Exception as error:  # the clip is there still, and music can be found again
            log.warning("The suggestions of a session cannot be taken over: %s", error)
    if session.suggestions is not None:
        rows = plain.get("previews")
        for row in rows if isinstance(rows, list) else []:
            with contextlib.suppress(Exception):  # a mix is made again when it is asked for
                mix = _mix(folder, row["file"])
                session.previews[_choice(row)] = mix
                named |= {mix.path.with_suffix(ending).name for ending in (".m4a", ".json", ".mp4")}
        with contextlib.suppress(Exception):
            choice = _choice(plain["choice"])
            session.choice = choice if choice in session.previews else None
    _clear(folder, named)
    return session


def _describe(session: Session) -> dict[str, Any]:
    assert session.source is not None
    return {
        "version": VERSION,
        **{name: getattr(session, name) for name in _PLAIN},
        "guests": sorted(session.guests),
        "source": session.source.relative_to(session.folder).name,
        "window_s": list(session.window_s),
        "shape": session.shape.to_json(),
        "starts": dict(session.starts),
        "choice": _choice_card(session.choice),
        "previews": [
            {"file": mix.path.name, **(_choice_card(choice) or {})}
            for choice, mix in list(session.previews.items())
        ],
        "found": None if session.suggestions is None else _found_card(session.suggestions, session.folder),
    }


def _choice_card(choice: Choice | None) -> dict[str, Any] | None:
    return None if choice is None else {"track": choice.track_id, "settings": choice.settings.to_json()}


def _choice(row: Any) -> Choice:
    return Choice(row["track"], MixSettings.from_json(row["settings"]))


def _mix_card(mix: Mix) -> dict[str, Any]:
    plain: dict[str, Any] = {field.name: getattr(mix, field.name) for field in dataclasses.fields(mix)}
    del plain["path"]
    peaks = {name: [round(float(value), 4) for value in plain[name]] for name in _PEAKS}
    return {**plain, **peaks, "settings": mix.settings.to_json()}


def _mix(folder: Path, name: str) -> Mix:
    path = _inside(folder, name)
    plain = _load(folder, path.with_suffix(".json").name)
    peaks = {name: np.asarray(plain[name], np.float32) for name in _PEAKS}
    lines = {name: tuple(plain[name]) for name in ("seams_s", "beats_s")}
    ducking = [_pair(point) for point in plain["ducking"]]
    settings = MixSettings.from_json(plain["settings"])
    return Mix(**{**plain, **peaks, **lines, "path": path, "ducking": ducking, "settings": settings})


def _found_card(found: Suggestions, folder: Path) -> dict[str, Any]:
    wish = found.wish
    kept = wish.filter if dataclasses.is_dataclass(wish.filter) else None
    return {
        "run": found.clip.folder.relative_to(folder).name,
        "speech": [list(segment) for segment in found.speech.segments],
        "voice": found.voice.relative_to(found.clip.folder).as_posix() if found.voice else None,
        "picture_share": float(found.picture_share),
        "voice_share": float(found.voice_share),
        "matches": [
            [match.track.id, float(match.similarity), float(match.start_s)] for match in found.matches
        ],
        "timings_s": found.timings_s,
        "checkpoint": [found.checkpoint_name, found.checkpoint_sha256],
        "query": base64.b64encode(np.asarray(found.query, "<f4").tobytes()).decode(),
        "wish": {
            "text": wish.text,
            "reference": wish.reference.name if wish.reference else None,
            "like": wish.like,
            "exclude": sorted(wish.exclude),
            "strength": wish.strength,
            "filter": None
            if kept is None
            else {
                name: sorted(value) if isinstance(value, frozenset) else value
                for name, value in dataclasses.asdict(kept).items()  # type: ignore[arg-type]
            },
        },
        "steering": None if found.steering is None else dataclasses.asdict(found.steering),
    }


def _suggestions(folder: Path, plain: dict[str, Any], track: Callable[[str], Track]) -> Suggestions:
    from mrcmv.library import Match, TrackFilter
    from mrcmv.recommender import Suggestions, Wish

    run = folder / _name(plain["run"])
    if run.is_symlink():
        raise ValueError("not a folder of this session")
    clip: Clip = recall(run)
    matches = []
    for ident, similarity, start_s in plain["matches"]:
        with contextlib.suppress(Exception):  # a track that was taken out of the library meanwhile
            matches.append(Match(track(ident), _finite(similarity), _finite(start_s)))
    if plain["matches"] and not matches:
        raise ValueError("none of the tracks is there any more")
    voice = None if plain["voice"] is None else run.joinpath(*map(_name, plain["voice"].split("/")))
    if voice is not None and not (voice.is_file() and voice.resolve().is_relative_to(run.resolve())):
        raise ValueError("the voice is gone")
    query = np.frombuffer(base64.b64decode(plain["query"]), "<f4").astype(np.float32)
    if not np.isfinite(query).all():
        raise ValueError("the query is no vector")
    wish, kept = plain["wish"], plain["wish"]["filter"]
    fields: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value for name, value in (kept or {}).items()
    }
    return Suggestions(
        clip=clip,
        speech=Speech(tuple(_pair(segment) for segment in plain["speech"])),
        voice=voice,
        picture_share=_finite(plain["picture_share"]),
        voice_share=_finite(plain["voice_share"]),
        matches=tuple(matches),
        timings_s={str(name): _finite(taken) for name, taken in plain["timings_s"].items()},
        checkpoint_name=_text(plain["checkpoint"][0]),
        checkpoint_sha256=_text(plain["checkpoint"][1]),
        wish=Wish(
            text=_text(wish["text"]),
            reference=_inside(folder, wish["reference"]) if wish["reference"] else None,
            like=None if wish["like"] is None else _text(wish["like"]),
            filter=None if kept is None else TrackFilter(**fields),
            exclude=frozenset(map(_text, wish["exclude"])),
            strength=_finite(wish["strength"]),
        ),
        steering=_steering(plain["steering"], {match.track.id for match in matches}),
        query=query,
    )


def _steering(plain: dict[str, Any] | None, present: set[str]) -> Steering | None:
    from mrcmv.suggestions import Lift, Steering
    from mrcmv.words import Ask, Axis, Judged, Kind

    if plain is None:
        return None
    asks = []
    for judged in plain["asks"]:
        ask = {**judged["ask"], "kind": Kind(judged["ask"]["kind"])}
        ask["axis"] = Axis(ask["axis"]) if ask["axis"] else None
        asks.append(Judged(**{**judged, "ask": Ask(**ask)}))
    return Steering(
        strength=plain["strength"],
        lifts=tuple(Lift(**lift) for lift in plain["lifts"] if lift["track_id"] in present),
        asks=tuple(asks),
        unknown=tuple(plain["unknown"]),
        refused=plain["refused"],
    )


def _pair(values: Any) -> tuple[float, float]:
    first, second = values
    return _finite(first), _finite(second)


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _check(session: Session) -> None:
    """What was read is of the kind that the rest of the program takes it for.

    Raises `ValueError` when it is not.
    """
    for text in (*(getattr(session, name) for name in _TEXTS), *session.guests):
        _text(text)
    if not all(getattr(session, name) for name in ("ticket", "shelf", "key")):
        raise ValueError("no secrets")
    for count in (session.runs, session.turn):
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count < 2**53:
            raise ValueError("not a count")
    start, end = session.window_s
    if not 0 <= start < end or (session.duration_s is not None and _finite(session.duration_s) <= 0):
        raise ValueError("not a part of a clip")


def _load(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object out of a file that lies in the folder itself and is no larger than any written."""
    path = _inside(folder, name)
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError("too large")
    plain = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(plain, dict):
        raise ValueError("not an object")
    return plain


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w-][\w.-]*", text):
        raise ValueError("not the name of a file")
    return text


def _inside(folder: Path, name: str) -> Path:
    path = folder / _name(name)
    if path.is_symlink() or not path.is_file():
        raise ValueError("not a file of this folder")
    return path


def _clear(folder: Path, named: set[str]) -> None:
    """Delete what was half done when the process died, and packages, which are made again."""
    for path in folder.iterdir():
        if path.name not in named:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def _write(path: Path, plain: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    try:
        private = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(private, "w", encoding="utf-8") as file:
            json.dump(plain, file, ensure_ascii=False, allow_nan=False, default=_number)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _number(value: Any) -> Any:
    """numpy's numbers as JSON has them."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value).__name__)
