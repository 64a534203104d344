"""Building the data set: clip after clip, each whole or not there at all.

    DIR/catalogue.json         every track and what was measured of it
    DIR/plan.json              the rule, its links and the plan of every clip
    DIR/plan-r1.json           the same of the first renditions, where any were asked for
    DIR/clips/<id>/            clip.mp4, voice.flac, music.flac, labels.json, clip.json
    DIR/manifest.jsonl         one line per finished clip, made anew from the folders

A kill loses the clips under way and nothing else: start again with the same call.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from mrcmv.media import ANALYSIS_RATE, Progress, Samples, UserError, home, write_whole

from . import edit
from .commentary import perform, voice_labels
from .descriptors import STEP_S, analyse
from .gameplay import TRAINING, Look, Recording, record
from .packs import PACKS, Pack, openal_folder
from .plan import LENGTHS_S, ClipPlan, make_plan, spoken_anew
from .rule import LINKS, RULE
from .shouts import shouts_folder
from .speakers import SPEAKERS, VOICE_RATE, resample
from .tracks import Track, catalogue

MUSIC_LUFS = -18.0
"""Level of music.flac: even for all, so that nothing can be learned from it."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to make one clip."""

    plan: ClipPlan
    track: Track
    packages: Path
    out: Path
    openal: Path | None
    shouts: Path | None
    look: Look


def build(
    out: Path,
    *,
    clips: int = 401,
    renditions: int = 0,
    voices: Literal["usual", "unheard"] = "usual",
    workers: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
    packages: Path | None = None,
    packs: Sequence[Pack] = PACKS,
    look: Look = TRAINING,
    lengths_s: tuple[float, float] = LENGTHS_S,
    game_sound: bool = True,
    human_shouts: bool = True,
) -> Path:
    """Build Freedoom400 (or its first ``clips`` clips) in the folder ``out``; returns its manifest.

    ``renditions`` more clips are made to every track of train that is among them: same music, another
    player, speaker, map and noise. With ``voices`` "unheard" only test clips are made, spoken by an
    engine that no split has. Finished clips are kept, so the call resumes what an earlier one
    began; more clips may be asked for later. ``packages`` is where Debian's packages are kept (else
    under `mrcmv.media.home`); ``lengths_s`` are the shortest and longest clip in seconds; without
    ``game_sound`` there is only voice and music; without ``human_shouts`` nobody but the speech
    engines is heard.
    Raises `UserError` when the packages hold fewer tracks than clips asked for, or when ``out`` was
    built with another seed. What ``progress`` raises stops the work after the clips under way.
    """
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    packages = (packages or home() / "packages").resolve()
    tracks = catalogue(packages, out / "catalogue.json", packs=packs, workers=workers)
    if clips > len(tracks):
        raise UserError(
            f"There is music for {len(tracks)} clips only: ask for at most --clips {len(tracks)}."
        )
    plans = []
    for rendition in range(renditions + 1):
        made = make_plan(tracks, seed, lengths_s, rendition)
        made = spoken_anew(made) if voices == "unheard" else made
        freeze(out / (f"plan-r{rendition}.json" if rendition else "plan.json"), made, seed)
        plans += [plan for plan in made if int(plan.id[:4]) < clips]
    by_id = {track.id: track for track in tracks}
    openal = openal_folder(packages) if game_sound else None
    shouts = shouts_folder(packages) if human_shouts else None
    jobs = [
        Job(plan, by_id[plan.track], packages, out, openal, shouts, look)
        for plan in plans
        if not (out / "clips" / plan.id / "clip.json").is_file()
    ]
    return work_off(out, jobs, make_clip, total=len(plans), workers=workers, progress=progress)


class HasPlan(Protocol):
    """A job for a worker: whatever it needs besides the plan."""

    @property
    def plan(self) -> ClipPlan: ...


J = TypeVar("J", bound=HasPlan)


def work_off(
    out: Path,
    jobs: Sequence[J],
    make: Callable[[J], None],
    *,
    total: int,
    workers: int,
    progress: Progress | None,
) -> Path:
    """Make the clips that are missing of ``total``, in processes; returns the manifest.

    Raises `UserError` when clips failed (the others are made, failed.json says why). What ``progress``
    raises stops the work after the clips under way.
    """
    done, failed = total - len(jobs), []
    with ProcessPoolExecutor(max(1, workers), max_tasks_per_child=None) as pool:
        waiting: dict[Future[None], J] = {}
        queue = iter(jobs)
        try:
            while True:
                while len(waiting) < max(1, workers) and (job := next(queue, None)) is not None:
                    waiting[pool.submit(make, job)] = job
                if not waiting:
                    break
                for future in wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED).done:
                    job = waiting.pop(future)
                    if future.exception() is not None:
                        failed.append((job.plan.id, repr(future.exception())))
                    else:
                        done += 1
                        write_manifest(out)
                if progress:
                    progress(done / total)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    manifest = write_manifest(out)
    if failed:
        (out / "failed.json").write_text(json.dumps(dict(failed), indent=1), encoding="utf-8")
        raise UserError(
            f"{len(failed)} of {total} clips could not be made (failed.json says why); "
            "run the same command again to try those once more."
        )
    return manifest


