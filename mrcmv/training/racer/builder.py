"""Building the second game's clips: races recorded into a bank of takes, then cut after the plans.

    DIR/catalogue.json, DIR/plan.json, DIR/clips, DIR/manifest.jsonl    as of Freedoom400
    DIR/bank/<take>/           take.mp4 and take.json; not needed any more when the clips are built
    DIR/cuts.json              which piece of which take every clip shows

A kill loses the races and clips under way and nothing else: start again with the same call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mrcmv.media import Progress, UserError, home, write_whole
from mrcmv.training.freedoom400.builder import assemble, freeze, work_off
from mrcmv.training.freedoom400.gameplay import TRAINING, Look, Recording
from mrcmv.training.freedoom400.plan import LENGTHS_S, ClipPlan, make_plan
from mrcmv.training.freedoom400.shouts import shouts_folder
from mrcmv.training.freedoom400.tracks import Track, catalogue

from .cutting import Cut, Shot, choose, light_of, shots_of, takes_for
from .film import film
from .programs import programs
from .takes import Take, read_bank, record_take

ROUNDS = 6
"""So often more races are recorded when the bank lacks something."""
RACING = 0.6
"""Share of the whole work that recording takes, for the progress that is told."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to make one clip."""

    plan: ClipPlan
    track: Track
    packages: Path
    out: Path
    shouts: Path | None
    cuts: tuple[Cut, ...]
    look: Look


def build(
    out: Path,
    *,
    clips: int = 131,
    train: bool = False,
    workers: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
    packages: Path | None = None,
    look: Look = TRAINING,
    lengths_s: tuple[float, float] = LENGTHS_S,
    human_shouts: bool = True,
) -> Path:
    """Build the first ``clips`` clips in the folder ``out``; returns its manifest.

    Plans are those of Freedoom400 (music, mood, speaker, words), played in another game: of its test
    clips only, unless ``train`` asks for all splits. ``workers`` races are recorded at once, in real
    time; then clips are made in as many processes. ``look``, ``lengths_s`` and ``human_shouts`` are
    as in `mrcmv.training.freedoom400.build`.
    Raises `UserError` when there are fewer plans than clips asked for, when programs or packages cannot
    be had, or when ``out`` was built otherwise.
    """
    out = out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        return _build(
            out, clips=clips, train=train, workers=workers, seed=seed, progress=progress,
            packages=packages, look=look, lengths_s=lengths_s, human_shouts=human_shouts,
        )  # fmt: skip


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Two builds in one folder would take each other's half-made clips away."""
    import fcntl  # where there is no fcntl there is no apt-get either

    with (out / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(f"Another build is at work in {out}: wait for it, or stop it first.") from error
        yield


def _build(
    out: Path,
    *,
    clips: int,
    train: bool,
    workers: int,
    seed: int,
    progress: Progress | None,
    packages: Path | None,
    look: Look,
    lengths_s: tuple[float, float],
    human_shouts: bool,
) -> Path:
    packages = (packages or home() / "packages").resolve()
    programs(packages)  # first of all: without the game there is no point in the rest
    tracks = catalogue(packages, out / "catalogue.json", workers=workers)
    plans = race_plans(make_plan(tracks, seed, lengths_s), train=train)
    freeze(out / "plan.json", plans, seed)
    if clips > len(plans):
        raise UserError(f"There are plans for {len(plans)} clips only: ask for at most --clips {len(plans)}.")
    plans = plans[:clips]
    told = progress or (lambda done: None)
    cuts = fill_bank(
        plans, out, packages, seed=seed, races=workers, progress=lambda done: told(RACING * done)
    )
    by_id = {track.id: track for track in tracks}
    shouts = shouts_folder(packages) if human_shouts else None
    told(RACING)
    of_clip = {plan.id: tuple(cut for cut in cuts if cut.clip == plan.id) for plan in plans}
    jobs = [
        Job(plan, by_id[plan.track], packages, out, shouts, of_clip[plan.id], look)
        for plan in plans
        if not (out / "clips" / plan.id / "clip.json").is_file()
    ]
    return work_off(
        out, jobs, make_clip, total=len(plans), workers=workers,
        progress=lambda done: told(RACING + (1 - RACING) * done),
    )  # fmt: skip


def race_plans(plans: Sequence[ClipPlan], *, train: bool) -> list[ClipPlan]:
    """Freedoom400's plans for the other game: the map is the light, for courses change with the shots."""
    return [
        replace(plan, wad="etr", map=light_of(plan.drive.light))
        for plan in plans
        if train or plan.split == "test"
    ]


def make_clip(job: Job) -> None:
    """Make one clip from its cuts."""
    bank = {footage.take.id: footage for footage in read_bank(job.out / "bank")}

    def play(picture: Path) -> Recording:
        return film(job.plan, job.cuts, bank, picture, job.look)

    assemble(job.plan, job.track, job.packages, job.out, shouts=job.shouts, play=play)


def fill_bank(
    plans: Sequence[ClipPlan], out: Path, packages: Path, *, seed: int, races: int, progress: Progress
) -> list[Cut]:
    """Record races until every shot of every plan has its footage; what was cut before stays as it is.

    Raises `UserError` when the game does not yield enough.
    """
    bank, known = out / "bank", out / "cuts.json"
    bank.mkdir(exist_ok=True)
    settled = [Cut(**row) for row in json.loads(known.read_text(encoding="utf-8"))] if known.is_file() else []
    cut_already = {cut.clip for cut in settled}
    shots = [shot for plan in plans if plan.id not in cut_already for shot in shots_of(plan)]
    for number in range(ROUNDS):
        cuts, unmet = choose(shots, read_bank(bank), settled)
        if not unmet:
            write_whole(known, json.dumps([asdict(cut) for cut in [*settled, *cuts]]))
            return [*settled, *cuts]
        _record(_takes(bank, unmet, seed, resume=not number), packages, bank, races, progress)
    raise UserError(
        f"The game gave too little footage: {len(unmet)} shots have none. Run the command again, with fewer "
        "--workers when the machine is busy."
    )


def _takes(bank: Path, unmet: Sequence[Shot], seed: int, *, resume: bool) -> list[Take]:
    """The takes of a round; one that an earlier call broke off is gone on with first."""
    path = bank / "round.json"
    planned = [Take(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []
    left = [take for take in planned if not (bank / take.id / "take.json").is_file()]
    if resume and left:
        return left
    names = [*(take.id for take in planned), *(footage.take.id for footage in read_bank(bank))]
    takes = takes_for(unmet, 1 + max((int(name.split("-")[-1]) for name in names), default=-1), seed)
    path.write_text(json.dumps([asdict(take) for take in takes]), encoding="utf-8")
    return takes


def _record(takes: Sequence[Take], packages: Path, bank: Path, races: int, progress: Progress) -> None:
    """Record takes, ``races`` at once; one that fails leaves the others alone, the next round makes it up."""
    failed = {}
    with ThreadPoolExecutor(max(1, races)) as pool:
        waiting = {pool.submit(record_take, take, packages, bank): take for take in takes}
        try:
            for number, future in enumerate(as_completed(waiting)):
                problem = future.exception()
                if isinstance(problem, UserError):
                    raise problem
                if problem is not None:
                    failed[waiting[future].id] = repr(problem)
                    (bank / "failed.json").write_text(json.dumps(failed, indent=1), encoding="utf-8")
                progress((number + 1) / len(takes))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
