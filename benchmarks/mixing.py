"""``python -m benchmarks.mixing``: ten mixes judged by their decoded files, and where a mix's time goes.

Ten clips (two examples, eight of seeded voices and game noise), each with another starter track, go the
whole way: taken in, voice separated, beats as they ship, mixed. Half of them are longer than their track,
so that it loops. Everything is measured on the file after decoding it, by other means than the mixer's own:

* loudness by pyloudnorm, true peak by soxr at eight times the rate, length by counting samples;
* the distance under the voice: the file is taken apart, half second by half second, into the stems'
  voice and music by least squares, and both are weighed where somebody speaks;
* the end: the strongest onset within 0.12 s of where the last beat is meant to be;
* the seams: how far the nearest beat lies that is heard anew in the file; the step of the level across a seam
  and the spectral flux at it, each as a share of the largest at the music's own beats (over 1: a seam is
  more of an event than any beat of the track).

The last two are heard in a mix of the music alone with the same settings, since a voice has onsets, too.
``python -m benchmarks.mixing time`` prints the seconds alone.
"""

from __future__ import annotations

import cProfile
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pyloudnorm
import soxr
from numpy.typing import NDArray

from benchmarks import mixes
from benchmarks.clips import ROOT
from benchmarks.measure import machine, table
from mrcmv.media import SAMPLE_RATE, Clip, Samples, Speech, open_clip, read_sound, write_sound
from mrcmv.media.loudness import measure_energies
from mrcmv.mix import Mix, MixSettings, on_speech
from mrcmv.recommender import Recommender
from mrcmv.rhythm import hear_beats
from mrcmv.rhythm.pulse import RATE

FINE = 128
"""Samples at `RATE` between two onset strengths here: 6 ms."""
WINDOW_S = 0.5
AROUND_S = 0.12
STAGES = {
    "separate_clip": "speech and stems, kept",
    "beats": "beats, kept",
    "_bed": "track decoded and fitted",
    "listen": "voice and music measured",
    "write": "mixed",
    "write_mastered": "mastered",
    "encode_sound": "AAC",
    "measure_levels": "decoded again and measured",
}


@dataclass(frozen=True)
class Case:
    """A clip's name, its sound (None: an example), and the track that it gets."""

    name: str
    track: str
    level_lu: float
    seconds: float = 0.0
    voice: str = ""
    game: str = "none"


CASES = (
    Case("example calm", "starter-calm-acoustic-s411", 13),
    Case("example excited", "starter-energetic-electronic-2", 13),
    Case("en-US, shots", "starter-energetic-acoustic-1", 10, 12, "en-US", "shots"),
    Case("en-GB, engine", "starter-happy-acoustic-1", 20, 17, "en-GB", "engine"),
    Case("neural, wind", "starter-nostalgic-electronic-2", 13, 23, "neural", "wind"),
    Case("de-DE, beeps", "starter-happy-electronic-2", 13, 38, "de-DE", "beeps"),
    Case("fr-FR, no game", "starter-tender-electronic-1", 20, 41, "fr-FR"),
    Case("es-ES, shots", "starter-calm-electronic-s522", 10, 44, "es-ES", "shots"),
    Case("it-IT, wind", "starter-nostalgic-acoustic-s522", 13, 47, "it-IT", "wind"),
    Case("en-GB, no game", "starter-energetic-electronic-s411", 13, 52, "en-GB"),
)


def clip_of(case: Case, folder: Path, seed: int) -> Clip:
    """The case's clip in its canonical form."""
    folder.mkdir()
    if not case.seconds:
        return open_clip(ROOT / "assets" / "examples" / f"{case.name.split()[1]}.mp4", folder)
    sound, upload = folder / "said.wav", folder / "upload.mp4"
    write_sound(sound, mixes.mix(seed, case.seconds, voice=case.voice, music=None, game=case.game).sound)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    command += ["-i", f"testsrc2=size=128x96:rate=25:duration={case.seconds}", "-i", str(sound)]
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(upload)]
    subprocess.run(command, check=True)
    return open_clip(upload, folder)


def true_peak_db(sound: Samples) -> float:
    """By eight times the rate and soxr's best filter, in dBTP."""
    dense = soxr.resample(sound, SAMPLE_RATE, 8 * SAMPLE_RATE, quality="VHQ")
    return float(20 * np.log10(np.abs(dense).max() + 1e-9))


