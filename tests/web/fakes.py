"""A recommender without networks: same interface, made-up tracks, real files, quick answers.

Its files are made once per folder, so that tests can share them.
"""

from __future__ import annotations

import shutil
import threading
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from mrcmv.library import Facets, Page, Rights, Sort, Track, TrackFilter, UnknownTrack
from mrcmv.library.filters import GROUPS, sort_key, words_of
from mrcmv.media import Clip, Speech, UserError, remember, write_sound
from mrcmv.mix import Mix, MixSettings
from mrcmv.recommender import Stage, StageEvent, Suggestions, Wish
from tests.web.clips import make_mp4
from tests.web.fake_words import FakeWords

DEFAULTS = MixSettings()
NO_WISH = Wish()
CC0 = Rights.state("CC0-1.0", source="https://example.org/pack")
CC_BY = Rights.state("CC-BY-4.0", source="https://example.org/pack")
CC_BY_SA = Rights.state("CC-BY-SA-3.0", source="https://example.org/pack")
CC_BY_NC = Rights.state("CC-BY-NC-4.0", source="https://example.org/pack")
HOSTILE = '<img src=x onerror="window.hacked=1">"\'&'

SONGS = [
    ("boss-fight", "Boss Fight at Dawn", "Ada Field", "energetic", 148.0, "E minor", CC0, 20.0),
    ("long-road", "The Long Road Home", "Brass & Wire", "nostalgic", 92.0, "D minor", CC_BY, 16.0),
    ("hostile", HOSTILE, HOSTILE, "happy", 120.0, "C major", CC_BY_NC, 18.0),
    ("quiet-cave", "Quiet Cave", "Mina Low", "calm", None, "", CC0, 24.0),
    ("lantern", "Lantern Festival, a rather long title that has to be cut somewhere", "山下", "tender", 76.0,
     "A major", CC_BY, 15.0),
    ("spare", "Spare Part", "Nobody", "calm", 100.0, "G major", CC0, 12.0),
]  # fmt: skip


def peaks(seed: int, count: int = 200) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    swell = 0.45 + 0.4 * np.sin(np.linspace(0, 5 + seed, count)) ** 2
    return tuple(float(v) for v in np.clip(swell * rng.uniform(0.5, 1.0, count), 0, 1))


