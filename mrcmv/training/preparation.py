"""Every clip of a data set into the form that training reads, by the very steps of the app.

A clip goes through intake, Spleeter and the voice detector as an upload does, so the network is
trained on what it will be given: a voice with the residue of separation, not the studio's.
"""

from __future__ import annotations

import math
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    WINDOW_S,
    Clip,
    Progress,
    Samples,
    Speech,
    UserError,
    open_clip,
    read_sound,
    to_mono,
    work_folder,
)
from mrcmv.model.preprocess import shrink_frames
from mrcmv.separation import Separator, find_speech
from mrcmv.training.manifest import SPLITS, Item, read_manifest
from mrcmv.training.prepared import FRAMES_PER_S, STEP_S, Prepared, load_prepared, save_prepared, to_int16

SHORTEST_REST_S = 2.0


def prepared_folder(data: Path, size: int) -> Path:
    """Where the prepared clips of a data set lie, for pictures ``size`` pixels wide."""
    return data / f"prepared-{size}"


def prepare(
    data: Path,
    size: int,
    *,
    splits: tuple[str, ...] = SPLITS,
    out: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Path:
    """Prepare what is missing of the manifest's clips; returns the folder of ``<id>.npz`` files.

    May be called again while a data set is still being built: whole files are kept. A clip without
    a file of clean music gets the music that Spleeter leaves (the paper's own condition).

    Parameters
    ----------
    size
        Side of the network's pictures in pixels.
    workers
        Processes at once, about 1 GB each.
    """
    folder = out or prepared_folder(data, size)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [item for item in read_manifest(data, splits) if not is_fresh(folder / f"{item.id}.npz", item)]
    if workers > 1 and len(missing) > 1:
        # spawned, not forked: a fork of a process whose torch has threads may hang
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            waiting = [pool.submit(_prepare_one, folder, item, size) for item in missing]
            try:
                for number, future in enumerate(as_completed(waiting)):
                    future.result()
                    if progress is not None:
                        progress((number + 1) / len(missing))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
    else:
        for number, item in enumerate(missing):
            if progress is not None:
                progress(number / len(missing))
            _prepare_one(folder, item, size)
    if progress is not None:
        progress(1.0)
    return folder


@lru_cache(maxsize=1)
def _separator() -> Separator:
    """One per process."""
    return Separator.load()


def _prepare_one(folder: Path, item: Item, size: int) -> None:
    with work_folder("mrcmv-") as scratch:
        save_prepared(folder / f"{item.id}.npz", prepare_clip(item, _separator(), size, Path(scratch)))


def is_fresh(path: Path, item: Item) -> bool:
    """Whether a prepared file is whole and no older than what it was made from."""
    sources = [source for source in (item.clip, item.music) if source is not None and source.is_file()]
    try:
        made = path.stat().st_mtime_ns
        load_prepared(path)
    except (OSError, UserError):
        return False
    return all(source.stat().st_mtime_ns <= made for source in sources)


def prepare_clip(item: Item, separator: Separator, size: int, scratch: Path) -> Prepared:
    """One clip, decoded and separated in ``scratch``."""
    clip = open_clip(item.clip, scratch)
    voice, rest, speech = _separated(clip, separator, scratch)
    music = rest if item.music is None else to_mono(read_sound(item.music))
    length = round(clip.duration_s * 16_000)
    return Prepared(
        frames=shrink_frames(_all_frames(item.clip, clip, scratch), size),
        voice=to_int16(voice[:length]),
        music=to_int16(music[:length]),
        rest=to_int16(rest[:length]),
        speech=speech,
        duration_s=clip.duration_s,
    )


def _separated(clip: Clip, separator: Separator, scratch: Path) -> tuple[Samples, Samples, Speech]:
    """(voice, accompaniment), mono 16 kHz, and where somebody speaks; empty without sound."""
    if clip.sound is None:
        nothing = np.zeros(0, dtype=np.float32)
        return nothing, nothing, Speech(())
    stems = separator.separate_file(clip.sound, scratch / "stems")
    voice = read_sound(stems.voice)
    speech = find_speech(voice, mix=read_sound(clip.sound))
    return to_mono(voice), to_mono(read_sound(stems.accompaniment)), speech


def _all_frames(source: Path, clip: Clip, scratch: Path) -> NDArray[np.uint8]:
    """Frames of the whole clip, 2 per second, uint8 [n, 224, 224, 3].

    The intake gives the frames of one window of 32 s, so a longer clip is taken window by window;
    every frame is the one that the app would show the network.
    """
    count = max(1, math.ceil(clip.duration_s * FRAMES_PER_S - 1e-6))
    frames = clip.read_frames()[:count]
    while len(frames) < count:
        # the intake wants a second at least, so a short rest is read with what comes before it
        rest_s = math.floor((clip.duration_s - SHORTEST_REST_S) / STEP_S) * STEP_S
        begin_s = min(len(frames) * STEP_S, rest_s)
        window = Path(tempfile.mkdtemp(dir=scratch))
        later = open_clip(source, window, start_s=begin_s, end_s=min(begin_s + WINDOW_S, clip.duration_s))
        known = len(frames) - round(begin_s * FRAMES_PER_S)
        fresh = later.read_frames()[known : known + count - len(frames)]
        frames = np.concatenate([frames, fresh])
    return frames