def make_clip(job: Job) -> None:
    """Make one clip: play the game, then `assemble`."""

    def play(picture: Path) -> Recording:
        return record(job.plan, picture, look=job.look, openal=job.openal)

    assemble(job.plan, job.track, job.packages, job.out, shouts=job.shouts, play=play)


def assemble(
    plan: ClipPlan,
    track: Track,
    packages: Path,
    out: Path,
    *,
    shouts: Path | None,
    play: Callable[[Path], Recording],
) -> None:
    """Make one clip in a folder of its own, which gets its name only when everything is in it.

    ``play`` writes the clip's pictures (H.264, no sound) to the path that it is given.
    """
    import soundfile

    final = out / "clips" / plan.id
    partial = final.with_name(f"{plan.id}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    commentary = perform(plan, shouts)
    recording = play(partial / "picture.mp4")
    music = edit.read_music(track, packages, plan.duration_s)
    mixed = edit.mix(plan, commentary.sound, music, recording.sound)
    edit.join(partial / "picture.mp4", mixed.sound, partial / "clip.mp4")
    (partial / "picture.mp4").unlink()
    soundfile.write(partial / "voice.flac", commentary.sound, VOICE_RATE, subtype="PCM_16")
    soundfile.write(partial / "music.flac", _even(music), edit.MIX_RATE, subtype="PCM_16")
    steps = round(plan.duration_s / STEP_S)
    heard = analyse(resample(music.mean(1), edit.MIX_RATE, ANALYSIS_RATE))
    labels = {
        "step_s": STEP_S,
        "game": recording.labels,
        "voice": voice_labels(commentary, steps),
        "music": {**heard.scalars.as_dict(), "curves": heard.curves},
        "plan": {**asdict(plan.drive), "blocks": [asdict(block) for block in plan.blocks]},
        "lines": [asdict(line) for line in commentary.lines],
        "shouts": [asdict(shout) for shout in commentary.shouts],
        "levels": mixed.levels,
        "kills": recording.kills,
        "game_sound": recording.sound is not None,
    }
    (partial / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    (partial / "clip.json").write_text(json.dumps(_entry(plan, track), ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    os.replace(partial, final)


def _entry(plan: ClipPlan, track: Track) -> dict[str, Any]:
    """The manifest's object of a clip."""
    folder = f"clips/{plan.id}"
    speaker = next(each for each in SPEAKERS if each.name == plan.speaker)
    return {
        "id": plan.id,
        "split": plan.split,
        "duration_s": plan.duration_s,
        "clip": f"{folder}/clip.mp4",
        "voice": f"{folder}/voice.flac",
        "music": f"{folder}/music.flac",
        "labels": f"{folder}/labels.json",
        "track": {**track.credit(), "start_s": track.start_s},
        "speaker": speaker.name,
        "engine": f"{speaker.engine}/{speaker.voice}",
        "map": f"{plan.wad}/{plan.map}",
        "seed": plan.seed,
        **({"rendition": int(plan.id.split("r")[1])} if "r" in plan.id else {}),
    }


def _even(music: Samples) -> Samples:
    """Music at `MUSIC_LUFS`, its peaks below full scale."""
    gain = 10 ** ((MUSIC_LUFS - edit.loudness(music, edit.MIX_RATE)) / 20)
    return (music * min(gain, 0.98 / (float(np.abs(music).max()) + 1e-9))).astype(np.float32)


def freeze(path: Path, plans: Sequence[ClipPlan], seed: int) -> None:
    """Write the rule and the plan once; later calls must agree with it."""
    text = json.dumps(
        {"rule": RULE, "seed": seed, "links": LINKS, "clips": [plan.as_dict() for plan in plans]}, indent=1
    )
    if path.is_file():
        if path.read_text(encoding="utf-8") != text:
            raise UserError(
                "This folder was built with another seed, other music or another version of the rule: "
                "name a new folder."
            )
        return
    write_whole(path, text)


def write_manifest(out: Path) -> Path:
    """Make the manifest anew from the finished clips, in their order."""
    lines = [path.read_text(encoding="utf-8") for path in sorted((out / "clips").glob("*/clip.json"))
             if not path.parent.name.endswith(".partial")]  # fmt: skip
    path = out / "manifest.jsonl"
    write_whole(path, "".join(f"{line}\n" for line in lines))
    return path
