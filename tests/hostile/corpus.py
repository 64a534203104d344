"""The corpus of hostile files, generated: no file of somebody else's is kept here.

Every case is a maker of one file and what it claims to be. What has to hold is the same for all of
them: the file is taken or refused with one plain sentence, within 20 s and 1.5 GB, and afterwards
no process and no file is left over.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.media.clips import AAC, X264, ffmpeg, picture, tone
from tests.media.odd import VP9

Make = Callable[[Path, "Bases"], object]
Kind = Literal["clip", "sound"]
TESTSRC = ("-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=3")
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@dataclass(frozen=True)
class Case:
    """One hostile file. ``name`` is the name it is uploaded under; ``must`` is what has to become of it."""

    title: str
    kind: Kind
    make: Make
    must: Literal["refused", "taken", "either"] = "refused"
    name: str = "clip.mp4"


class Bases:
    """Sound files and clips that the hostile ones are made out of, each made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            ffmpeg(*BASES[name], path)
        return path

    def bytes(self, name: str) -> bytearray:
        return bytearray(self(name).read_bytes())


BASES: dict[str, list[str]] = {
    "plain.mp4": [*picture(), *tone(), *X264, *AAC],
    "plain.mov": [*picture(), *tone(), *X264, *AAC],
    "plain.mkv": [*picture(), *tone(), *X264, "-c:a", "flac"],
    "plain.webm": [*picture(), *tone(), *VP9, "-c:a", "libopus"],
    "plain.avi": [*picture(), *tone(), "-c:v", "mpeg4", "-c:a", "pcm_s16le"],
    "plain.ts": [*picture(), *tone(), *X264, *AAC],
    "plain.wav": [*tone()],
    "plain.mp3": [*tone(), "-c:a", "libmp3lame"],
    "plain.ogg": [*tone(), "-c:a", "libvorbis"],
    "plain.opus": [*tone(), "-c:a", "libopus"],
    "plain.flac": [*tone()],
    "plain.m4a": [*tone(), *AAC],
    "plain.aiff": [*tone()],
}
CLIPS = [name for name in BASES if name.endswith((".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"))]
SOUNDS = [name for name in BASES if name not in CLIPS]


def text(words: str) -> Make:
    return lambda path, bases: path.write_text(words, encoding="utf-8")


def raw(content: bytes) -> Make:
    return lambda path, bases: path.write_bytes(content)


def cut(base: str, share: float) -> Make:
    def make(path: Path, bases: Bases) -> None:
        data = bases.bytes(base)
        path.write_bytes(data[: int(len(data) * share)])

    return make


def flipped(base: str, seed: int, *, head: int = 4096, flips: int = 24) -> Make:
    """Bits turned over at random places among the first ``head`` and the last ``head`` bytes."""

    def make(path: Path, bases: Bases) -> None:
        data, rng = bases.bytes(base), random.Random(seed)
        for _ in range(flips):
            at = rng.randrange(min(head, len(data)))
            at = at if rng.random() < 0.5 else len(data) - 1 - at
            data[at] ^= 1 << rng.randrange(8)
        path.write_bytes(data)

    return make


def made(*args: str, muxer: str = "mp4") -> Make:
    """A file that ffmpeg makes, whatever the name says."""
    return lambda path, bases: ffmpeg(*args, "-f", muxer, path)


def renamed(base: str) -> Make:
    return lambda path, bases: path.write_bytes(bases(base).read_bytes())


def linked(target: Callable[[Path, Bases], Path]) -> Make:
    return lambda path, bases: path.symlink_to(target(path, bases))


def claims_hours(path: Path, bases: Bases) -> None:
    """The movie header says 100 hours; the samples last three seconds."""
    data = bases.bytes("plain.mp4")
    at = data.index(b"mvhd") + 4
    scale = struct.unpack(">I", data[at + 12 : at + 16])[0]
    data[at + 16 : at + 20] = struct.pack(">I", min(100 * 3600 * scale, 2**32 - 1))
    path.write_bytes(data)


def last_frame_hours_away(path: Path, bases: Bases) -> None:
    """Small for its 100 hours: the last frame is stamped so far behind the others."""
    late = "setpts=if(lt(N\\,74)\\,PTS\\,360000/TB)"
    ffmpeg(
        *TESTSRC,
        "-vf",
        late,
        "-fps_mode",
        "vfr",
        "-c:v",
        "mjpeg",
        "-pix_fmt",
        "yuvj420p",
        "-f",
        "matroska",
        path,
    )


