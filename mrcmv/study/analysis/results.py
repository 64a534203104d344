"""Everything a study found, with and without its exclusions."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mrcmv.study.analysis.exclusions import Kept, count, exclude
from mrcmv.study.analysis.plan import Plan
from mrcmv.study.analysis.preference import Preference, preferences
from mrcmv.study.analysis.ratings import Rated, rate
from mrcmv.study.analysis.reliability import (
    Agreement,
    Share,
    Times,
    agreements,
    repeated,
    share_of,
    sides,
    times,
)
from mrcmv.study.analysis.strengths import Davidson, Strengths, bradley_terry, davidson
from mrcmv.study.analysis.votes import order_of, read_table, read_votes

Rows = Path | Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Findings:
    """What a set of votes says. ``shares``: how often each method was chosen of its decided comparisons, or,
    in a best-of study, of all trials (then they sum to one)."""

    participants: int
    clips: int
    votes: int
    ties: int
    unseen: int
    preferences: tuple[Preference, ...]
    shares: tuple[Share, ...]
    strengths: Strengths
    davidson: Davidson | None
    agreement: tuple[Agreement, ...]
    side: Share
    times: tuple[Times, ...]


@dataclass(frozen=True)
class Results:
    """``main`` follows the design's exclusions; ``everyone`` leaves nobody out."""

    plan: Plan
    study: str
    design_hash: str
    kept: Kept
    main: Findings
    everyone: Findings
    repeats: Share
    within: Agreement
    attention: Share
    rated: tuple[Rated, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All numbers; what could not be computed is null."""
        return _plain(
            {
                "study": self.study,
                "design_hash": self.design_hash,
                "plan": dataclasses.asdict(self.plan),
                "rules": self.plan.rules(),
                "flow": [dataclasses.asdict(step) for step in self.kept.flow],
                "main": dataclasses.asdict(self.main),
                "everyone": dataclasses.asdict(self.everyone),
                "repeats": dataclasses.asdict(self.repeats),
                "agreement_within": dataclasses.asdict(self.within),
                "attention": dataclasses.asdict(self.attention),
                "ratings": [dataclasses.asdict(each) for each in self.rated],
            }
        )


def analyse(
    source: Rows, plan: Plan, ratings: Rows | None = None, participants: Rows | None = None
) -> Results:
    """Read the rows of one study and compute everything; raises `UserError` for rows of no use."""
    frame = read_votes(source, plan)
    people = None if participants is None else read_table(participants, ("participant", "state"))
    kept = exclude(frame, plan, people)
    repeat, within = repeated(frame, kept.participants, plan)
    items = frame[frame["is_attention"] & (frame["choice"] != "")].drop_duplicates("trial")
    passed = items["attention_ok"].fillna(True).astype(bool)
    main = findings(kept.votes, plan)
    everyone = main if len(kept.votes) == len(kept.everyone) else findings(kept.everyone, plan)
    return Results(
        plan, _one(frame, "study_id"), _one(frame, "design_hash"), kept,
        main, everyone, repeat, within,
        share_of("Attention items passed", int(passed.sum()), len(items), plan.level),
        () if ratings is None else tuple(rate(ratings, plan, kept.participants)),
    )  # fmt: skip


def findings(votes: pd.DataFrame, plan: Plan) -> Findings:
    """What these votes [n] say; no votes at all give empty tables, never an error."""
    methods = order_of(votes, plan)
    trials = votes.drop_duplicates("trial")
    return Findings(
        votes["participant"].nunique(), votes["clip_id"].nunique(), count(votes),
        int((trials["choice"] == "tie").sum()), int(trials["unseen"].sum()),
        tuple(preferences(votes, plan)), tuple(_shares(votes, methods, plan)),
        bradley_terry(votes, plan, methods), davidson(votes, methods),
        () if plan.best_of else tuple(agreements(votes, methods)),
        sides(trials.iloc[:0] if plan.best_of else trials, plan),
        tuple(times(trials)),
    )  # fmt: skip


def _shares(votes: pd.DataFrame, methods: list[str], plan: Plan) -> list[Share]:
    out = []
    trials = votes.drop_duplicates("trial")
    for name in methods:
        facing = votes[((votes["a"] == name) | (votes["b"] == name)) & (votes["score"] != 0.5)]
        if plan.best_of:
            won, of = int((trials["winner_method"] == name).sum()), len(trials)
        else:
            won, of = int((facing["score"] == (facing["a"] == name)).sum()), len(facing)
        out.append(share_of(name, won, of, plan.level))
    return out


def per_clip(votes: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """Votes on every clip: columns clip, a, b, ties, share (of ``a`` in decided votes)."""
    found = votes[((votes["a"] == a) & (votes["b"] == b)) | ((votes["a"] == b) & (votes["b"] == a))]
    score = found["score"].where(found["a"] == a, 1 - found["score"])
    table = pd.crosstab(found["clip_id"], score).reindex(columns=[1.0, 0.0, 0.5], fill_value=0)
    table.columns = pd.Index(["a", "b", "ties"])
    table["share"] = table["a"] / (table["a"] + table["b"])
    return table.reset_index(names="clip")


def _one(frame: pd.DataFrame, column: str) -> str:
    return str(frame[column].iloc[0]) if len(frame) else ""


def _plain(value: Any) -> Any:
    """JSON knows no NaN and no numpy number."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else None
