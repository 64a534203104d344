"""The table of odd clips: how each is made, and what must become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.media.clips import AAC, TONE, X264, ffmpeg, picture, tone

X265 = [
    "-c:v",
    "libx265",
    "-preset",
    "ultrafast",
    "-x265-params",
    "log-level=none:pools=none:frame-threads=1",
]
VP8 = ["-c:v", "libvpx", "-threads", "1", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "500k"]
VP9 = ["-c:v", "libvpx-vp9", "-threads", "1", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "500k"]
AV1 = ["-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1"]
MPEG4 = ["-c:v", "mpeg4", "-q:v", "3"]
CENTRE_ONLY = "|".join(["0", "0", TONE, "0", "0", "0"])
VARIABLE = ",select='lt(n,40)+not(mod(n,3))'"
LATE_TONE = TONE.replace("t,1,2", "t,0.5,1.5")
LATE_PICTURE_TONE = TONE.replace("t,1,2", "t,1.4,2.4")


@dataclass(frozen=True)
class Odd:
    """One clip: ``made`` are ffmpeg's arguments, or a function of (folder of clips, path).

    ``colours`` and ``tone_s`` say when lime and blue begin and when the tone begins, in seconds of
    the canonical clip; ``corner`` is where the white box is seen: clockwise from the upper left.
    """

    name: str
    made: list[str] | Callable[[Path, Path], None]
    copied: bool
    size: tuple[int, int] = (160, 120)
    fps: float = 25.0
    duration_s: float = 3.0
    lime_s: float = 1.0
    blue_s: float | None = 2.0
    tone_s: float | None = 1.0
    level: float = 0.5
    corner: int = 0
    needs: str | None = None


def _from(name: str, *options: str, after: tuple[str, ...] = ("-c", "copy")) -> Callable[[Path, Path], None]:
    """A clip out of another one: ``options`` before its ``-i``, ``after`` behind it."""
    return lambda folder, path: ffmpeg(*options, "-i", folder / name, *after, path)


def _cut(name: str, share: float) -> Callable[[Path, Path], None]:
    def made(folder: Path, path: Path) -> None:
        data = (folder / name).read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return made


def _streams(folder: Path, path: Path) -> None:
    """Another picture and another sound come first; the ones marked as default come later."""
    subtitles = folder / "hello.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    ffmpeg(
        *("-f", "lavfi", "-i", "color=white:s=64x64:d=3", *tone("0.5*sin(600*PI*t)")),
        *("-i", folder / "plain.mp4", "-i", subtitles),
        *("-map", "1", "-map", "0", "-map", "3", "-map", "2:v", "-map", "2:a", *X264, *AAC),
        *("-disposition", "0", "-disposition:v:1", "default", "-disposition:a:1", "default"),
        *("-metadata", "title=Secret place", "-metadata", "location=+48.1-016.2/"),
        *("-metadata:s:v", "handler_name=Secret camera", path),
    )


def _cover(folder: Path, path: Path) -> None:
    cover = folder / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=white:s=300x300", "-frames:v", "1", cover)
    marks = ("-disposition:v:0", "attached_pic", "-disposition:v:1", "default")
    ffmpeg("-i", cover, "-i", folder / "plain.mp4", "-map", "0", "-map", "1", "-c", "copy", *marks, path)


ODD = [
    Odd("plain.mp4", [*picture(), *tone(), *X264, *AAC], copied=True),
    Odd("silent.mp4", [*picture(), *X264], copied=True, tone_s=None),
    # codecs and containers
    Odd("hevc.mp4", [*picture(), *tone(), *X265, *AAC], copied=False),
    Odd("hevc10.mkv", [*picture(), *tone(), *X265, "-pix_fmt", "yuv420p10le", *AAC], copied=False),
    Odd("high10.mov", [*picture(), *tone(), *X264, "-pix_fmt", "yuv420p10le", *AAC], copied=False),
    Odd("vp8.webm", [*picture(), *tone(), *VP8, "-c:a", "libvorbis"], copied=False),
    Odd("vp9.webm", [*picture(), *tone(), *VP9, "-c:a", "libopus"], copied=True),
    Odd(
        "vp9_10.webm",
        [*picture(), *tone(), *VP9, "-pix_fmt", "yuv420p10le", "-c:a", "libopus"],
        copied=False,
    ),
    Odd("av1.mp4", [*picture(), *tone(), *AV1, *AAC], copied=True),
    Odd("mpeg4.avi", [*picture(), *tone(), *MPEG4, "-bf", "2", "-c:a", "libmp3lame"], copied=False),
    Odd("h264.avi", [*picture(), *tone(), *X264, "-c:a", "pcm_s16le"], copied=False),
    Odd("camera.avi", [*picture(), *tone(), "-c:v", "mjpeg", "-c:a", "pcm_u8"], copied=False),
    Odd("broadcast.ts", [*picture(), *tone(), *X264, *AAC], copied=True),
    # rates
    Odd("one.mp4", [*picture(extra=",fps=1"), *tone(), *X264, *AAC], copied=True, fps=1.0),
    Odd("film.mp4", [*picture("30000/1001"), *tone(), *X264, *AAC], copied=True, fps=29.97, duration_s=3.003),
    Odd("fast.mp4", [*picture("240"), *tone(), *X264, *AAC], copied=True, fps=240.0),
    Odd("fast.avi", [*picture("240"), *tone(), *MPEG4, "-c:a", "pcm_s16le"], copied=False, fps=60.0),
    Odd(
        "variable.mp4",
        [*picture("50", extra=VARIABLE), *tone(), *X264, "-fps_mode", "vfr", *AAC],
        copied=True,
        fps=25.7,
        duration_s=2.96,
        lime_s=1.02,
        blue_s=2.04,
    ),
    Odd(
        "variable.mkv",
        [*picture("50", extra=VARIABLE), *tone(), *X265, "-fps_mode", "vfr", *AAC],
        copied=False,
        fps=25.7,
        duration_s=2.96,
        lime_s=1.02,
        blue_s=2.04,
    ),
    # shapes
    Odd(
        "odd.webm",
        [*picture(size="161x121"), *tone(), *VP9, "-c:a", "libopus"],
        copied=True,
        size=(161, 121),
    ),
    Odd(
        "odd444.mkv",
        [*picture(size="161x121"), *tone(), *X264, "-pix_fmt", "yuv444p", *AAC],
        copied=False,
        size=(160, 120),
    ),
    Odd("wide.mp4", [*picture(extra=",setsar=2"), *tone(), *X264, *AAC], copied=True, size=(320, 120)),
    Odd(
        "wide.avi",
        [*picture(extra=",setsar=2"), *tone(), *MPEG4, "-c:a", "pcm_s16le"],
        copied=False,
        size=(320, 120),
    ),
    Odd(
        "large.mkv",
        [*picture("5", size="2560x1440"), *tone(), *MPEG4, *AAC],
        copied=False,
        size=(1920, 1080),
        fps=5.0,
    ),
    Odd("left.mov", _from("plain.mp4", "-display_rotation", "90"), copied=True, size=(120, 160), corner=3),
    Odd("over.mp4", _from("plain.mp4", "-display_rotation", "180"), copied=True, corner=2),
    Odd(
        "right.mp4",
        _from("hevc.mp4", "-display_rotation", "270"),
        copied=False,
        size=(120, 160),
        corner=1,
        needs="hevc.mp4",
    ),
    # sounds
    Odd("mono.mkv", [*picture(), *tone(rate=22_050), *X264, "-c:a", "pcm_s16le"], copied=True),
    Odd(
        "surround.mkv",
        [*picture(), *tone(CENTRE_ONLY), *X264, "-c:a", "flac"],
        copied=True,
        level=0.5 * 0.7071,  # the centre goes to both sides at -3 dB (ITU-R BS.775)
    ),
    # headers and timelines
    Odd("recorder.webm", [*picture(), *tone(), *VP9, "-c:a", "libopus", "-live", "1"], copied=True),
    Odd(
        "pieces.mp4",
        [*picture(), *tone(), *X264, "-g", "25", *AAC, "-movflags", "frag_keyframe+empty_moov"],
        copied=True,
    ),
    Odd("streams.mkv", _streams, copied=True),
    Odd("cover.mp4", _cover, copied=True),
    Odd("late_sound.mp4", [*picture(), "-itsoffset", "0.5", *tone(LATE_TONE), *X264, *AAC], copied=True),
    Odd("late_sound.mkv", [*picture(), "-itsoffset", "0.5", *tone(LATE_TONE), *X265, *AAC], copied=False),
    Odd(
        "late_picture.mp4",
        ["-itsoffset", "0.4", *picture(), *tone(LATE_PICTURE_TONE), *X264, *AAC],
        copied=True,
    ),
    Odd(
        "late_picture.mkv",
        ["-itsoffset", "0.4", *picture(), *tone(LATE_PICTURE_TONE), *MPEG4, "-c:a", "libvorbis"],
        copied=False,
    ),
    Odd(
        "trimmed.mov",  # starts between two key frames by its edit list, as phones trim
        _from("plain.mp4", "-ss", "0.6"),
        copied=True,
        duration_s=2.4,
        lime_s=0.4,
        blue_s=1.4,
        tone_s=0.4,
    ),
    Odd(
        "holes.mkv",
        [*picture(), *tone(), "-af", "aselect=lt(t\\,.3)+gt(t\\,.7)", *X264, "-c:a", "flac"],
        True,
    ),
    # cut off while being written or sent
    Odd("cut.mp4", _cut("pieces.mp4", 0.7), copied=True, duration_s=2.0, blue_s=None, needs="pieces.mp4"),
    Odd("cut.webm", _cut("vp9.webm", 0.7), copied=True, duration_s=2.16, needs="vp9.webm"),
    Odd("cut.avi", _cut("h264.avi", 0.8), copied=False, duration_s=2.4, needs="h264.avi"),
]


class OddClips:
    """Makes each clip of the table once, when it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._table = {odd.name: odd for odd in ODD}

    def __call__(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            odd = self._table[name]
            if callable(odd.made):
                self(odd.needs or "plain.mp4")
                odd.made(self.folder, path)
            else:
                ffmpeg(*odd.made, path)
        return path
