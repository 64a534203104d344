"""The command lines that turn an upload into a clip's canonical files; every picture is decoded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mrcmv.media.ffmpeg import input_args
from mrcmv.media.frames import FRAME_RATE
from mrcmv.media.probe import Facts, PictureStreamFacts, SoundStreamFacts
from mrcmv.media.types import FRAME_COUNT, FRAME_SIZE, MAX_CLIP_S, SAMPLE_RATE, thread_budget

SLACK_S = 1.0
"""How much more than `MAX_CLIP_S` is taken, to tell a clip that is too long from one that just fits."""
POSTER_WIDTH = 640
MAX_LONG_SIDE, MAX_SHORT_SIDE, MAX_FPS = 1920, 1080, 60.0
HIGH_FPS = 90.0
"""From here on frames that no other frame needs are not decoded: the frame shown at a time t may then
be one or two frames older, which at this rate is under 25 ms."""
PICTURE_BYTES = 1024**3

_COPIED_PIXELS = {"yuv420p", "yuvj420p"}
_COPIED_H264 = {"Baseline", "Constrained Baseline", "Main", "High", None}
_TIMED_FORMATS = ("mov", "matroska", "mpegts")
"""AVI has no presentation times, so its packets cannot be copied into MP4 in the right order."""


PICTURE, SOUND, FRAMES, POSTER = "picture.mp4", "sound.raw", "frames.raw", "poster.jpg"
"""What the runs write; the sound is raw float32 stereo, the frames are raw RGB."""

_BOUNDS = ["-t", f"{MAX_CLIP_S + SLACK_S}", "-fs", str(PICTURE_BYTES)]
_CLEAN = ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-sn", "-dn"]


@dataclass(frozen=True)
class Plan:
    """How an upload is taken apart; the network sees ``length_s`` seconds from ``start_s`` on."""

    upload: Path
    facts: Facts
    copy: bool
    start_s: float
    length_s: float

    @property
    def picture(self) -> PictureStreamFacts:
        assert self.facts.picture is not None
        return self.facts.picture


def can_copy(facts: Facts) -> bool:
    """Whether browsers play the picture stream as it is, once it lies in an MP4."""
    picture = facts.picture
    if picture is None or picture.pixel_format not in _COPIED_PIXELS:
        return False
    if not any(name in facts.format for name in _TIMED_FORMATS):
        return False
    return picture.codec in {"vp9", "av1", "libdav1d"} or (
        picture.codec == "h264" and picture.profile in _COPIED_H264
    )


def made_size(picture: PictureStreamFacts) -> tuple[int, int]:
    """Even width and height of a transcoded picture: square pixels, at most 1080p, upright allowed."""
    width, height = picture.shown_size
    scale = min(1.0, MAX_LONG_SIDE / max(width, height), MAX_SHORT_SIDE / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def arguments(plan: Plan, work: Path) -> list[str]:
    """Arguments for `run_ffmpeg`, which then writes the four files into ``work``.

    When the picture is transcoded it is decoded once, for everything. A copied picture needs decoding for
    the window only: then this run writes picture and sound alone, and `frames_arguments` the others.
    """
    picture, sound = plan.picture, plan.facts.sound
    graphs = [] if plan.copy else [_transcoding(plan) + _frames_filter(picture)]
    if sound is not None:
        graphs.append(f"[0:{sound.index}]{_sound_filter(picture, sound)}[sound]")
    args = [*input_args(plan.upload), "-max_error_rate", "1"]
    args += ["-filter_complex", ";".join(graphs)] if graphs else []
    args += [*_picture_output(picture, copy=plan.copy), *_BOUNDS, *_CLEAN, "-movflags", "+faststart"]
    args += ["-f", "mp4", f"file:{work / PICTURE}"]
    if sound is not None:
        args += ["-map", "[sound]", "-c:a", "pcm_f32le", *_BOUNDS, *_CLEAN]
        args += ["-f", "f32le", f"file:{work / SOUND}"]
    return args if plan.copy else args + _frames_outputs(work)


def frames_arguments(plan: Plan, work: Path) -> list[str]:
    """The run beside that of a copied picture: it decodes the window for the frames and the poster.

    A run of its own has the sound ready long before the picture, and seeks: a window at minute nine out
    of the other run would cost nine minutes of decoding.
    """
    inputs, graph = _copying(plan)
    filters = ["-filter_complex", graph + _frames_filter(plan.picture)]
    return [*inputs, "-max_error_rate", "1", *filters, *_frames_outputs(work)]


def _frames_filter(picture: PictureStreamFacts) -> str:
    return (
        f",split[many][few];[many]scale={FRAME_SIZE}:{FRAME_SIZE}:flags=area,format=rgb24[frames];"
        f"[few]trim=end_frame=8,scale={_poster_size(picture)},setsar=1,thumbnail=8,format=yuvj420p[poster]"
    )


def _frames_outputs(work: Path) -> list[str]:
    args = ["-map", "[frames]", "-frames:v", str(FRAME_COUNT), "-f", "rawvideo", f"file:{work / FRAMES}"]
    args += ["-map", "[poster]", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3", *_CLEAN]
    return [*args, "-f", "mjpeg", f"file:{work / POSTER}"]


def _copying(plan: Plan) -> tuple[list[str], str]:
    """The input behind ``-ss``, and the filters up to the window's frames, when the packets are copied."""
    picture = plan.picture
    # Transport streams have no index: seeking in them may land behind the window's start
    seeks = plan.start_s > 0 and "mpegts" not in plan.facts.format
    options = ["-ss", f"{plan.start_s + picture.start_s:.6f}", "-noaccurate_seek"] if seeks else []
    if picture.fps >= HIGH_FPS:
        options += ["-skip_frame", "noref"]
    if picture.spare and picture.fps < HIGH_FPS:
        options += [f"-bsf:{picture.index}", f"noise=drop='{_one_of(picture.spare)}'"]
    inputs = input_args(plan.upload, *options, "-an", "-sn", "-dn")
    origin, start_s = (0.0, 0.0) if seeks else (picture.start_s, plan.start_s)
    return inputs, f"[0:{picture.index}]setpts=PTS-{origin:.6f}/TB,{_window(start_s, plan.length_s)}"


