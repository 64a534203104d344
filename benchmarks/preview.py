"""``python -m benchmarks.preview``: a preview of a 32 s 1080p clip, beside moviepy's.

Both get the same MP4, the same track, and write an MP4 with the track under the clip's own sound.
moviepy does it the way its documentation shows: a volume, a composite, ``write_videofile``. Ours has
read the clip once before, when it was dropped (that cost is printed, too); a preview starts from the
canonical files, as each further track and each turn of the level knob does. On top of moviepy's
mix it ducks, measures and limits. Each runs in a process of its own, start and imports included.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.clips import full_hd_clip
from benchmarks.measure import Ratio, Run, machine, run_module, table

SECONDS = 32.0


def _noise_track(folder: Path) -> Path:
    """Sixty seconds of stereo music-like sound, so that the benchmark needs no library."""
    import numpy as np

    from mrcmv.media import SAMPLE_RATE, write_sound

    at = np.arange(60 * SAMPLE_RATE) / SAMPLE_RATE
    beat = np.exp(-8 * (at % 0.5))
    chord = sum(np.sin(2 * np.pi * hertz * at) for hertz in (110, 220, 277.2, 329.6))
    hiss = np.random.default_rng(0).normal(0, 0.3, len(at))
    left, right = 0.1 * beat * (chord + hiss), 0.1 * beat * (chord - hiss)
    path = folder / "track.wav"
    write_sound(path, np.stack([left, right], axis=1).astype(np.float32))
    return path


def intake(clip: Path, folder: Path) -> None:
    """Child: the clip in its canonical form, as after a drop on the page."""
    from mrcmv.media import open_clip

    folder.mkdir()
    open_clip(clip, folder)


def ours(folder: Path, track: Path, out: Path) -> None:
    """Child: a preview with the clip's own sound, ducked where it is spoken."""
    from mrcmv.media import Speech, recall
    from mrcmv.mix import MixSettings, Source, render_preview

    clip = recall(folder)
    phrases = tuple((start, start + 4.0) for start in range(2, int(clip.duration_s) - 5, 8))
    source = Source(clip, Speech(phrases), clip.sound, music=track)
    preview = render_preview(source, out, MixSettings(keep="original"))
    print(json.dumps({"lufs": preview.integrated_lufs, "true_peak_db": preview.true_peak_db}))


def moviepy(clip: Path, track: Path, out: Path) -> None:
    """Child: the same with moviepy 2, in the simplest way."""
    from moviepy import AudioFileClip, CompositeAudioClip, VideoFileClip, afx

    with VideoFileClip(str(clip)) as video, AudioFileClip(str(track)) as music:
        under = music.subclipped(0, video.duration).with_effects(
            [afx.MultiplyVolume(0.3), afx.AudioFadeIn(0.5), afx.AudioFadeOut(1.75)]
        )
        mixed = video.with_audio(CompositeAudioClip([video.audio, under]))
        mixed.write_videofile(str(out), audio_codec="aac", logger=None)


def _row(name: str, run: Run) -> tuple[str, ...]:
    return name, f"{run.cpu_s:.2f}", f"{run.wall_s:.2f}", f"{run.peak_mb:.0f}"


def main() -> list[Ratio]:
    if len(sys.argv) > 1:
        children: dict[str, Callable[..., None]] = {"intake": intake, "ours": ours, "moviepy": moviepy}
        children[sys.argv[1]](*(Path(argument) for argument in sys.argv[2:]))
        return []
    print(f"preview, {SECONDS:.0f} s of 1080p with music under its sound; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        folder = Path(name)
        clip, track = full_hd_clip(folder, SECONDS), _noise_track(folder)
        taken, module = folder / "clip", "benchmarks.preview"
        read = run_module(module, "intake", str(clip), str(taken))
        mine = run_module(module, "ours", str(taken), str(track), str(folder / "ours.mp4"))
        theirs = run_module(module, "moviepy", str(clip), str(track), str(folder / "moviepy.mp4"))
    rows = [("", "CPU s", "wall s", "peak MB"), _row("preview (mrcmv.mix)", mine)]
    rows += [_row("moviepy write_videofile", theirs), _row("reading the clip, once before", read)]
    print(table(rows))
    cpu, wall = theirs.cpu_s / mine.cpu_s, theirs.wall_s / mine.wall_s
    print(f"moviepy takes {cpu:.1f} times the CPU and {wall:.1f} times the time of a preview;")
    print(f"{theirs.cpu_s / (mine.cpu_s + read.cpu_s):.1f} times the CPU when reading the clip counts in")
    print(f"ours measures {mine.said['lufs']:.1f} LUFS and {mine.said['true_peak_db']:.1f} dBTP")
    return [
        Ratio("preview: moviepy, which encodes the picture anew", mine.cpu_s, theirs.cpu_s, "CPU s"),
        Ratio("preview: moviepy, time", mine.wall_s, theirs.wall_s, "s"),
    ]


if __name__ == "__main__":
    main()
