"""Sound in and out: whole, in blocks, and as the mono signal that the networks hear."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media.child import Limits
from mrcmv.media.errors import SoundError, ToolError
from mrcmv.media.ffmpeg import SOUND_FORMATS, input_args, run_ffmpeg
from mrcmv.media.trouble import NO_ROOM, MachineError, trouble
from mrcmv.media.types import ANALYSIS_RATE, SAMPLE_RATE, Samples
from mrcmv.media.workfolder import work_folder

if TYPE_CHECKING:
    import soundfile

_FORMATS = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24"), ".ogg": ("OGG", "VORBIS")}
_BLOCK = 1 << 16


def read_sound(path: Path, *, start_s: float = 0.0, duration_s: float | None = None) -> Samples:
    """Samples [n, 2], float32, 44.1 kHz, of a file of the program or of an installed package.

    Reads what libsndfile knows (WAV, FLAC, OGG, Opus, MP3, AIFF), anything else through ffmpeg.
    Mono is doubled; more than two channels are mixed down. The excerpt is shorter than
    ``duration_s`` when the sound ends before. Hostile files go through `open_sound` first.

    Raises
    ------
    SoundError
        When the file cannot be read.
    """
    with _opened(Path(path)) as source:
        rate = source.samplerate
        source.seek(min(round(start_s * rate), source.frames))
        count = -1 if duration_s is None else round(duration_s * rate)
        samples = _stereo(source.read(count, dtype="float32", always_2d=True))
    if rate == SAMPLE_RATE:
        return samples
    samples = _resample(samples, rate, SAMPLE_RATE)
    return samples if duration_s is None else samples[: round(duration_s * SAMPLE_RATE)]


def read_blocks(
    path: Path, frames: int, *, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[Samples]:
    """The sound [n, 2], 44.1 kHz, in blocks of ``frames`` samples; the last one may be shorter.

    Memory does not grow with the length of the file. ``start_s`` and ``end_s`` cut a part out.
    """
    with _opened(Path(path)) as source:
        rate = source.samplerate
        source.seek(min(round(start_s * rate), source.frames))
        left = source.frames - source.tell()
        if end_s is not None:
            left = max(0, min(left, round(end_s * rate) - source.tell()))
        if rate == SAMPLE_RATE:
            while left > 0:
                block = source.read(min(frames, left), dtype="float32", always_2d=True)
                if not len(block):
                    return
                left -= len(block)
                yield _stereo(block)
        else:
            yield from _reblock(_resampled_blocks(source, left), frames)


def sound_length_s(path: Path) -> float:
    """Length of a sound file in seconds, as its own frames tell."""
    with _opened(Path(path)) as source:
        return float(source.frames / source.samplerate)


def write_sound(path: Path, samples: Samples, rate: int = SAMPLE_RATE, subtype: str | None = None) -> None:
    """Write [n] or [n, channels] to WAV (float), FLAC (24 bit) or OGG, by the name's ending.

    The file appears whole or not at all. ``subtype`` is libsndfile's name (``"PCM_16"`` ...).
    """
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with SoundWriter(path, rate=rate, channels=channels, subtype=subtype) as writer:
        for start in range(0, len(samples), 16 * _BLOCK):
            writer.write(samples[start : start + 16 * _BLOCK])


class SoundWriter:
    """Writes a sound block by block; the file takes its name when the ``with`` block ends well.

    After an exception (a cancelled run, say) nothing is left behind.
    """

    def __init__(
        self, path: Path, *, rate: int = SAMPLE_RATE, channels: int = 2, subtype: str | None = None
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        self._partial = self.path.with_name(self.path.name + ".partial")
        self._layout = (rate, channels, subtype)
        self._file: Any = None

    def __enter__(self) -> SoundWriter:
        import soundfile

        rate, channels, subtype = self._layout
        container, usual = _FORMATS[self.path.suffix.lower()]
        self._partial.touch()  # tells what is wrong with the disk; libsndfile would not
        self._file = soundfile.SoundFile(
            self._partial, "w", rate, channels, subtype=subtype or usual, format=container
        )
        return self

    def write(self, samples: Samples) -> None:
        """Append [n] or [n, channels]; values outside [-1, 1] survive in float files only."""
        import soundfile

        try:
            self._file.write(samples)
        except (soundfile.LibsndfileError, AssertionError) as error:  # fewer samples written than given
            raise MachineError(NO_ROOM) from error
        self.frames += len(samples)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                os.replace(self._partial, self.path)
        finally:
            self._partial.unlink(missing_ok=True)


def to_mono(samples: Samples, rate_in: int = SAMPLE_RATE, rate_out: int = ANALYSIS_RATE) -> Samples:
    """Mean of the channels at another rate, [m] float32; band-limited (soxr, high quality)."""
    mono = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
    mono = np.ascontiguousarray(mono, dtype=np.float32)
    return mono if rate_in == rate_out else _resample(mono, rate_in, rate_out)


def _resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    import soxr

    out: Samples = np.ascontiguousarray(soxr.resample(samples, rate_in, rate_out, quality="HQ"), np.float32)
    return out


def _resampled_blocks(source: soundfile.SoundFile, left: int) -> Iterator[Samples]:
    import soxr

    stream = soxr.ResampleStream(source.samplerate, SAMPLE_RATE, 2, dtype="float32", quality="HQ")
    while left > 0:
        block = source.read(min(_BLOCK, left), dtype="float32", always_2d=True)
        left = left - len(block) if len(block) else 0
        yield stream.resample_chunk(_stereo(block), last=left == 0)


def _reblock(blocks: Iterator[Samples], frames: int) -> Iterator[Samples]:
    """Blocks of any size -> blocks of exactly ``frames`` samples, but for the last."""
    kept: Samples = np.zeros((0, 2), np.float32)
    for block in blocks:
        kept = np.concatenate([kept, block])
        while len(kept) >= frames:
            yield kept[:frames]
            kept = kept[frames:]
    if len(kept):
        yield kept


def _stereo(samples: NDArray[np.float32]) -> Samples:
    return np.repeat(samples, 2, axis=1) if samples.shape[1] == 1 else samples


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[soundfile.SoundFile]:
    """The file through libsndfile; what it cannot read (or has over two channels) through ffmpeg."""
    import soundfile

    if not path.is_file():
        raise SoundError("This sound file is not there any more. Choose it again.")
    try:
        source = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        source = None
    if source is not None and source.channels <= 2:
        with source:
            yield source
        return
    with work_folder("mrcmv-") as folder:
        copy = folder / "sound.wav"
        try:
            layout = ("-ac", "2", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_f32le", "-f", "wav")
            run_ffmpeg(
                [*input_args(path, formats=SOUND_FORMATS), "-map", "0:a:0", *layout, f"file:{copy}"],
                limits=Limits(wall_s=120.0, cpu_s=120),
            )
            source = soundfile.SoundFile(copy)
        except (ToolError, soundfile.LibsndfileError) as error:
            unread = SoundError("This sound file cannot be read. Try WAV, FLAC, MP3, OGG or M4A.")
            raise trouble(error) or unread from error
        with source:
            yield source
