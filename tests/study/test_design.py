"""Designs: what is taken, what is refused and with what words, and the hash."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from mrcmv.media import UserError
from mrcmv.study import CODEBOOK, COLUMNS, Design, DesignError, Row, load_design, pair_id
from mrcmv.study.assignment import cells
from mrcmv.study.starting import new_design
from tests.study.designs import YAML, plain, small, written


def test_clips_are_found_named_and_hashed(tmp_path: Path) -> None:
    design = load_design(written(tmp_path))
    assert [clip.id for clip in design.clips] == ["one", "two", "three"]
    assert design.clips[0].tags == ("calm",)
    assert all(len(clip.sha256) == 64 for clip in design.clips)
    assert design.pairs == (("network", "chance"),)
    assert design.preference.tie
    assert design.reasons is not None


@pytest.mark.parametrize("said", ["folder: .", "glob: '*.mp4'"])
def test_clips_by_folder_and_by_pattern(tmp_path: Path, said: str) -> None:
    start, end = YAML.index("  - {id: one"), YAML.index("methods:")
    text = YAML[:start] + f"  {said}\n  tags: {{one: [calm]}}\n" + YAML[end:]
    design = load_design(written(tmp_path, text))
    assert [clip.id for clip in design.clips] == ["one", "three", "two"]
    assert design.clip("one").tags == ("calm",)


def test_the_hash_is_of_what_is_said_not_of_how_or_where(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    design = load_design(written(tmp_path / "a"))
    assert load_design(written(tmp_path / "b", "# a comment\n" + YAML)).hash == design.hash
    assert load_design(written(tmp_path / "b", YAML.replace("seed: 7", "seed: 8"))).hash != design.hash
    assert Design.from_json(design.to_json()) == design
    written(tmp_path / "a")
    (tmp_path / "a" / "one.mp4").write_bytes(b"another clip")
    assert load_design(tmp_path / "a" / "design.yaml").hash != design.hash


@pytest.mark.parametrize("said", [None, "folder: ."])
def test_where_only_the_stimuli_are_the_clips_need_not_be(tmp_path: Path, said: str | None) -> None:
    text = YAML
    if said:
        start, end = YAML.index("  - {id: one"), YAML.index("methods:")
        text = f"{YAML[:start]}  {said}\n{YAML[end:]}"
    path = written(tmp_path, text)
    design = load_design(path)
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.mp4").unlink()
    with pytest.raises(DesignError):
        load_design(path)
    assert load_design(path, design).hash == design.hash
    path.write_text(path.read_text().replace("seed: 7", "seed: 8"))
    assert load_design(path, design).hash != design.hash


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("seed: 7", "seed: often", "seed (line 3): write a whole number."),
        (
            "kind: checkpoint}",
            "kind: checkpoint, sead: 1}",
            "methods, number 1, sead (line 9): this key is not",
        ),
        ("kind: checkpoint", "kind: chekpoint", "methods, number 1 (line 9): “chekpoint” is not known"),
        ("study: three\n", "", "study (line 1): this is missing"),
        ("questions:", "qestions:", "qestions (line 12): this key is not known"),
        ("trials: 3", "trials: 4", "session, trials (line 17): 4 trials need as many clips"),
        ("tie: true", "tie: perhaps", "questions, number 1, tie (line 13): write true or false."),
        ("kind: random}", "kind: random-tags}", "methods, number 2 (line 10): the clip “three” has no tags"),
        ("name: chance", "name: network", "the name “network” is used twice"),
        ("kind: pairs", "kind: pairs, pairs: [[network, nobody]]", "there is no method “nobody”"),
        ("kind: pairs", "kind: pairs, against: nobody", "comparison, against (line 11): there is no method"),
        (
            'kind: preference, text: "Which music fits better?", tie: true',
            "kind: text, id: why, text: a",
            "questions (line 12): ask exactly one question of the kind",
        ),
        (
            "kind: random}",
            "kind: none}\nsound: {keep: none}",
            "methods, number 2 (line 10): without music and",
        ),
        ("kind: random}", "kind: baseline, baseline: cca}", "a baseline learns from a data set"),
        ("file: two.mp4", "file: nowhere.mp4", "clips, number 2 (line 6): this file is not there."),
        ("tags: [happy]", "sha256: abc", "clips, number 2 (line 6): the file is not the one"),
        ("seed: 7", "seed: 7\nlibrary: stater", "library (line 4): say starter, home"),
        ("seed: 7", "seed: 7\nseed: 8", "The key “seed” stands twice (line 4)."),
        ("seed: 7", "seed: [7", "is not YAML in line"),
        ("seed: 7", "seed: &a 7\nnumber: *a", "uses YAML anchors"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(
    tmp_path: Path, before: str, after: str, sentence: str
) -> None:
    path = written(tmp_path, YAML.replace(before, after, 1))
    with pytest.raises(DesignError) as caught:
        load_design(path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_pairs_all_named_or_against_one() -> None:
    methods = [{"name": name, "kind": "random"} for name in "abc"]
    every = small(methods=methods)
    assert every.pairs == (("a", "b"), ("a", "c"), ("b", "c"))
    assert small(methods=methods, comparison={"kind": "pairs", "against": "b"}).pairs == (
        ("a", "b"),
        ("b", "c"),
    )
    assert small(methods=methods, comparison={"kind": "pairs", "pairs": [["c", "a"]]}).pairs == (("a", "c"),)
    assert pair_id("c", "a", every.method_names) == "a~c"


def test_the_best_of_several_has_no_tie() -> None:
    tie = [{"kind": "preference", "text": "Which?", "tie": True}]
    with pytest.raises(DesignError, match="no tie"):
        Design.from_json(plain(comparison={"kind": "best-of"}, questions=tie))


def test_every_column_is_in_the_codebook() -> None:
    assert list(CODEBOOK) == list(COLUMNS) == [field.name for field in dataclasses.fields(Row)]


def test_the_template_of_table_3_is_sound_once_its_clips_have_tags(tmp_path: Path) -> None:
    clips = tmp_path / "my 'clips'"
    clips.mkdir()
    for number in range(26):
        (clips / f"boss: #{number:02d}.mp4").write_bytes(bytes([number]))
    out = tmp_path / "design.yaml"
    assert new_design("table3", out, clips) == 26
    with pytest.raises(DesignError, match="has no tags: name the styles"):
        load_design(out)
    out.write_text(out.read_text().replace("tags: []", "tags: [calm]"))
    design = load_design(out)
    assert (len(design.clips), design.session.trials, len(design.pairs)) == (26, 26, 1)
    assert design.method_names == ("network", "random-tags")
    with pytest.raises(UserError, match="there already"):
        new_design("table3", out)


def test_the_template_of_table_2_is_sound_with_a_data_set(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = []
    for number in range(45):
        (data / f"{number}.mp4").write_bytes(bytes([number]))
        split = "train" if number < 3 else "test"
        lines.append(f'{{"id": "clip{number}", "split": "{split}", "clip": "{number}.mp4"}}\n')
    (data / "manifest.jsonl").write_text("".join(lines))
    new_design("table2", tmp_path / "design.yaml", data)
    design = load_design(tmp_path / "design.yaml")
    assert len(design.clips) == 40
    assert len(design.pairs) == 6
    assert design.clips[0].id == "clip3"
    assert len(cells(design)) * design.assignments_per_cell == 960
