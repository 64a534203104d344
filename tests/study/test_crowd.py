"""Many at once, killed servers, two servers on one database: no answer lost, none counted twice."""

from __future__ import annotations

import csv
import json
import random
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mrcmv.study.export import rows
from mrcmv.study.store import Store
from tests.study.processes import ROOT, Study, postgres
from tests.study.visitor import Visitor

PEOPLE = 50


@pytest.fixture
def make_study(tmp_path: Path) -> Iterator[Any]:
    made: list[Study] = []

    def make(**options: Any) -> Study:
        made.append(Study(tmp_path / str(len(made)), **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def exported(study: Study) -> list[dict[str, Any]]:
    store = Store(study.database, study.manifest)
    try:
        return list(rows(store, store.design))
    finally:
        store.close()


def crowd(urls: list[str], people: int) -> list[Visitor]:
    """So many participants at the same time; each changes servers, and every answer is sent twice."""

    def one(number: int) -> Visitor:
        clients = [httpx.Client(base_url=url, timeout=60) for url in urls]
        try:
            visitor = Visitor(clients[number % len(clients)])
            visitor.checks()
            step = 0
            while (state := visitor.state())["stage"] == "trial":
                trial, body = state["trial"], {"request": secrets.token_hex(16)}
                choice = random.Random(number * 100 + step).choice([0, 1, None])
                together = threading.Barrier(2)

                def send(
                    client: httpx.Client,
                    trial: Any = trial,
                    body: Any = body,
                    choice: Any = choice,
                    together: threading.Barrier = together,
                ) -> bool:
                    together.wait()
                    own = Visitor.__new__(Visitor)
                    own.client, own.token = client, visitor.token
                    answer = own.answer(trial, choice, **body)
                    assert answer.status_code == 200, answer.text
                    return bool(answer.json()["new"])

                with ThreadPoolExecutor(2) as pair:
                    new = list(pair.map(send, [clients[0], clients[-1]]))
                assert sorted(new) == [False, True]
                if not trial["practice"]:
                    visitor.confirmed.append(trial["id"])
                step += 1
                visitor.client = clients[step % len(clients)]
            return visitor
        finally:
            for client in clients:
                client.close()

    with ThreadPoolExecutor(people) as pool:
        return list(pool.map(one, range(people)))


def check_crowd(study: Study, visitors: list[Visitor]) -> None:
    found = exported(study)
    assert len(found) == sum(len(visitor.confirmed) for visitor in visitors) == 3 * len(visitors)
    assert max(Counter((row["participant"], row["trial_index"]) for row in found).values()) == 1
    assert len({row["participant"] for row in found}) == len(visitors)
    assert len({row["order_seed"] for row in found}) == len(visitors)
    lean: Counter[str] = Counter()
    for row in found:
        lean[row["clip_id"]] += 1 if row["method_left"] == "network" else -1
    assert abs(sum(lean.values())) <= 1
    assert max(abs(value) for value in lean.values()) <= 1


def test_fifty_at_once(make_study: Any) -> None:
    study = make_study()
    _, url = study.start()
    check_crowd(study, crowd([url], PEOPLE))
    out, ids = study.stimuli.parent / "data", study.stimuli.parent / "ids.csv"
    command = [sys.executable, "-m", "mrcmv", "study", "export", str(study.design), "--json"]
    command += ["--stimuli", str(study.stimuli), "--database", study.database]
    command += ["--out", str(out), "--recruiter-ids", str(ids)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["answers.csv"] == 3 * PEOPLE
    assert len(list(csv.DictReader((out / "answers.csv").open()))) == 3 * PEOPLE
    assert len(ids.read_text().splitlines()) == 1  # nobody came from a recruiter


def test_two_servers_on_one_postgresql(make_study: Any) -> None:
    with postgres() as database:
        study = make_study(database=database)
        urls = [study.start()[1], study.start()[1]]
        check_crowd(study, crowd(urls, PEOPLE))
        study.stop()


def through_kills(study: Study, times: int) -> None:
    """People answer while their server is killed again and again; each answer is sent until confirmed."""
    process, url = study.start()
    port = int(url.rsplit(":", 1)[1])
    stopping = threading.Event()
    confirmed: list[tuple[str, int | None]] = []

    def one(number: int) -> None:
        with httpx.Client(base_url=url, timeout=20) as client:
            visitor: Visitor | None = None
            lot = random.Random(number)
            while not stopping.is_set():
                try:
                    visitor = visitor or Visitor(client)
                    state = visitor.get("/api/state").json()
                    if state["stage"] == "checks":
                        visitor.checks()
                        continue
                    if state["stage"] == "done":
                        visitor = None
                        continue
                    trial, choice, request = state["trial"], lot.choice([0, 1, None]), secrets.token_hex(16)
                    while not stopping.is_set():
                        try:
                            answer = visitor.answer(trial, choice, request=request)
                        except httpx.TransportError:
                            time.sleep(0.02)
                            continue
                        assert answer.status_code == 200, answer.text
                        if not trial["practice"]:
                            confirmed.append((trial["id"], choice))
                        break
                except httpx.TransportError:
                    time.sleep(0.02)

    with ThreadPoolExecutor(6) as pool:
        people = [pool.submit(one, number) for number in range(6)]
        try:
            for _ in range(times):
                before = len(confirmed)
                while len(confirmed) < before + 3:
                    time.sleep(0.01)
                    assert not any(person.done() for person in people)
                study.kill(process)
                process, _ = study.start(port)
        finally:
            stopping.set()
        for person in people:
            person.result()
    store = Store(study.database, study.manifest)
    kept = {trial.id: vote.choice for _, trial, vote in store.answered() if trial.kind != "practice"}
    store.close()
    for trial_id, choice in confirmed:
        assert kept[trial_id] == choice
    assert len(exported(study)) == len(kept) >= len({trial_id for trial_id, _ in confirmed})


def test_ten_kills_lose_no_confirmed_answer(make_study: Any) -> None:
    through_kills(make_study(trials=30), 10)


def test_kills_lose_no_confirmed_answer_in_postgresql(make_study: Any) -> None:
    with postgres() as database:
        study = make_study(trials=30, database=database)
        through_kills(study, 2)
        study.stop()