def under_the_voice_lu(heard: Samples, voice: Samples, music: Samples, speech: Speech) -> float:
    """How far the music in a file lies under its voice while somebody speaks."""
    frames = min(map(len, (heard, voice, music)))
    shares = np.zeros((2, frames, 2), np.float32)
    step = round(WINDOW_S * SAMPLE_RATE)
    for start in range(0, frames, step):
        part = slice(start, min(start + step, frames))
        both = np.stack([voice[part].ravel(), music[part].ravel()], axis=1).astype(np.float64)
        gains = np.linalg.lstsq(both, heard[part].ravel().astype(np.float64), rcond=None)[0]
        shares[0, part], shares[1, part] = gains[0] * voice[part], gains[1] * music[part]
    said, played = (on_speech(measure_energies(share), speech) for share in shares)
    return said - played


def onsets(sound: Samples) -> NDArray[np.float64]:
    """Onset strength every `FINE` samples at `RATE`."""
    from librosa.onset import onset_strength

    mono = soxr.resample(sound.mean(axis=1), SAMPLE_RATE, RATE)
    return np.asarray(onset_strength(y=mono, sr=RATE, hop_length=FINE, n_fft=512), np.float64)


def late_s() -> float:
    """How long after an attack `onsets` is highest: measured on clicks at known places."""
    times = np.arange(1, 9, 0.731)
    sound = np.zeros((10 * SAMPLE_RATE, 2), np.float32)
    click = 0.3 * np.sin(np.arange(4000) / 10) * np.exp(-np.arange(4000) / 1000)
    for at in times:
        sound[round(at * SAMPLE_RATE) :][: len(click)] += click[:, None].astype(np.float32)
    strength = onsets(sound)
    return float(np.median([_strongest(strength, at, 0.0) - at for at in times]))


def _strongest(strength: NDArray[np.float64], at_s: float, late: float) -> float:
    """Second of the strongest onset around a moment."""
    low, high = (max(0, round((at_s + late + side) * RATE / FINE)) for side in (-AROUND_S, AROUND_S))
    return (low + int(strength[low : high + 1].argmax())) * FINE / RATE - late


def _step_db(sound: Samples, at_s: float) -> float:
    """How much the level changes across a moment, in dB: 50 ms before against 50 ms after."""
    at, length = round(at_s * SAMPLE_RATE), round(0.05 * SAMPLE_RATE)
    before, after = (
        np.mean(np.square(sound[max(0, k - length) : k]), dtype=np.float64) for k in (at, at + length)
    )
    return abs(10 * float(np.log10((after + 1e-9) / (before + 1e-9))))


def seams(mix: Mix, sound: Samples, tempo_bpm: float | None) -> tuple[list[float], float, float]:
    """Of a mix of music alone: seconds from every seam to the nearest beat heard anew; the level's largest
    step and the largest flux at a seam, as shares of the largest at a beat."""
    last = mix.last_beat_s or mix.duration_s - mix.settings.fade_out_s
    places = [seam for seam in mix.seams_s if seam < last]
    if not places:
        return [], 0.0, 0.0
    heard = np.array(hear_beats(soxr.resample(sound.mean(axis=1), SAMPLE_RATE, RATE), tempo_bpm).times_s)
    away = [float(np.abs(heard - seam).min()) for seam in places]
    strength = onsets(sound)
    own = [b for b in mix.beats_s if 1 < b < last - 0.2 and min(abs(b - seam) for seam in places) > 0.2]

    def flux(at_s: float) -> float:
        at, half = round(at_s * RATE / FINE), round(0.06 * RATE / FINE)
        return float(strength[max(0, at - half) : at + half + 1].max())

    steps = max(_step_db(sound, s) for s in places) / max(_step_db(sound, b) for b in own)
    return away, steps, max(map(flux, places)) / max(map(flux, own))


def judge(recommender: Recommender, case: Case, folder: Path, seed: int, late: float) -> tuple[str, ...]:
    """One row of the table."""
    clip = clip_of(case, folder, seed)
    settings = MixSettings(level_lu=case.level_lu)
    mix = recommender.mix(clip, case.track, folder / "mix.m4a", settings)
    alone = recommender.mix(clip, case.track, folder / "alone.m4a", replace(settings, keep="none"))
    (folder / "stems").mkdir()
    stems = recommender.stems(clip, case.track, folder / "stems", settings)
    _, speech = recommender.separate_clip(clip)
    heard, music = read_sound(mix.path), read_sound(alone.path)
    voice, ducked = (read_sound(stems[name]) for name in ("voice", "music_ducked"))
    under = under_the_voice_lu(heard, voice, ducked, speech) if speech else float("nan")
    lufs = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(heard.astype(np.float64))
    longer_ms = 1000 * (len(heard) / SAMPLE_RATE - clip.duration_s)
    end = "-"
    if alone.last_beat_s is not None:
        end = f"{1000 * abs(_strongest(onsets(music), alone.last_beat_s, late) - alone.last_beat_s):.0f}"
    away, steps, flux = seams(alone, music, recommender.library.get(case.track).tempo_bpm)
    return (
        case.name,
        case.track.removeprefix("starter-"),
        f"{clip.duration_s:.1f}",
        f"{case.level_lu:.0f}",
        f"{under:.2f}",
        f"{lufs:.2f}",
        f"{true_peak_db(heard):.2f}",
        f"{longer_ms:+.1f}",
        end,
        f"{len(away)}",
        f"{1000 * max(away):.0f}" if away else "-",
        {True: "yes", False: "no", None: "-"}[alone.loops_on_bar if away else None],
        f"{steps:.2f}" if away else "-",
        f"{flux:.2f}" if away else "-",
    )


