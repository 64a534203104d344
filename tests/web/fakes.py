"""A recommender without networks: same interface, made-up tracks, real files, quick answers.

Its files are made once per folder, so that tests can share them.
"""

from __future__ import annotations

import shutil
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from mrcmv.library import Rights, Track
from mrcmv.media import Clip, Speech, UserError, write_sound
from mrcmv.mix import MixSettings
from mrcmv.recommender import Stage, StageEvent, Suggestions
from tests.web.clips import make_mp4

DEFAULTS = MixSettings()
CC0 = Rights.state("CC0-1.0", source="https://example.org/pack")
CC_BY = Rights.state("CC-BY-4.0", source="https://example.org/pack")
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
    """Six tracks of synthetic sound in a folder."""

    folder: Path
    _tracks: dict[str, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
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
            raise UserError("There is no such track.")
        return self._tracks[ident]

    def sound_path(self, ident: str) -> Path:
        return self.folder / f"{ident}.wav"


class FakeRecommender:
    """``fail`` names a step ("suggest", "render") and the error it raises next; ``voice`` is whether
    somebody speaks; ``step_s`` is how long each of a stage's ten steps takes."""

    def __init__(self, folder: Path, *, voice: bool = True, step_s: float = 0.01) -> None:
        self.library = FakeLibrary(folder / "tracks")
        self.voice = voice
        self.step_s = step_s
        self.fail: dict[str, Exception] = {}
        self.at_work = 0
        self.most_at_work = 0
        self.calls: list[tuple[str, Any]] = []
        self.stopped: list[str] = []
        self.mixed = folder / "mixed.mp4"
        if not self.mixed.exists():
            make_mp4(self.mixed, seconds=4.0, tone_hz=440)

    def suggest(
        self, upload: Path, folder: Path, *, start_s: float = 0.0, end_s: float | None = None,
        top_k: int = 5, on_stage: Any = None,
    ) -> Suggestions:  # fmt: skip
        self.calls.append(("suggest", (start_s, end_s)))
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
            return Suggestions(
                clip=Clip(folder, upload, True, folder / "sound.wav", folder / "frames.npy", folder / "p.jpg",
                          4.0, 320, 180, 25.0, (start_s, min(end_s or 4.0, 4.0))),
                speech=Speech(((0.5, 2.0), (2.6, 3.6)) if self.voice else ()),
                voice=voice,
                picture_share=0.38 if self.voice else 1.0,
                voice_share=0.62 if self.voice else 0.0,
                matches=matches,  # type: ignore[arg-type]
                timings_s={"total": 1.0},
                checkpoint_name="fake",
                checkpoint_sha256="0" * 64,
            )  # fmt: skip

    def render(
        self, clip: Suggestions, track_id: str | None, destination: Path,
        settings: MixSettings = DEFAULTS, *, progress: Any = None,
    ) -> Any:  # fmt: skip
        level_lu = settings.level_lu
        self.calls.append(("render", (track_id, level_lu, settings.keep)))
        with _Counted(self, "render"):
            for step in range(10):
                progress(step / 10)
                time.sleep(self.step_s)
            if error := self.fail.pop("render", None):
                raise error
            shutil.copy(self.mixed, destination)
            time_s = np.linspace(0, 4, 600)
            talks = ((time_s > 0.5) & (time_s < 2.0)) | ((time_s > 2.6) & (time_s < 3.6))
            voice = talks * np.asarray(peaks(7, 600)) if self.voice else np.zeros(600)
            depth = np.convolve(np.where(talks, -level_lu + 4, 0.0), np.ones(30) / 30, "same")
            return SimpleNamespace(
                path=destination, duration_s=4.0, integrated_lufs=-14.1, true_peak_db=-1.2,
                voice_to_music_lu=level_lu if self.voice else None,
                ducking=list(zip(time_s.tolist(), depth.tolist(), strict=True)) if self.voice else [],
                voice_peaks=voice.astype(np.float32), music_peaks=np.asarray(peaks(3, 600), np.float32),
                note=None,
            )  # fmt: skip

    def export(
        self, suggestions: Suggestions, track_id: str, destination: Path, *, name: str = "clip",
        level_lu: float = 13.0, keep: str = "voice", progress: Any = None,
    ) -> list[str]:  # fmt: skip
        self.calls.append(("export", (track_id, level_lu, keep)))
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
