"""A study of simulated participants from its design to its export, through the store that real ones use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.media import Progress, work_folder
from mrcmv.study import Design
from mrcmv.study.analysis.people import Person, World
from mrcmv.study.analysis.results import Results
from mrcmv.study.analysis.simulate import BEGAN, SECONDS
from mrcmv.study.export import export
from mrcmv.study.manifest import Manifest, Stimulus
from mrcmv.study.parts import BestOf, Confidence, FreeText, Instructed, Preference, Rating
from mrcmv.study.reading import read_yaml
from mrcmv.study.starting import new_design
from mrcmv.study.store import Answer, Store, StudyFull, Told
from mrcmv.study.store.views import Shown

BYTES = 1_000_000  # of a pretended video


class Clock:
    """The study's clock: it passes as quickly as people answer."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def template_design(template: str, participants: int, seed: int = 0) -> Design:
    """The design that `study new` writes, on clips that need not exist, for so many participants or more."""
    with work_folder("mrcmv-") as folder:
        path = Path(folder) / "design.yaml"
        named = new_design(template, path)
        plain, _ = read_yaml(path)
    said = plain["clips"]
    names = [each["id"] for each in said] if named else [f"clip{n:02d}" for n in range(1, said["limit"] + 1)]
    plain["clips"] = [
        {"id": name, "file": f"{name}.mp4", "sha256": "0" * 64, "tags": ["any"]} for name in names
    ]
    plain["seed"] = seed
    design = Design.from_json(plain)
    needed = -(-participants * design.session.trials // (len(names) * len(design.pairs)))
    return design.model_copy(update={"assignments_per_cell": max(needed, design.assignments_per_cell)})


def pretended(design: Design, folder: Path) -> Manifest:
    """Stimuli that were never made: every method gave every clip a track of its own, 32 s long."""
    made = []
    for clip in design.clips:
        for method in design.method_names:
            name = hashlib.sha256(f"{design.seed}/{clip.id}/{method}".encode()).hexdigest()[:32]
            made.append(
                Stimulus(
                    name, clip.id, method, f"track-{name[:8]}", "Simulated", "Simulated", 0.0, 1,
                    SECONDS, -14.0, -1.0, 0.0, "", BYTES,
                )
            )  # fmt: skip
    return Manifest(folder, design, tuple(made))


def run(
    manifest: Manifest, world: World, participants: int, folder: Path, progress: Progress | None = None
) -> dict[str, int]:
    """Let people take part one after the other and export to ``folder``; returns rows by file.

    Stops early when the study is full. The database is ``simulated.sqlite`` in ``folder``, made anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "simulated.sqlite"
    for old in folder.glob(file.name + "*"):
        old.unlink()
    clock = Clock()
    store = Store(f"sqlite:///{file}", manifest, clock)
    try:
        for number in range(participants):
            if progress is not None:
                progress(number / participants)
            try:
                token = store.join(Told(manifest.design.consent.version))
            except StudyFull:
                break
            store.checks(token, "yes")
            _take_part(store, clock, token, Person(world, number))
        return export(store, folder)
    finally:
        store.close()


def _take_part(store: Store, clock: Clock, token: str, person: Person) -> None:
    design, number = store.design, 0
    while (here := store.where(token)).trial is not None:
        shown, number = here.trial, number + 1
        lengths = []
        for slot in shown.slots:
            stimulus = next(each for each in store.manifest.stimuli if each.id == slot.stimulus)
            store.sent(slot.media, stimulus.bytes)
            lengths.append(stimulus.duration_s)
        watched = tuple(max(person.watched(each), design.session.watch_share * each) for each in lengths)
        clock.wait(sum(watched) + person.seconds())
        choice, answers = _answer(store, shown, person)
        request = hashlib.sha256(f"{person.number}/{number}".encode()).hexdigest()[:32]
        store.vote(token, shown.trial, Answer(request, choice, answers, watched, len(watched)))


def _answer(store: Store, shown: Shown, person: Person) -> tuple[int | None, dict[str, Any]]:
    """Place of the chosen video, and the answers to all other questions."""
    design = store.design
    by_id = {each.id: each.method for each in store.manifest.stimuli}
    names = [by_id[slot.stimulus] for slot in shown.slots]
    answers: dict[str, Any] = {}
    for question in design.questions:
        if isinstance(question, Rating):
            answers[question.id] = [person.rate(shown.clip_id, name, question.points) for name in names]
        elif isinstance(question, Confidence):
            answers[question.id] = int(person.rng.integers(1, question.points + 1))
        elif isinstance(question, FreeText) and question.required:
            answers[question.id] = "Simulated."
        else:
            assert isinstance(question, Preference | FreeText)
    if shown.kind == "attention":
        item = design.attention[shown.item or 0]
        right = (
            (0 if item.answer == "left" else 1) if isinstance(item, Instructed) else names.index(item.better)
        )
        return (right if person.attends() else (right + 1) % len(names)), answers
    if isinstance(design.comparison, BestOf):
        return person.best(shown.clip_id, names), answers
    said = person.choose(shown.clip_id, names[0], names[1])
    if said == "tie" and not design.preference.tie:
        said = str(person.rng.choice(["left", "right"]))
    return {"left": 0, "right": 1, "tie": None}[said], answers


@dataclass(frozen=True)
class Known:
    """A true value, and what the analysis made of it."""

    what: str
    truth: float
    found: float
    low: float
    high: float

    @property
    def held(self) -> bool:
        return self.low <= self.truth <= self.high


def simulate_study(
    out: Path,
    *,
    template: str = "table3",
    design: Design | None = None,
    participants: int = 40,
    gap: float = 0.8,
    draws: int | None = None,
    progress: Progress | None = None,
    seed: int = 0,
    **settings: Any,
) -> list[Known]:
    """From a template or a design to a report: ``out/export``, ``out/report``; returns truths and estimates.

    The methods' true strengths fall in equal steps, ``gap`` from the first to the last; ``settings`` are
    those of `World`.
    """
    from mrcmv.study.analysis.files import analyse_files
    from mrcmv.study.analysis.report import write_report

    if design is None:
        design = template_design(template, participants, seed)
    names = design.method_names
    steps = np.linspace(gap / 2, -gap / 2, len(names))
    here = World(dict(zip(names, map(float, steps), strict=True)), **settings, seed=seed)
    run(pretended(design, out), here, participants, out / "export", progress)
    results = analyse_files(out / "export", draws=draws)
    write_report(results, out / "report")
    return truths(results, here)


def truths(results: Results, here: World) -> list[Known]:
    """Every share and strength of the results beside its true value over all people and clips."""
    half = results.plan.ties == "half"
    known = [
        Known(
            f"{each.a} over {each.b}", here.share(each.a, each.b, half_ties=half), each.share, *each.interval
        )
        for each in results.main.preferences
    ]
    scale = here.scale(half_ties=half)
    strengths = results.main.strengths.methods
    if len(strengths) > 2:
        known += [
            Known(f"strength of {each.method}", scale[each.method], each.value, each.low, each.high)
            for each in strengths
        ]
    return known