def ten(recommender: Recommender, folder: Path) -> None:
    """The table of ten combinations."""
    late = late_s()
    head = ("clip", "track", "s", "asked LU", "under the voice LU", "LUFS", "dBTP", "longer ms", "end off ms")
    rows: list[tuple[str, ...]] = [(*head, "seams", "seam off ms", "on bars", "step", "flux")]
    for seed, case in enumerate(CASES, start=1):
        rows.append(judge(recommender, case, folder / f"clip-{seed}", seed, late))
        print(f"{seed} of {len(CASES)}", file=sys.stderr, flush=True)
    print(table(rows))
    summary(rows[1:])


def summary(rows: list[tuple[str, ...]]) -> None:
    """What the table comes to."""
    asked, under, lufs, peak, longer = np.array([row[3:8] for row in rows], float).T
    off = np.abs(asked - under)[np.isfinite(under)]
    ends = [float(row[8]) for row in rows if row[8] != "-"]
    at = [float(row[10]) for row in rows if row[10] != "-"]
    print(
        f"\nunder the voice: at most {off.max():.2f} LU from what was asked ({len(off)} clips with a voice)"
    )
    print(f"loudness: {lufs.min():.2f} to {lufs.max():.2f} LUFS; true peak: at most {peak.max():.2f} dBTP")
    print(f"length: {longer.min():+.1f} to {longer.max():+.1f} ms longer than the clip")
    close = sum(end <= 40 for end in ends)
    print(f"last beat: {close} of {len(rows)} within 40 ms (fitted on beats: {len(ends)})")
    close = sum(away <= 40 for away in at)
    print(f"seams: in {close} of {len(at)} looped mixes all within 40 ms of a beat heard anew")


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def seconds(recommender: Recommender, folder: Path) -> None:
    """Five mixes of a clip of 32 s whose voice is separated already."""
    clip = clip_of(Case("32 s", "", 13, 32, "en-US", "shots"), folder / "clip", 1)
    recommender.separate_clip(clip)
    tracks = [track.id for track in recommender.library.tracks()][::5][:6]
    recommender.mix(clip, tracks[0], folder / "warm.m4a")
    profile, rows = cProfile.Profile(), [("mix of 32 s", "CPU s", "wall s")]
    used, took = [], []
    for track in tracks[1:]:
        cpu, wall = _cpu_s(), time.perf_counter()
        recommender.mix(clip, track, folder / "mix.m4a")
        used.append(_cpu_s() - cpu)
        took.append(time.perf_counter() - wall)
        rows.append((track, f"{used[-1]:.2f}", f"{took[-1]:.2f}"))
    rows.append(("mean", f"{np.mean(used):.2f}", f"{np.mean(took):.2f}"))
    print(table(rows))
    profile.enable()
    for track in tracks[1:]:
        recommender.mix(clip, track, folder / "mix.m4a")
    profile.disable()
    spent: dict[str, float] = {}
    for (path, _, name), (_, _, _, total, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if name in STAGES and "mrcmv" in path and total > spent.get(name, 0.0):
            spent[name] = total
    print("\nwall seconds by stage, mean of five (under a profiler):")
    for name, what in STAGES.items():
        print(f"  {what}: {spent.get(name, 0.0) / 5:.2f}")


def main() -> None:
    print(f"mixing; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        folder = Path(name)
        recommender = Recommender(home=folder / "home")
        (folder / "time").mkdir()
        seconds(recommender, folder / "time")
        if sys.argv[1:] != ["time"]:
            print()
            ten(recommender, folder)
    print("\nbeside moviepy's way of a preview: python -m benchmarks.preview")


if __name__ == "__main__":
    main()
