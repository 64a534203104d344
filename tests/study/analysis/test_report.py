"""From rows to the files a researcher gets: hostile names, empty studies, the tables' forms."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from mrcmv.media import UserError
from mrcmv.study import COLUMNS
from mrcmv.study.analysis import Plan, analyse, layout, simulate, world
from mrcmv.study.analysis.report import write_report
from mrcmv.study.analysis.tables import table2, table3, tables
from tests.study.analysis.rows import row, votes


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory):
    """A whole simulated study of four methods, reported."""
    shown = layout("table2")
    rows = simulate(shown, world("table2", ties=0.4, inattentive=0.1, seed=5), 30)
    results = analyse(rows, shown.plan(draws=60))
    folder = tmp_path_factory.mktemp("report")
    write_report(results, folder)
    return results, folder


def test_all_files_are_there(study):
    _, folder = study
    assert {path.name for path in (folder / "plots").iterdir()} == {
        "preferences.svg", "strengths.svg", "flow.svg", "clips.svg", "times.svg",
    }  # fmt: skip
    assert {path.stem for path in (folder / "tables").iterdir()} >= {
        "preferences",
        "table2",
        "flow",
        "clips",
        "strengths",
    }
    numbers = json.loads((folder / "results.json").read_text())
    assert len(numbers["main"]["preferences"]) == 6
    assert numbers["main"]["votes"] + numbers["flow"][-1]["votes_out"] <= numbers["everyone"]["votes"]


def test_page_stands_alone(study):
    page = (study[1] / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == 5
    for outside in ("<script", "http://", "https://", "<link", "@import", "url("):
        assert outside not in page


def test_table_two(study):
    results, folder = study
    found = table2(results.main)
    assert [each["method"] for each in found] == ["mrcmv", "cmmr-style", "cbvmr", "random"]
    assert found[0]["over random"] + found[3]["over mrcmv"] == pytest.approx(100)
    assert table(folder / "tables" / "table2.csv")[0]["over random"] == str(
        found[0]["over random"]
    ).removesuffix(".0")


def test_table_three():
    rows = votes(36, 12, ties=4)
    found = table3(analyse(rows, Plan(methods=("a", "b"), against="b", draws=60)).main)
    assert [
        (each["method"], each["preferred"], each["against_preferred"], each["ties"]) for each in found
    ] == [("a", 75.0, 25.0, 4)]


def test_clips_sum_to_the_pair(study):
    results, folder = study
    first = results.main.preferences[0]
    rows = [
        each
        for each in table(folder / "tables" / "clips.csv")
        if (each["first"], each["second"]) == (first.a, first.b)
    ]
    assert sum(int(each["a"]) for each in rows) == first.votes_a
    assert sum(int(each["ties"]) for each in rows) == first.ties


def test_hostile_names_are_escaped(tmp_path):
    bad, cell = "<script>alert(1)</script>$x^2$", '=HYPERLINK("http://x")'
    rows = [
        row(f"p{n % 5}", f"{cell}{n % 4}", "left" if n % 3 else "right", bad, cell, study_id=bad, rt_ms=4000)
        for n in range(40)
    ]
    write_report(analyse(rows, Plan(draws=60)), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for path in (tmp_path / "tables").iterdir():
        for line in table(path):
            assert not any(str(value).startswith("=") for value in line.values()), path.name
    assert table(tmp_path / "tables" / "clips.csv")[0]["clip"].startswith("'=HYPERLINK")


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row("p", "c", "left")],
        [row("p", "c", "")],
        votes(0, 0, ties=12),
        votes(20, 0),
        votes(6, 4, people=1),
        [row("p", "c", "left", is_attention=True, attention_ok=False)],
        [row("p", "c", "left", "a", "a")],
    ],
)
def test_degenerate_studies_are_reported(tmp_path, rows):
    results = analyse(rows, Plan(methods=("a", "b", "never"), draws=60, failed_attention=0, incomplete=1.0))
    page = write_report(results, tmp_path).read_text(encoding="utf-8")
    assert "nan" not in page.replace("Nanum", "").lower().split("<body>")[1].split("data:image")[0]
    json.loads((tmp_path / "results.json").read_text(), parse_constant=lambda name: pytest.fail(name))


def test_best_of_shares_sum_to_one():
    rows = []
    for n, won in enumerate("a" * 10 + "b" * 6 + "c" * 4):
        rows += [
            {**row(f"p{n % 5}", f"c{n % 4}", "left", won, lost, trial_index=n), "winner_method": won}
            for lost in "abc" if lost != won
        ]  # fmt: skip
    results = analyse(rows, Plan(methods=("a", "b", "c"), best_of=True, draws=60))
    assert [each.share for each in results.main.shares] == pytest.approx([0.5, 0.3, 0.2])
    assert results.main.votes == 20
    assert results.kept.flow[-1].votes == 20
    assert results.main.preferences[0].share == pytest.approx(10 / 16)


def test_same_rows_same_report(tmp_path):
    rows = votes(30, 14, ties=3)
    pages = [
        write_report(analyse(rows, Plan(draws=60)), tmp_path / name).read_text() for name in ("one", "two")
    ]
    assert pages[0] == pages[1]


def test_swapping_names_mirrors_everything():
    rows = votes(30, 14, ties=3)
    one = analyse(rows, Plan(methods=("a", "b"), draws=200)).main.preferences[0]
    two = analyse(rows, Plan(methods=("b", "a"), draws=200)).main.preferences[0]
    assert one.share == pytest.approx(1 - two.share)
    assert one.cluster == pytest.approx((1 - two.cluster[1], 1 - two.cluster[0]))
    assert one.p_cluster == pytest.approx(two.p_cluster)


def test_every_table_has_numbers_or_nothing(study):
    for name, rows in tables(study[0]).items():
        for each in rows:
            for key, value in each.items():
                assert isinstance(value, str | int | float | None), (name, key)
                assert not (isinstance(value, float) and math.isinf(value)), (name, key)


def test_a_file_with_a_head_alone(tmp_path):
    (tmp_path / "answers.csv").write_text(",".join(COLUMNS) + "\n")
    results = analyse(tmp_path / "answers.csv", Plan(draws=60))
    assert (results.main.votes, results.main.preferences) == (0, ())
    assert write_report(results, tmp_path / "out").is_file()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00bad", b'a,b\n"x', b"\x00\x00"])
def test_a_file_that_is_no_table(tmp_path, content):
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    with pytest.raises(UserError):
        analyse(path, Plan())