def _one_of(places: tuple[int, ...]) -> str:
    """ffmpeg's expression that is true for packets at these places of the file, in rising order."""
    if len(places) == 1:
        return f"eq(pos,{places[0]})"
    middle = len(places) // 2
    return f"if(lt(pos,{places[middle]}),{_one_of(places[:middle])},{_one_of(places[middle:])})"


def _transcoding(plan: Plan) -> str:
    """The filters up to picture and window's frames when the picture is made anew."""
    picture = plan.picture
    width, height = made_size(picture)
    limit = f",fps={MAX_FPS}" if picture.fps > MAX_FPS * 1.01 else ""
    return (
        f"[0:{picture.index}]setpts={_from_zero(plan)},split[whole][part];"
        f"[whole]scale={width}:{height},setsar=1{limit},format=yuv420p[picture];"
        f"[part]{_window(plan.start_s, plan.length_s)}"
    )


def _from_zero(plan: Plan) -> str:
    """Times of decoded pictures, the first at 0. AVI has decoding times only, which B-frames delay."""
    if plan.facts.format == "avi":
        return "PTS-STARTPTS"
    return f"if(eq(N\\,0)\\,0\\,PTS-{plan.picture.start_s:.6f}/TB)"


def _window(start_s: float, length_s: float) -> str:
    """The frames shown at start, start + 0.5 s ...: "up" gives a tick the last frame that came by then."""
    return (
        f"trim=end={start_s + length_s:.6f},setpts=PTS-{start_s:.6f}/TB,"
        f"fps={FRAME_RATE}:start_time=0:round=up"
    )


def _picture_output(picture: PictureStreamFacts, *, copy: bool) -> list[str]:
    if copy:  # the picture's first frame becomes time 0; of MP4 the tag that browsers know
        shift = ["-output_ts_offset", f"{-picture.start_s:.6f}"] if picture.start_s else []
        return ["-map", f"0:{picture.index}", "-c:v", "copy", *shift]
    rate = ["-maxrate", "12M", "-bufsize", "24M"]
    quality = ["-preset", "veryfast", "-crf", "21", *rate, "-force_key_frames", "expr:gte(t,n_forced*2)"]
    times = ["-fps_mode", "vfr", "-enc_time_base", "1:90000", "-threads", str(thread_budget())]
    return ["-map", "[picture]", "-c:v", "libx264", *quality, *times]


def _sound_filter(picture: PictureStreamFacts, sound: SoundStreamFacts) -> str:
    """Sound on the picture's timeline: silence where it starts later or has holes, cut where earlier.

    Mixed down to stereo in float, so nothing clips.
    """
    # Cut before resampling: a packet that claims to be hours away would be reached through silence
    times = f"asetpts=PTS-{picture.start_s:.6f}/TB,atrim=end={MAX_CLIP_S + SLACK_S}"
    resampling = f"aresample={SAMPLE_RATE}:async=1:min_hard_comp=0.02:first_pts=0:ochl=stereo"
    return f"{times},{sound.stereo_filter}{resampling},aformat=sample_fmts=flt:channel_layouts=stereo"


def _poster_size(picture: PictureStreamFacts) -> str:
    width, height = picture.shown_size
    made = min(POSTER_WIDTH, width)
    return f"{max(2, made // 2 * 2)}:{max(2, min(4096, round(height * made / width / 2) * 2))}"
