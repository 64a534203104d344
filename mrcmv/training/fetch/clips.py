"""A downloaded file -> a clip of the data set, by the same hostile intake as any upload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import IntakeError, SoundWriter, encode_sound, mux, open_clip, read_blocks, work_folder

if TYPE_CHECKING:
    from mrcmv.separation import StemFiles

STEMS = ("voice", "accompaniment")
_BLOCK = 1 << 18

Separate = Callable[[Path, Path], "StemFiles"]
"""(sound file, folder) -> its two stems in that folder."""


def spleeter() -> Separate:
    """Spleeter, its weights read once."""
    from mrcmv.separation import Separator

    separator = Separator.load()
    return lambda sound, folder: separator.separate_file(sound, folder)


def clip_path(out: Path, video: str) -> Path:
    return out / "clips" / f"{video}.mp4"


def stem_path(out: Path, video: str, stem: str) -> Path:
    return out / "stems" / video / f"{stem}.flac"


def make_clip(download: Path, out: Path, video: str, separate: Separate) -> float:
    """Write clip and stems of one video, each whole or not at all; gives the length in seconds.

    The picture is copied where browsers play it, else made H.264; the sound is AAC 256k. The stems
    are FLAC of 16 bits, as long as the clip.

    Raises
    ------
    IntakeError
        When this is no video that can be used.
    """
    with work_folder("work-", download.parent) as name:
        scratch = Path(name)
        clip = open_clip(download, scratch)
        if clip.sound is None:
            raise IntakeError("This video has no sound, so there is no music in it.")
        stems = separate(clip.sound, scratch / "stems")
        for stem in STEMS:
            target = stem_path(out, video, stem)
            target.parent.mkdir(parents=True, exist_ok=True)
            with SoundWriter(target, subtype="PCM_16") as writer:
                for block in read_blocks(getattr(stems, stem), _BLOCK):
                    writer.write(block)
        target = clip_path(out, video)
        target.parent.mkdir(parents=True, exist_ok=True)
        sound = encode_sound(clip.sound, scratch / "sound.m4a", duration_s=clip.duration_s)
        mux(clip.picture, sound, target, duration_s=clip.duration_s)
        return clip.duration_s
