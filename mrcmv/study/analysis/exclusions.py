"""Who and what is left out, by the rules fixed in the design, counted at each step."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mrcmv.study.analysis.plan import Plan

People = set[str]


@dataclass(frozen=True)
class Step:
    """One box of the flow diagram: what was left out here, and what is left after it."""

    what: str
    participants_out: int
    votes_out: int
    participants: int
    votes: int


@dataclass(frozen=True)
class Kept:
    """Votes that count, and how it came to them. ``everyone`` are all answered votes, nobody left out."""

    votes: pd.DataFrame
    everyone: pd.DataFrame
    flow: tuple[Step, ...]

    @property
    def participants(self) -> People:
        return set(self.votes["participant"])


def exclude(frame: pd.DataFrame, plan: Plan, people: pd.DataFrame | None = None) -> Kept:
    """Apply the plan's rules one after the other: whole participants first, then single votes.

    ``frame`` is that of `read_votes`. Whoever breaks two rules is counted at the first. ``people`` are
    all who gave consent (participants.csv): the flow then begins with them, and who did not finish is told
    by the trials that each was assigned, which are fewer than the design's where comparisons were skipped.
    """
    items = frame[~frame["is_attention"] & ~frame["is_repeat"]]
    everyone = votes = items[items["choice"] != ""]
    flow = _beginning(
        None if people is None else people["state"], frame["participant"].nunique(), count(items)
    )
    _step(flow, "Not answered", votes)
    assigned = _assigned(frame, plan, people)
    for what, asked, broken in (
        ("Did not finish", plan.incomplete, lambda frame, plan: _unfinished(frame, plan, assigned)),
        ("Failed attention items", plan.failed_attention, _inattentive),
        ("Without headphones", plan.headphones, _without_headphones),
        ("Always the same side", plan.one_sided, _one_sided),
        ("Inconsistent with themselves", plan.inconsistent, _inconsistent),
    ):
        if asked is not None:
            votes = votes[~votes["participant"].isin(broken(frame, plan))]
            _step(flow, what, votes)
    if plan.too_fast_s is not None:
        votes = votes[~(votes["rt_ms"] < 1000 * plan.too_fast_s)]
        _step(flow, "Answered too fast", votes)
    if plan.watched_s is not None:
        # a pair with equal tracks was never shown, so nobody could watch it; else a missing time is no proof
        watched = votes[["watched_left_s", "watched_right_s"]].min(axis=1, skipna=False)
        votes = votes[(watched >= plan.watched_s) | votes["unseen"]]
        _step(flow, "Watched too little", votes)
    return Kept(votes, everyone, tuple(flow))


def _beginning(states: pd.Series | None, began: int, trials: int) -> list[Step]:
    if states is None:
        return [Step("Began", 0, 0, began, trials)]
    gone = int((states == "withdrawn").sum())
    stayed = len(states) - gone
    return [
        Step("Gave consent", 0, 0, len(states), trials),
        Step("Withdrew, everything deleted", gone, 0, stayed, trials),
        Step("Answered nothing", stayed - began, 0, began, trials),
    ]


def count(votes: pd.DataFrame) -> int:
    """Number of trials: the best of N makes several rows of one."""
    return int(votes["trial"].nunique())


def _answered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["choice"] != ""]


def _assigned(frame: pd.DataFrame, plan: Plan, people: pd.DataFrame | None) -> pd.Series:
    """Trials that each participant was to answer, checks and repeats included.

    Without participants.csv nobody knows what was skipped: then the most that anybody has, or the design's
    number where that is less.
    """
    by = frame.groupby("participant")["trial"].nunique()
    most = int(by.max()) if len(by) else 0
    assigned = pd.Series(min(plan.trials or most, most), index=by.index, dtype=float)
    if people is not None and "trials" in people.columns:
        told = pd.to_numeric(people.set_index("participant")["trials"], errors="coerce")
        told = told[~told.index.duplicated() & (told.index != "")]
        assigned = told.reindex(by.index).fillna(assigned)
    return assigned


def _unfinished(frame: pd.DataFrame, plan: Plan, assigned: pd.Series) -> People:
    """Participants with too small a share of their trials."""
    done = _answered(frame).groupby("participant")["trial"].nunique().reindex(assigned.index, fill_value=0)
    return set(done.index[done < (plan.incomplete or 0) * assigned - 1e-9])


def _inattentive(frame: pd.DataFrame, plan: Plan) -> People:
    failed = frame[frame["is_attention"] & (frame["choice"] != "") & ~frame["attention_ok"].fillna(True)]
    times = failed.groupby("participant")["trial"].nunique()
    return set(times.index[times > (plan.failed_attention or 0)])


def _without_headphones(frame: pd.DataFrame, plan: Plan) -> People:
    refused = {"no", "failed"} if plan.headphones == "test" else {"no"}
    return set(frame.loc[frame["headphones"].str.lower().isin(refused), "participant"])


def _one_sided(frame: pd.DataFrame, plan: Plan) -> People:
    decided = frame[frame["choice"].isin(["left", "right"]) & ~frame["is_attention"]]
    left = (decided["choice"] == "left").groupby(decided["participant"]).mean()
    limit = 1.0 if plan.one_sided is None else plan.one_sided
    return set(left.index[left.where(left >= 0.5, 1 - left) > limit])


def _inconsistent(frame: pd.DataFrame, plan: Plan) -> People:
    both = repeats(frame)
    same = (both["score"] == both["score_again"]).groupby(both["participant"]).mean()
    return set(same.index[same < (plan.inconsistent or 0)])


def repeats(frame: pd.DataFrame) -> pd.DataFrame:
    """Answers to what was shown twice: one row each, ``score`` and ``score_again``."""
    answered = _answered(frame[~frame["is_attention"]])
    key = ["participant", "clip_id", "a", "b"]
    return answered[~answered["is_repeat"]].merge(
        answered[answered["is_repeat"]], on=key, suffixes=("", "_again")
    )


def _step(flow: list[Step], what: str, left: pd.DataFrame) -> None:
    before, people, votes = flow[-1], left["participant"].nunique(), count(left)
    flow.append(Step(what, before.participants - people, before.votes - votes, people, votes))
