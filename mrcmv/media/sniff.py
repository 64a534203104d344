"""What a file is by its first bytes; its name and its claimed type count for nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mrcmv.media.errors import IntakeError, NoPictureError, SoundError, TooBigError

MAX_CLIP_BYTES = 512 * 1024**2
"""Largest upload that is taken as a clip."""
MAX_SOUND_BYTES = 512 * 1024**2
"""Largest file that is taken as music (20 minutes of 24-bit stereo WAV are 320 MB)."""

CLIP_KINDS = frozenset({"mov", "matroska", "avi", "mpegts"})
SOUND_KINDS = CLIP_KINDS | {"mp3", "ogg", "flac", "wav", "aiff", "aac"}
"""A clip may be opened for its sound alone."""


_DROP_A_VIDEO = "Drop a video: MP4, MOV, WebM, MKV or AVI."
_CHOOSE_SOUND = "Choose MP3, M4A, OGG, Opus, FLAC, WAV or AIFF."
_IMAGE_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1"}
_OLD_QUICKTIME = {b"moov", b"mdat", b"free", b"wide", b"skip", b"pnot"}


def sniff(head: bytes) -> str:
    """Kind of a file from its first 4 KiB: a member of the sets above, "image" or "other"."""
    if head[4:8] == b"ftyp":
        return "image" if head[8:12] in _IMAGE_BRANDS else "mov"
    if head[4:8] in _OLD_QUICKTIME:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF"):
        return {b"AVI ": "avi", b"WAVE": "wav", b"WEBP": "image"}.get(head[8:12], "other")
    if head.startswith((b"GIF8", b"\x89PNG", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*")):
        return "image"
    for magic, kind in ((b"OggS", "ogg"), (b"fLaC", "flac"), (b"FORM", "aiff"), (b"ID3", "mp3")):
        if head.startswith(magic):
            return kind
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "mpegts"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # sync word of MPEG audio
        return "aac" if head[1] & 0x06 == 0 else "mp3"
    return "other"


def check_clip(source: Path) -> None:
    """Refuse what is surely no video: by size, emptiness and first bytes.

    Raises
    ------
    IntakeError
        With the sentence for the user.
    """
    kind = _kind(source, MAX_CLIP_BYTES, IntakeError, "video")
    if kind == "image":
        raise NoPictureError(f"This file is an image, not a video. {_DROP_A_VIDEO}")
    if kind not in CLIP_KINDS:
        raise no_picture()


def check_sound(source: Path) -> None:
    """Refuse what is surely no sound, as `check_clip` does.

    Raises
    ------
    IntakeError, SoundError
        With the sentence for the user.
    """
    if _kind(source, MAX_SOUND_BYTES, SoundError, "sound") not in SOUND_KINDS:
        raise no_sound()


def take(source: Path, upload: Path) -> None:
    """Give an upload a name that the program chose, by a link where the file system allows it."""
    try:
        os.link(source.resolve(), upload)
    except OSError:
        shutil.copyfile(source, upload)


def no_picture() -> NoPictureError:
    return NoPictureError(f"This file has no picture. {_DROP_A_VIDEO}")


def no_sound() -> SoundError:
    return SoundError(f"This file holds no music that can be read. {_CHOOSE_SOUND}")


def _kind(source: Path, most: int, error: type[IntakeError] | type[SoundError], noun: str) -> str:
    if not source.is_file():
        raise error(f"The {noun} did not arrive. Drop it once more.")
    size = source.stat().st_size
    if size == 0:
        raise error(f"This file is empty. Save the {noun} again and drop it once more.")
    if size > most:
        raise TooBigError(
            f"This file is larger than {most // 1024**2} MB. Shorten or compress the {noun} first."
        )
    with source.open("rb") as file:
        return sniff(file.read(4096))
