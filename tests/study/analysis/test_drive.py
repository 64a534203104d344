"""A study from its design through the store to the report, answered by simulated people."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mrcmv.media import UserError
from mrcmv.study.analysis import Plan, World
from mrcmv.study.analysis.drive import pretended, run, simulate_study, template_design, truths
from mrcmv.study.analysis.files import analyse_files
from mrcmv.study.export import export
from mrcmv.study.store import Store, Told
from tests.study.designs import small

METHODS = ("mrcmv", "cmmr-style", "cbvmr", "random")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("driven")
    design = small(
        methods=[{"name": name, "kind": "random"} for name in METHODS],
        clips=[{"id": f"clip{n}", "file": f"{n}.mp4"} for n in range(8)],
        questions=[
            {"kind": "preference", "text": "Which?", "tie": True},
            {"kind": "rating", "id": "fit", "text": "How well?", "low": "Badly", "high": "Well"},
            {"kind": "confidence"},
        ],
        session={"trials": 6, "repeats": 2},
        attention=[{"kind": "instructed", "clip": f"clip{n}"} for n in range(2)],
        exclusions=[{"rule": "failed-attention"}, {"rule": "incomplete"}],
    )
    here = World(dict(zip(METHODS, (1.0, 0.3, -0.3, -1.0), strict=True)), ties=0.3, inattentive=0.2, seed=3)
    run(pretended(design, out), here, 8, out)
    return out


def test_every_answer_is_exported(folder):
    rows = rows_of(folder / "answers.csv")
    assert len(rows) == 8 * (6 + 2 + 2)
    main = [each for each in rows if each["is_attention"] == each["is_repeat"] == "false"]
    assert Counter(each["participant"] for each in main).most_common()[-1][1] == 6
    for pair in {each["pair_id"] for each in main}:
        sides = Counter(each["method_left"] for each in main if each["pair_id"] == pair)
        assert max(sides.values()) - min(sides[name] for name in pair.split("~")) <= 1
    assert all(float(each["watched_left_s"]) >= 0.8 * 32 - 0.5 for each in rows)


def test_the_export_is_analysed_by_its_own_design(folder):
    results = analyse_files(folder, draws=60)
    assert results.plan.methods == METHODS
    assert results.plan.failed_attention == 0
    assert results.plan.trials == 10
    assert results.attention.n == 16
    assert results.repeats.n == 2 * results.main.participants
    (rated,) = results.rated
    assert [each.method for each in rated.means] == list(results.plan.methods)
    assert rated.means[0].mean > rated.means[-1].mean


def test_tables_beside_the_answers(folder):
    people, stimuli = rows_of(folder / "participants.csv"), rows_of(folder / "stimuli.csv")
    assert [(each["state"], each["trials"], each["answered"]) for each in people] == [
        ("done", "10", "10")
    ] * 8
    assert all(each["joined_at"].endswith("Z") and each["finished_at"].endswith("Z") for each in people)
    assert len(stimuli) == 8 * 4
    assert {each["duration_s"] for each in stimuli} == {"32.0"}
    book = (folder / "codebook.md").read_text(encoding="utf-8")
    for file in ("answers.csv", "ratings.csv", "participants.csv", "stimuli.csv"):
        assert f"## {file}" in book
        for column in rows_of(folder / file)[0]:
            assert f"| {column} |" in book


def test_who_withdrew_is_a_number_only(tmp_path):
    design = small(assignments_per_cell=9)
    store = Store(f"sqlite:///{tmp_path / 'a.sqlite'}", pretended(design, tmp_path))
    tokens = [store.join(Told("1")) for _ in range(3)]
    store.withdraw(tokens[1])
    export(store, tmp_path)
    store.close()
    found = rows_of(tmp_path / "participants.csv")
    assert sorted(each["state"] for each in found) == ["active", "active", "withdrawn"]
    (gone,) = [each for each in found if each["state"] == "withdrawn"]
    assert set(gone.values()) == {"", "withdrawn"}
    flow = analyse_files(tmp_path, draws=60).kept.flow
    assert [(step.what, step.participants) for step in flow[:3]] == [
        ("Gave consent", 3), ("Withdrew, everything deleted", 2), ("Answered nothing", 0)
    ]  # fmt: skip


def test_answers_to_another_design_are_refused(folder, tmp_path):
    other = small()
    path = tmp_path / "design.json"
    path.write_text(other.model_dump_json())
    with pytest.raises(UserError, match="another design"):
        analyse_files(folder, path, draws=60)


def test_missing_files_are_told(tmp_path, folder):
    with pytest.raises(UserError, match=r"answers\.csv"):
        analyse_files(tmp_path)
    (tmp_path / "answers.csv").write_bytes((folder / "answers.csv").read_bytes())
    with pytest.raises(UserError, match="--design"):
        analyse_files(tmp_path)


def test_best_of_designs_are_driven(tmp_path):
    methods = [{"name": name, "kind": "random"} for name in ("one", "two", "three")]
    design = small(methods=methods, comparison={"kind": "best-of"}, assignments_per_cell=20)
    here = World({"one": 1.5, "two": 0.0, "three": -1.5}, seed=1)
    run(pretended(design, tmp_path), here, 8, tmp_path)
    results = analyse_files(tmp_path, draws=60)
    assert results.plan.best_of
    assert results.main.votes == 8 * 4
    assert sum(each.count for each in results.main.shares) == 8 * 4
    assert results.main.shares[0].share > results.main.shares[2].share
    assert [each.what for each in truths(results, here)][:3] == [
        "one over two",
        "one over three",
        "two over three",
    ]


def test_command_line(tmp_path):
    from mrcmv.cli import app

    design = small(exclusions=[{"rule": "one-sided", "share": 0.99}])
    simulate_study(tmp_path, design=design, participants=4, draws=60, seed=2)
    out = tmp_path / "again"
    done = CliRunner().invoke(
        app, ["study", "results", str(tmp_path / "export"), "--out", str(out), "--draws", "60"]
    )
    assert done.exit_code == 0, done.output
    assert "network over chance: " in done.output
    assert (out / "report.html").is_file()
    told = CliRunner().invoke(app, ["study", "power", "--true", "0.65", "--json"])
    assert '"votes": 97' in told.output


@pytest.mark.parametrize(("template", "clips", "pairs"), [("table2", 40, 6), ("table3", 26, 1)])
def test_templates_become_designs(template, clips, pairs):
    design = template_design(template, 40)
    assert (len(design.clips), len(design.pairs)) == (clips, pairs)
    assert design.assignments_per_cell * clips * pairs >= 40 * design.session.trials
    assert len(design.attention) == 2
    assert template_design(template, 90).assignments_per_cell > design.assignments_per_cell


def test_a_template_from_its_file_to_its_report(tmp_path):
    known = simulate_study(tmp_path, template="table3", participants=6, draws=100, seed=1, clip_sd=0.3)
    assert [each.what for each in known] == ["network over random-tags"]
    assert known[0].held
    assert (tmp_path / "report" / "report.html").is_file()


def test_a_study_is_full_when_its_cells_are(tmp_path):
    design = small(assignments_per_cell=2)
    rows = run(pretended(design, tmp_path), World({"network": 1.0, "chance": 0.0}), 9, tmp_path)
    assert rows["answers.csv"] == 2 * 4
    assert Plan.from_design(design).trials == 4


def test_terminal_and_study_start_without_the_libraries_of_the_analysis():
    code = (
        "import sys, mrcmv.cli, mrcmv.study, mrcmv.study.store, mrcmv.study.export;"
        "heavy = {'pandas', 'statsmodels', 'choix', 'krippendorff', 'matplotlib'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