def cover_only(path: Path, bases: Bases) -> None:
    image = path.with_name("cover.png")
    ffmpeg("-f", "lavfi", "-i", "color=white:s=64x64", "-frames:v", "1", image)
    ffmpeg(*("-i", image), *tone(), "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v:0", "attached_pic", *AAC, "-f", "mp4", path)  # fmt: skip
    image.unlink()


def many_streams(path: Path, bases: Bases) -> None:
    maps = [word for _ in range(63) for word in ("-map", "1")]
    ffmpeg(*TESTSRC, *tone(), "-map", "0", *maps, *X264, "-c:a", "aac", "-b:a", "16k", "-f", "mp4", path)


def box_of_no_end(path: Path, bases: Bases) -> None:
    """A box whose 64-bit size is nearly 2^63."""
    data = bases.bytes("plain.mp4")
    at = data.index(b"moov") - 4
    path.write_bytes(data[:at] + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1) + data[at + 8 :])


def boxes_in_boxes(path: Path, bases: Bases) -> None:
    """Ten thousand boxes, each inside the one before."""
    depth = 10_000
    boxes = b"".join(struct.pack(">I4s", 8 * (depth - level), b"moov") for level in range(depth))
    path.write_bytes(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"isom") + boxes)


def tags_of_megabytes(path: Path, bases: Bases) -> None:
    notes = path.with_name("notes.txt")
    notes.write_text(";FFMETADATA1\ntitle=" + "<b>\u202e" * 200_000 + "\n", encoding="utf-8")
    ffmpeg("-i", bases("plain.mp3"), "-i", notes, "-map_metadata", "1", "-c", "copy", "-f", "mp3", path)
    notes.unlink()


def sibling(path: Path, bases: Bases) -> Path:
    other = path.with_name("sibling.mp4")
    other.write_bytes(bases("plain.mp4").read_bytes())
    return other


def script(words: str) -> Make:
    """A list that names a clip lying beside it."""

    def make(path: Path, bases: Bases) -> None:
        sibling(path, bases)
        path.write_text(words, encoding="utf-8")

    return make


M3U8 = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{}\n#EXT-X-ENDLIST\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1"><BaseURL>file:sibling.mp4</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)


def flat(size: str, rate: float, seconds: float) -> list[str]:
    """Input arguments: one colour."""
    return ["-f", "lavfi", "-i", f"color=red:s={size}:r={rate}:d={seconds}"]


EIGHT_CHANNELS = tone("|".join(["sin(440*t)"] * 8), rate=192_000)
WAV_OF_4_GB = (
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0"
    b"data\xff\xff\xff\xff" + bytes(200_000)
)
HUGE = [*flat("8192x8192", 1, 2), "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]
LONG_SILENCE = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "7020", "-c:a", "flac"]