@dataclass
class FakeLibrary:
    """Six tracks of synthetic sound in a folder, and packs that install out of nothing."""

    folder: Path
    _tracks: dict[str, Track] = field(default_factory=dict)
    hold: threading.Event = field(default_factory=threading.Event)
    fail: dict[str, Exception] = field(default_factory=dict)
    added: list[tuple[Path, bytes, Rights, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hold.set()
        for number, (ident, title, artist, mood, tempo, key, rights, seconds) in enumerate(SONGS):
            sound = self.folder / f"{ident}.wav"
            if not sound.exists():
                time_s = np.arange(int(44_100 * seconds)) / 44_100
                tone = 0.2 * np.sin(2 * np.pi * (220 + 55 * number) * time_s).astype(np.float32)
                write_sound(sound, np.stack([tone, tone], 1), subtype="PCM_16")
            self._tracks[ident] = Track(
                id=ident, title=title, artist=artist, sha256="0" * 64, pack="own", rights=rights,
                duration_s=seconds, tempo_bpm=tempo, key=key, mood=mood, peaks=peaks(number),
            )  # fmt: skip

    def tracks(self) -> list[Track]:
        return list(self._tracks.values())

    def get(self, ident: str) -> Track:
        if ident not in self._tracks:
            raise UnknownTrack("There is no such track.")
        return self._tracks[ident]

    def sound_path(self, ident: str) -> Path:
        return self.folder / f"{self.get(ident).id}.wav"

    def search(
        self,
        wanted: TrackFilter = TrackFilter(),  # noqa: B008
        *,
        sort: Sort = "title",
        offset: int = 0,
        limit: int = 50,
    ) -> Page:
        found = sorted(filter(wanted, self.tracks()), key=lambda track: sort_key(track, sort))
        return Page(len(found), tuple(found[offset : offset + limit]))

    def facets(self, wanted: TrackFilter = TrackFilter()) -> Facets:  # noqa: B008
        return Facets(**{
            group: Counter(
                word
                for track in filter(wanted.without(group), self.tracks())
                for word in words_of(track, group)
            )
            for group in GROUPS
        })  # fmt: skip

    def index(self, model: Any, progress: Any = None) -> FakeLibrary:
        progress(1.0)
        return self

    def similar(self, ident: str, k: int, allowed: Any = None) -> list[Any]:
        """All others, backwards."""
        others = [track for track in reversed(self.tracks()) if track.id != ident]
        return [SimpleNamespace(track=track) for track in others if allowed is None or allowed(track)][:k]

    def duplicates(self, progress: Any = None) -> list[tuple[Track, Track, float]]:
        return [(self.get("quiet-cave"), self.get("spare"), 0.02)] if "spare" in self._tracks else []

    def available_packs(self) -> list[Any]:
        return [
            SimpleNamespace(
                name=name, title=title, megabytes=12, tracks=4, minutes=9, licences=("CC-BY-SA-3.0",),
                author=f"Ada Field, {HOSTILE}", share_alike=True, left_out={"too short": 2}, why_not=why_not,
                installed=sum(track.pack == name for track in self.tracks()),
                complete=sum(track.pack == name for track in self.tracks()) == 4,
            )
            for name, title, why_not in (
                ("knights", "Songs of Knights", ""),
                ("rockets", "Rockets", "Packs come from Debian and Ubuntu: apt-get is not there."),
            )
        ]  # fmt: skip

    def install(self, name: str, progress: Any = None) -> None:
        """Four tracks, one after the other; ``hold`` stops before the third until it is set."""
        for number in range(4):
            progress(number / 4)
            if number == 2:
                while not self.hold.wait(0.02):
                    progress(number / 4)
                if error := self.fail.pop("install", None):
                    raise error
            ident = f"{name}-{number}"
            if ident not in self._tracks:
                self.put(Track(
                    id=ident, title=f"March {number}", artist="Ada Field", sha256="1" * 64, pack=name,
                    rights=CC_BY_SA, duration_s=14.0, heard_moods=("epic",), instruments=("strings",),
                    peaks=peaks(number),
                ))  # fmt: skip
        progress(1.0)

    def remove_pack(self, name: str) -> None:
        self._tracks = {ident: track for ident, track in self._tracks.items() if track.pack != name}

    def put(self, track: Track) -> None:
        self._tracks[track.id] = track
        shutil.copy(self.folder / "spare.wav", self.sound_path(track.id))

    def add(self, path: Path, rights: Rights, *, progress: Any = None, **said: Any) -> Track:
        self.added.append((path, path.read_bytes(), rights, said))
        progress(0.5)
        if path.read_bytes()[:4] != b"RIFF":
            raise UserError("This file has no sound that can be read.")
        track = Track(
            id=f"own-{len(self.added)}", title=path.stem, artist=said.get("artist", "?"), sha256="2" * 64,
            pack="own", rights=rights, duration_s=12.0, peaks=peaks(9),
        )  # fmt: skip
        self.put(track)
        return track

    def remove(self, ident: str) -> Track:
        track = self.get(ident)
        del self._tracks[ident]
        return track


class FakeRecommender(FakeWords):
    """``fail`` names a step ("suggest", "mix", ...) and the error it raises next; ``voice`` is whether
    somebody speaks; ``step_s`` is how long each of a stage's ten steps takes."""

    def __init__(self, folder: Path, *, voice: bool = True, step_s: float = 0.01, mixed: bool = True) -> None:
        self.library = FakeLibrary(folder / "tracks")
        self.model = None
        self.voice = voice
        self.step_s = step_s
        self.fail: dict[str, Exception] = {}
        self.at_work = 0
        self.most_at_work = 0
        self.calls: list[tuple[str, Any]] = []
        self.asked: list[tuple[str | None, MixSettings]] = []
        self.stopped: list[str] = []
        self.mixed = folder / "mixed.mp4"
        if mixed and not self.mixed.exists():
            make_mp4(self.mixed, seconds=4.0, tone_hz=440)

    def index(self, progress: Any = None) -> FakeLibrary:
        return self.library

    def suggest(
        self, upload: Path, folder: Path, *, start_s: float = 0.0, end_s: float | None = None,
        top_k: int = 5, wish: Wish = NO_WISH, on_stage: Any = None,
    ) -> Suggestions:  # fmt: skip
        self.calls.append(("suggest", (start_s, end_s)))
        self.wished = wish
        with _Counted(self, "suggest"):
            voice = None
            for stage in Stage:
                began = time.perf_counter()
                for step in range(10):
                    on_stage(StageEvent(stage, step / 10))
                    time.sleep(self.step_s)
                if stage is Stage.SEPARATING and self.voice:
                    voice = folder / "voice.wav"
                    write_sound(voice, np.zeros((44_100, 2), np.float32))
                on_stage(StageEvent(stage, 1.0, time.perf_counter() - began, voice))
            if error := self.fail.pop("suggest", None):
                raise error
            matches = tuple(
                SimpleNamespace(track=track, similarity=0.82 - 0.07 * rank**1.4, start_s=3.0 + rank)
                for rank, track in enumerate(self.library.tracks()[:top_k])
            )
            files = [folder / name for name in ("picture.mp4", "sound.wav", "frames.npy", "p.jpg")]
            shutil.copy(upload, files[0])
            for path in files[1:]:
                path.touch()
            picture, sound, frames, poster = files
            clip = Clip(
                folder,
                picture,
                True,
                sound,
                frames,
                poster,
                4.0,
                320,
                180,
                25.0,
                (start_s, min(end_s or 4.0, 4.0)),
            )
            remember(clip)
            return Suggestions(
                clip=clip,
                speech=Speech(((0.5, 2.0), (2.6, 3.6)) if self.voice else ()),
                voice=voice,
                picture_share=0.38 if self.voice else 1.0,
                voice_share=0.62 if self.voice else 0.0,
                matches=matches,  # type: ignore[arg-type]
                timings_s={"total": 1.0},
                checkpoint_name="fake",
                checkpoint_sha256="0" * 64,
            )  # fmt: skip

    def mix(
        self, clip: Suggestions, track_id: str | None, destination: Path,
        settings: MixSettings = DEFAULTS, *, progress: Any = None,
    ) -> Any:  # fmt: skip
        """Four seconds of a tone of the track's own; ``asked`` keeps all settings."""
        self.calls.append(("mix", (track_id, settings.level_lu, settings.keep)))
        self.asked.append((track_id, settings))
        with _Counted(self, "mix"):
            for step in range(10):
                progress(step / 10)
                time.sleep(self.step_s)
            if error := self.fail.pop("mix", None):
                raise error
            number = [None, *self.library._tracks].index(track_id)
            tone = self.mixed.with_name(f"mix{number}.wav")
            if not tone.exists():
                time_s = np.arange(44_100 * 4) / 44_100
                wave = (0.2 * np.sin(2 * np.pi * (180 + 60 * number) * time_s)).astype(np.float32)
                write_sound(tone, np.stack([wave, wave], 1), subtype="PCM_16")
            shutil.copy(tone, destination)
            return self._mixed(destination, settings, number)

    def deliver(
        self, clip: Suggestions, mix: Any, destination: Path, *, track_id: str | None = None,
        progress: Any = None,
    ) -> Any:  # fmt: skip
        self.calls.append(("deliver", track_id))
        if error := self.fail.pop("deliver", None):
            raise error
        shutil.copy(self.mixed, destination)
        return mix

    def render(
        self, clip: Suggestions, track_id: str | None, destination: Path,
        settings: MixSettings = DEFAULTS, *, progress: Any = None,
    ) -> Any:  # fmt: skip
        level_lu = settings.level_lu
        self.settings = settings
        self.calls.append(("render", (track_id, level_lu, settings.keep)))
        with _Counted(self, "render"):
            for step in range(10):
                progress(step / 10)
                time.sleep(self.step_s)
            if error := self.fail.pop("render", None):
                raise error
            shutil.copy(self.mixed, destination)
            return self._mixed(destination, settings, 3)

    def _mixed(self, path: Path, settings: MixSettings, number: int) -> Any:
        time_s = np.linspace(0, 4, 600)
        talks = ((time_s > 0.5) & (time_s < 2.0)) | ((time_s > 2.6) & (time_s < 3.6))
        voice = talks * np.asarray(peaks(7, 600)) if self.voice else np.zeros(600)
        depth = np.convolve(np.where(talks, -settings.level_lu + 4, 0.0), np.ones(30) / 30, "same")
        return Mix(
            path=path, settings=settings, duration_s=4.0, integrated_lufs=-14.1, true_peak_db=-1.2,
            voice_to_music_lu=settings.level_lu if self.voice else None,
            ducking=list(zip(time_s.tolist(), depth.tolist(), strict=True)) if self.voice else [],
            voice_peaks=voice.astype(np.float32), music_peaks=np.asarray(peaks(number, 600), np.float32),
            start_s=3.0 if settings.start_s is None and number else settings.start_s,
        )  # fmt: skip

    def export(
        self, suggestions: Suggestions, track_id: str, destination: Path,
        settings: MixSettings = DEFAULTS, *, name: str = "clip", progress: Any = None,
    ) -> list[str]:  # fmt: skip
        self.calls.append(("export", (track_id, settings.level_lu, settings.keep)))
        with _Counted(self, "export"):
            for step in range(10):
                progress(step / 10)
                time.sleep(self.step_s)
            if error := self.fail.pop("export", None):
                raise error
            inside = {
                "video.mp4": self.mixed.read_bytes(), "stems/voice.wav": b"RIFF", "stems/mix.wav": b"RIFF",
                "timeline.otio": b"{}", "settings.json": b"{}", "credits.txt": name.encode(),
            }  # fmt: skip
            with zipfile.ZipFile(destination, "w") as box:
                for file, content in inside.items():
                    box.writestr(file, content)
            return sorted(inside)


class _Counted:
    """Counts how much works at once and notes what was stopped."""

    def __init__(self, owner: FakeRecommender, name: str) -> None:
        self.owner, self.name = owner, name

    def __enter__(self) -> None:
        self.owner.at_work += 1
        self.owner.most_at_work = max(self.owner.most_at_work, self.owner.at_work)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.owner.at_work -= 1
        if kind is not None and kind.__name__ == "Cancelled":
            self.owner.stopped.append(self.name)
