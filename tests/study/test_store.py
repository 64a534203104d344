"""The store: joining, going on, answering once, watching, withdrawing, exporting."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mrcmv.media import UserError
from mrcmv.study import COLUMNS
from mrcmv.study.export import cell, export, export_recruiter_ids, rating_rows, rows
from mrcmv.study.manifest import Equal
from mrcmv.study.store import Answer, Refused, Store, StudyFull, StudyShut, Told
from tests.study.designs import small
from tests.study.stimuli import fake_manifest


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_store(tmp_path: Path, clock: Clock):  # type: ignore[no-untyped-def]
    stores: list[Store] = []

    def open_(name: str = "a", equal: tuple[Equal, ...] = (), **changes: Any) -> Store:
        manifest = fake_manifest(tmp_path / name, small(**changes), equal=equal)
        stores.append(Store(f"sqlite:///{tmp_path / name}.sqlite", manifest, clock))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def joined(store: Store, **told: Any) -> str:
    token = store.join(Told("1", **told))
    store.checks(token, "yes")
    return token


def finish(
    store: Store,
    clock: Clock,
    token: str,
    choose: Callable[[Any], int | None] = lambda shown: 0,
    trials: int = 1000,
    **answers: Any,
) -> None:
    for _ in range(trials):
        shown = store.where(token).trial
        if shown is None:
            return
        for slot in shown.slots:
            store.sent(slot.media, 1000)
        clock.pass_(9)
        said = Answer("r" * 8, choose(shown), answers, (4.0, 4.0), 2)
        assert store.vote(token, shown.trial, said)


def test_a_participant_from_joining_to_the_row(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store()
    token = store.join(Told("1", "phone"))
    assert store.where(token).stage == "checks"
    store.checks(token, "passed")
    shown = store.where(token).trial
    assert (shown.kind, shown.number, shown.total) == ("practice", 0, 4)
    finish(store, clock, token)
    assert store.where(token).stage == "done"
    found = list(rows(store, store.design))
    assert [list(row) for row in found] == [list(COLUMNS)] * 4
    assert [row["trial_index"] for row in found] == [1, 2, 3, 4]
    first = found[0]
    assert first["choice"] == "left"
    assert first["winner_method"] == first["method_left"]
    assert first["track_left"] == f"track-{first['method_left']}-{first['clip_id']}"
    assert first["rt_ms"] == 9000
    assert (first["watched_left_s"], first["watched_right_s"], first["plays"]) == (4.0, 4.0, 2)
    assert first["pair_id"] == "network~chance"
    assert first["answered_at"] == "2026-11-28T12:00:18.000Z"
    assert (first["device_class"], first["headphones"]) == ("phone", "passed")
    assert first["design_hash"] == store.design.hash
    assert {row["clip_id"] for row in found} == {clip.id for clip in store.design.clips}


def test_an_answer_counts_once_however_often_it_is_sent(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    token = joined(store)
    shown = store.where(token).trial
    assert store.vote(token, shown.trial, Answer("one", 0))
    assert not store.vote(token, shown.trial, Answer("one", 0))
    assert not store.vote(token, shown.trial, Answer("two", 1))  # another tab, late
    assert store.where(token).trial.number == 1
    finish(store, clock, token)
    assert len(list(rows(store, store.design))) == 4


def test_only_the_trial_that_is_on_can_be_answered_and_only_by_its_owner(open_store) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    mine, yours = joined(store), joined(store)
    trial = store.where(mine).trial.trial
    for token, wrong in ((yours, trial), (mine, "nothing"), ("nobody", trial)):
        with pytest.raises(Refused) as refused:
            store.vote(token, wrong, Answer("r", 0))
        assert refused.value.status == 404


def test_too_little_watched_is_refused_whatever_the_browser_says(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store()  # 80 % of 4 s, twice
    token = joined(store)
    shown = store.where(token).trial
    for slot in shown.slots:
        store.sent(slot.media, 1000)
    clock.pass_(2)
    with pytest.raises(Refused) as refused:
        store.vote(token, shown.trial, Answer("r", 0, {}, (4.0, 4.0), 2))
    assert refused.value.code == "watch"
    assert sum(store.watched(token, shown.trial, (4.0, 4.0), 2)) <= 3.01  # 2 s and the slack
    clock.pass_(6)
    assert store.watched(token, shown.trial, (3.2, 3.0), 2) == [3.2, 3.0]
    assert store.vote(token, shown.trial, Answer("r", 0, {}, (3.2, 3.1), 2))


def test_a_video_that_was_never_sent_was_not_watched(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store()
    token = joined(store)
    shown = store.where(token).trial
    store.sent(shown.slots[0].media, 1000)
    store.sent(shown.slots[1].media, 100)
    clock.pass_(60)
    with pytest.raises(Refused):
        store.vote(token, shown.trial, Answer("r", 0, {}, (4.0, 4.0), 2))
    store.sent(shown.slots[1].media, 1000)
    assert store.vote(token, shown.trial, Answer("r", 0, {}, (4.0, 4.0), 2))


def test_after_a_return_the_same_trial_is_there_and_time_starts_again(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    token = joined(store)
    finish(store, clock, token, trials=2)
    before = store.where(token).trial
    clock.pass_(3600)
    again = Store(str(store._engine.url), store.manifest, clock)  # another process
    again.enter(token)
    assert again.where(token).trial == before
    clock.pass_(5)
    again.vote(token, before.trial, Answer("r", None))
    found = list(rows(again, again.design))
    assert found[1]["rt_ms"] == 5000
    assert found[0]["session"] != found[1]["session"]
    again.close()


def test_forty_participants_fill_cells_evenly_with_sides_within_one(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    methods = [{"name": name, "kind": "random"} for name in "abc"]
    store = open_store(methods=methods, session={"trials": 3, "watch_share": 0})
    for _ in range(40):
        finish(store, clock, joined(store))
    found = list(rows(store, store.design))
    lean: Counter[str] = Counter()
    fill: Counter[tuple[str, str]] = Counter()
    for row in found:
        lean[row["pair_id"]] += 1 if row["pair_id"].startswith(row["method_left"]) else -1
        fill[row["pair_id"], row["clip_id"]] += 1
    assert len(found) == 120
    assert set(lean) == {"a~b", "a~c", "b~c"}
    assert max(abs(value) for value in lean.values()) <= 1
    assert set(fill.values()) == {10}


def test_what_idle_people_left_is_given_to_others_and_a_full_study_says_so(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store(assignments_per_cell=1, session={"trials": 4, "watch_share": 0, "idle_minutes": 60})
    idle = joined(store)
    with pytest.raises(StudyFull):
        store.join(Told("1"))
    clock.pass_(3601)
    finish(store, clock, joined(store))
    with pytest.raises(StudyFull):
        store.join(Told("1"))
    assert store.counts().answers == 4
    assert store.where(idle).stage == "trial"  # may still go on


def test_withdrawing_deletes_everything_but_the_number(open_store, clock: Clock, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    token = joined(store, recruiter=("5f0000000000000000000001", "s", "x"))
    finish(store, clock, token, trials=3)
    store.withdraw(token)
    with pytest.raises(Refused):
        store.where(token)
    assert list(rows(store, store.design)) == []
    assert store.recruiter_ids() == []
    assert (store.counts().withdrawn, store.counts().answers) == (1, 0)
    store.close()
    with sqlite3.connect(tmp_path / "a.sqlite") as database:
        assert "5f0000000000000000000001" not in "\n".join(database.iterdump())


def test_a_recruiters_id_comes_back_to_the_same_place_and_stays_apart(  # type: ignore[no-untyped-def]
    open_store, clock: Clock, tmp_path: Path
) -> None:
    store = open_store(session={"trials": 4, "watch_share": 0})
    person = ("5f0000000000000000000001", "study-1", "session-1")
    token = joined(store, recruiter=person)
    finish(store, clock, token, trials=3)
    other = store.join(Told("1", recruiter=person))
    assert other != token
    assert store.where(other).trial == store.where(token).trial
    assert store.counts().joined == 1
    export(store, tmp_path / "out")
    for file in (tmp_path / "out").iterdir():
        assert "5f0000000000000000000001" not in file.read_text()
    export_recruiter_ids(store, tmp_path / "ids.csv")
    (row,) = csv.DictReader((tmp_path / "ids.csv").open())
    assert row["PROLIFIC_PID"] == person[0]
    assert row["participant"] == next(rows(store, store.design))["participant"]


def test_paused_takes_nobody_in_but_the_answer_on_its_way_and_closed_takes_none(open_store) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    token = joined(store)
    shown = store.where(token).trial
    store.set_status("paused")
    with pytest.raises(StudyShut):
        store.join(Told("1"))
    assert store.vote(token, shown.trial, Answer("r", 0))
    with pytest.raises(StudyShut):
        store.where(token)
    store.set_status("open")
    shown = store.where(token).trial
    store.set_status("closed")
    with pytest.raises(StudyShut):
        store.vote(token, shown.trial, Answer("r", 0))


def test_equal_tracks_are_left_out_or_entered_as_ties_without_being_shown(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    def equal(treatment: str) -> tuple[Equal, ...]:
        return (Equal("clip-2", "network", "chance", "same", treatment),)

    left_out = open_store("skip", equal("skip"), session={"trials": 4, "watch_share": 0})
    finish(left_out, clock, joined(left_out))
    assert {row["clip_id"] for row in rows(left_out, left_out.design)} == {"clip-0", "clip-1", "clip-3"}
    tied = open_store("tie", equal("tie"), session={"trials": 4, "watch_share": 0})
    token = joined(tied)
    assert tied.where(token).trial.total == 3
    finish(tied, clock, token)
    (row,) = (row for row in rows(tied, tied.design) if row["clip_id"] == "clip-2")
    assert (row["choice"], row["reasons"], row["rt_ms"]) == ("tie", "equal-top-1", None)
    assert row["winner_method"] == ""


def test_the_best_of_three_makes_two_rows_a_trial(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    methods = [{"name": name, "kind": "random"} for name in "abc"]
    store = open_store(
        methods=methods, comparison={"kind": "best-of"}, session={"trials": 4, "watch_share": 0}
    )
    finish(store, clock, joined(store), choose=lambda shown: 1)
    found = list(rows(store, store.design))
    assert len(found) == 8
    for row in found:
        won = row["method_left"] if row["choice"] == "left" else row["method_right"]
        assert row["winner_method"] == won
    assert {row["choice"] for row in found} == {"left", "right"}


def test_attention_repeats_ratings_and_words_are_in_the_tables(  # type: ignore[no-untyped-def]
    open_store, clock: Clock, tmp_path: Path
) -> None:
    store = open_store(
        questions=[
            {"kind": "preference", "text": "Which?", "tie": True},
            {"kind": "confidence"},
            {"kind": "rating", "id": "fit", "text": "How well?", "low": "bad", "high": "good"},
            {"kind": "text", "text": "Why?"},
        ],
        attention=[{"kind": "instructed", "clip": "clip-1", "answer": "right"}],
        session={"trials": 4, "watch_share": 0, "repeats": 2},
    )
    said = {"confidence": 3, "fit": [1, 5], "reasons": "=HYPERLINK(1)"}
    finish(store, clock, joined(store), **said)
    export(store, tmp_path)
    answers = list(csv.DictReader((tmp_path / "answers.csv").open()))
    assert Counter((row["is_attention"], row["is_repeat"]) for row in answers) == {
        ("false", "false"): 4,
        ("true", "false"): 1,
        ("false", "true"): 2,
    }
    (check,) = (row for row in answers if row["is_attention"] == "true")
    assert check["attention_ok"] == "false"  # everybody here takes the left one
    assert {row["attention_ok"] for row in answers if row is not check} == {""}
    assert {row["reasons"] for row in answers} == {"'=HYPERLINK(1)"}
    assert {row["confidence"] for row in answers} == {"3"}
    assert store.counts().attention_failed == 1
    fits = [row for row in rating_rows(store, store.design) if row["question"] == "fit"]
    assert [(row["position"], row["value"]) for row in fits] == [(1, 1), (2, 5)] * 7
    book = (tmp_path / "codebook.md").read_text()
    assert all(f"| {column} |" in book for column in COLUMNS)


@pytest.mark.parametrize(
    ("value", "written"),
    [("=1", "'=1"), (" +1", "' +1"), ("@a", "'@a"), ("-a", "'-a"), ("\ta", "'\ta"), ("a=1", "a=1"), (-3, -3)],
)
def test_no_cell_is_a_formula(value: Any, written: Any) -> None:
    assert cell(value) == written


def test_a_database_belongs_to_one_design(open_store, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    store = open_store()
    other = fake_manifest(tmp_path / "other", small(seed=8))
    with pytest.raises(UserError, match="another design"):
        Store(str(store._engine.url), other)
    for url in ("mysql://localhost/x", "nonsense"):
        with pytest.raises(UserError, match="cannot be used"):
            Store(url, other)
    with pytest.raises(UserError, match="not reached"):
        Store("postgresql://localhost:1/nothing", other)


def test_counts_name_no_method_and_no_clip(open_store, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    store = open_store(session={"trials": 4, "watch_share": 0})
    finish(store, clock, joined(store))
    counts = store.counts()
    assert [each[1:] for each in counts.cells] == [(1, 40)] * 4
    assert "clip" not in str(counts)
    assert "network" not in str(counts)


def test_every_commit_is_on_the_disk_before_it_is_answered(open_store) -> None:  # type: ignore[no-untyped-def]
    store = open_store()
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