CASES: list[Case] = [
    # not what it says
    Case("0 bytes", "clip", raw(b"")),
    Case("1 byte", "clip", raw(b"\0")),
    Case("zeros, 1 MB", "clip", raw(bytes(1_000_000))),
    Case("random bytes, 1 MB", "clip", raw(random.Random(1).randbytes(1_000_000))),
    Case("a letter", "clip", text("Dear reader.\n" * 100)),
    Case("HTML with a script", "clip", text("<html><script>alert(1)</script>"), name="clip.html.mp4"),
    Case("SVG that names a file", "clip", text(SVG)),
    Case("a zip archive", "clip", raw(b"PK\x03\x04" + bytes(2000))),
    Case("a program", "clip", raw(b"\x7fELF" + bytes(2000))),
    Case("a pickle", "clip", raw(b"\x80\x04cos\nsystem\n(S'true'\ntR.")),
    Case("sound under a video's name", "clip", renamed("plain.wav")),
    Case("a picture under a video's name", "clip",
         made("-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1", "-c:v", "png", muxer="image2pipe")),
    Case("MP4 under the name of AVI", "clip", renamed("plain.mp4"), "taken", "clip.avi"),
    Case("WebM without an ending", "clip", renamed("plain.webm"), "taken", "clip"),
    # lists that open other files
    Case("ffconcat script", "clip", script("ffconcat version 1.0\nfile sibling.mp4\n")),
    Case("ffconcat script, /etc/passwd", "clip", script("ffconcat version 1.0\nfile /etc/passwd\n")),
    Case("M3U8, a file beside it", "clip", script(M3U8.format("file:sibling.mp4"))),
    Case("M3U8, an address", "clip", script(M3U8.format("http://127.0.0.1:9/x.ts")), name="clip.ts"),
    Case("DASH manifest", "clip", script(DASH)),
    Case("SDP description", "clip", text("v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n")),
    # sizes and rates
    Case("1 x 1", "clip", made(*flat("1x1", 25, 2), "-c:v", "ffv1", muxer="matroska"), "either"),
    Case("8192 x 8192, JPEG pictures in Matroska", "clip", made(*HUGE, muxer="matroska")),
    Case("8192 x 8192, a JPEG under a video's name", "clip", made(*HUGE, "-frames:v", "1", muxer="mjpeg")),
    Case("8192 x 8192 in 200 kB", "clip", made(*flat("8192x8192", 1, 2), *X264, "-bf", "0", "-g", "1")),
    Case("16 x 8192", "clip", made(*flat("16x8192", 5, 2), *X264), "either"),
    Case("1000 frames a second", "clip", made(*flat("64x48", 1000, 3), *X264), "either"),
    Case("one frame", "clip", made(*flat("64x48", 25, 0.04), *X264)),
    Case("half a second", "clip", made(*flat("64x48", 25, 0.5), *X264)),
    Case("100 h claimed by the header", "clip", claims_hours, "either"),
    Case("100 h claimed by the last frame", "clip", last_frame_hours_away, "either"),
    Case("2 h of sound in little space", "clip",
         made(*TESTSRC, *LONG_SILENCE, *X264, muxer="matroska"), "either"),
    Case("64 streams", "clip", many_streams, "taken"),
    Case("cover art only", "clip", cover_only),
    Case("sound at 8 channels, 192 kHz", "clip",
         made(*picture(), *EIGHT_CHANNELS, *X264, "-c:a", "pcm_f32le", muxer="mov"), "taken"),
    # structure
    Case("a box without end", "clip", box_of_no_end, "either"),
    Case("ten thousand boxes inside each other", "clip", boxes_in_boxes),
    *(Case(f"{base} cut at {share:.0%}", "clip", cut(base, share), "either", base)
      for base in CLIPS for share in (0.1, 0.5, 0.99)),
    *(Case(f"{base}, bits flipped, seed {seed}", "clip", flipped(base, seed), "either", base)
      for base in CLIPS for seed in (1, 2)),
    # names
    Case("a link to /etc/passwd", "clip", linked(lambda path, bases: Path("/etc/passwd"))),
    Case("a link to nothing", "clip", linked(lambda path, bases: path.with_name("nothing.mp4"))),
    Case("a link to a device", "clip", linked(lambda path, bases: Path("/dev/zero"))),
    Case("a link to itself", "clip", linked(lambda path, bases: path)),
    Case("a folder", "clip", lambda path, bases: path.mkdir()),
    Case("a name of ffmpeg's protocols", "clip", renamed("plain.mp4"), "taken", "concat:a|b.mp4"),
    Case("a name like an option", "clip", renamed("plain.mp4"), "taken", "-i -y %03d.mp4"),
    Case("a name of HTML", "clip", renamed("plain.mp4"), "taken", '<img src=x onerror="alert(1)">.mp4'),
    Case("a name of emoji and turned text", "clip", renamed("plain.mp4"), "taken",
         "\U0001f3ae\u202e4pm.\u200bclip.mp4"),
    Case("a name with a line break", "clip", renamed("plain.mp4"), "taken", "a\nb.mp4"),
    # music
    Case("0 bytes", "sound", raw(b""), name="song.mp3"),
    Case("a letter", "sound", text("Dear reader"), name="song.mp3"),
    Case("an ffconcat script", "sound", script("ffconcat version 1.0\nfile sibling.mp4\n"), name="song.mp3"),
    Case("M3U8", "sound", script(M3U8.format("sibling.mp4")), name="song.ogg"),
    Case("a clip without sound", "sound", made(*TESTSRC, *X264), name="song.mp4"),
    Case("2 h in little space", "sound", made(*LONG_SILENCE, muxer="flac"), name="song.flac"),
    Case("tags of a megabyte", "sound", tags_of_megabytes, "taken", "song.mp3"),
    Case("RIFF without content", "sound", raw(b"RIFF\0\0\0\0WAVEfmt "), name="song.wav"),
    Case("WAV that claims 4 GB", "sound", raw(WAV_OF_4_GB), "either", "song.wav"),
    *(Case(f"{base} cut at {share:.0%}", "sound", cut(base, share), "either", base)
      for base in SOUNDS for share in (0.1, 0.5, 0.99)),
    *(Case(f"{base}, bits flipped", "sound", flipped(base, 3), "either", base) for base in SOUNDS),
]  # fmt: skip
