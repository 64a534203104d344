"""The parts of the results page: what each table says and how it is to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mrcmv.training.metrics import KS, chance
from mrcmv.training.results.markdown import cell, grid, signed
from mrcmv.training.results.outcome import Outcome
from mrcmv.training.results.rows import Row
from mrcmv.training.results.summary import Figure, difference, hits, line

HEAD = 10
"""The K of single-number columns."""
Rows = Mapping[str, Sequence[Outcome]]


def members(rows: Mapping[str, Row], found: Rows, group: str) -> list[str]:
    return [name for name in found if group in rows[name].group.split()]


def intro(found: Rows, rows: Mapping[str, Row]) -> str:
    first = next(iter(found.values()))[0]
    about = first.about
    return (
        "# Results\n\n"
        f"Every clip's first 32 s is the query, the pool are the clean tracks of all {len(first.ids)} test "
        "clips, and one of them is right. No track, speaker, spoken line or map with seed of the test was "
        "seen in training. Means over seeds; in brackets the 95 % interval over clips (bootstrap of 2000 "
        "resamples of each clip's mean over the seeds, the pool held fixed). Seeds share the encoders' "
        "training on free labels and differ in everything after it, unless a row says otherwise.\n\n"
        "Made by `python -m mrcmv results run ROW --data DATA --runs RUNS` for every row of "
        "`mrcmv/training/configs/rows.toml` and `python -m mrcmv results table --runs RUNS --data DATA --out "
        "docs/results`; with `--runs docs/results/ranks.json` this page is made again from the ranks.\n\n"
        f"Measured on {about.get('machine', 'an unknown machine')}, torch {about.get('torch', '?')}, "
        f"Python {about.get('python', '?')}."
    )


def main(found: Rows, rows: Mapping[str, Row], table: np.ndarray | None) -> str:
    names = members(rows, found, "main") + members(rows, found, "ceiling")
    lines = {name: line(found[name], rows[name].headline) for name in names}
    pool = next(iter(lines.values())).pool
    luck = chance(pool)
    head = ["", "seeds", *(f"R@{k} %" for k in KS), "median rank", f"music to clip, R@{HEAD}"]
    head += [f"separated pool, R@{HEAD}", *(["distance of the first"] if table is not None else [])]
    body = [["chance", "", *(f"{luck[f'R@{k}']:.1f}" for k in KS), f"{luck['median_rank']:.0f}"]]
    body[0] += [f"{luck[f'R@{HEAD}']:.1f}"] * 2
    if table is not None:
        from mrcmv.training.results.perceptual import of_chance

        body[0].append(f"{of_chance(table):.2f}")
    for name, each in lines.items():
        said = [rows[name].title, str(each.seeds), *(cell(each.recall[k]) for k in KS)]
        said += [f"{each.median_rank:.0f}", cell(each.reverse[HEAD])]
        said.append("" if each.separated is None else cell(each.separated[HEAD]))
        if table is not None:
            from mrcmv.training.results.perceptual import of_first

            said.append(cell(of_first(found[name], rows[name].headline, table), 2))
        body.append(said)
    text = (
        "## Methods\n\n![R@10 of every method](recalls.png)\n\n" + grid(head, body) + "\n\n"
        "*Separated pool*: the accompaniment that Spleeter leaves of each clip, the paper's own condition; "
        "the voice's residue in it can give a pair away. *Distance of the first*: mean cosine distance "
        "between features of the first track and of the true one by a network that was not trained here "
        "(musicnn); 0 when it is the true one. *Ceilings*: an oracle that knows what the rule asked of every "
        "clip, and one that reads without error what the game and the speech engine recorded.\n\n"
        "![Share of clips found over the first k tracks](ranks.png)"
    )
    return text


def paired(found: Rows, rows: Mapping[str, Row]) -> str:
    if "compact" not in found:
        return ""
    others = [name for name in ("picture-only", "cbvmr", "cmmr-style", "cca", "tags", "random-tags", "modern",
                                "modern-picture", "paper-recipe") if name in found]  # fmt: skip
    body = []
    for name in others:
        said = [
            signed(difference(found["compact"], "clean/both", found[name], rows[name].headline, k))
            for k in (1, 5, 10, 25)
        ]
        body.append([rows[name].title, *said])
    return (
        "## Ours against each, paired\n\nPoints of R@K by which MRCMV compact (picture and voice) is ahead, "
        "on the same clips.\n\n" + grid(["against", *(f"R@{k}" for k in (1, 5, 10, 25))], body)
    )


def ablations(found: Rows, rows: Mapping[str, Row]) -> str:
    names = members(rows, found, "ablation")
    if not names:
        return ""
    body = []
    for name in names:
        each = line(found[name], rows[name].headline)
        gap = ""
        if "heads" in found and name != "heads" and rows[name].method == "network":
            gap = signed(difference(found[name], rows[name].headline, found["heads"], "clean/both", HEAD))
        spread = f"{each.recall[HEAD].seeds_sd:.1f}" if each.seeds > 1 else ""
        body.append(
            [rows[name].title, str(each.seeds), *(cell(each.recall[k]) for k in (1, 10, 25)), spread, gap]
        )
    head = ["", "seeds", "R@1 %", "R@10 %", "R@25 %", "sd of R@10 over seeds", "R@10 against heads only"]
    return (
        "## Parts taken away\n\nNetworks are trained on the tokens of the same encoders (heads only), so "
        "that one part is changed at a time.\n\n![Differences to the whole network](ablations.png)\n\n"
        + grid(head, body)
    )


def uses(found: Rows, rows: Mapping[str, Row]) -> str:
    wanted = {
        "clean/both": "picture and voice",
        "clean/picture": "picture, the voice taken away",
        "clean/voice": "voice, the picture taken away",
        "clean/other": "another clip's voice",
    }
    body = []
    for name in ("compact", "heads", "paper-recipe", "modern"):
        for key, title in wanted.items():
            if name in found and all(key in each.judged for each in found[name]):
                each = line(found[name], key)
                gain = "" if key == "clean/both" else signed(
                    difference(found[name], "clean/both", found[name], key, HEAD)
                )  # fmt: skip
                body.append([rows[name].title, title, *(cell(each.recall[k]) for k in (1, 10, 25)), gain])
    if not body:
        return ""
    head = ["one network", "asked with", "R@1 %", "R@10 %", "R@25 %", "both together ahead by, R@10"]
    return "## One network, asked with less\n\n" + grid(head, body)


def voices(found: Rows, rows: Mapping[str, Row]) -> str:
    """R@10 by the speech engine's voice; a voice that training never heard is where networks fail first."""
    shown = [name for name in ("compact", "modern", "cca") if name in found]
    engines = found[shown[0]][0].about.get("engines") if shown else None
    if not engines:
        return ""
    heard = set(found[shown[0]][0].about.get("engines_in_training", []))
    body = []
    for engine in sorted(set(engines), key=lambda each: (each not in heard, each)):
        mine = np.array([each == engine for each in engines])
        cells = []
        for name in shown:
            values = hits(found[name], rows[name].headline, HEAD)[:, mine]
            cells.append(cell(Figure.of(values)))
        note = "other speakers of it heard" if engine in heard else "never heard in training"
        body.append([engine, note, str(int(mine.sum())), *cells])
    for title, inside in (("voices heard in training", True), ("voices never heard", False)):
        mine = np.array([(each in heard) == inside for each in engines])
        if mine.any():
            cells = [cell(Figure.of(hits(found[n], rows[n].headline, HEAD)[:, mine])) for n in shown]
            body.append([f"**{title}**", "", str(int(mine.sum())), *cells])
    head = ["voice of the engine", "", "clips", *(f"{rows[name].title}, R@10 %" for name in shown)]
    return "## By voice\n\n" + grid(head, body)


def transfer(found: Mapping[str, list[Outcome]], rows: Mapping[str, Row]) -> str:
    body = []
    for name, seeds in found.items():
        title = rows[name].title if name in rows else name
        for key, asked in (
            ("clean/both", "picture and voice"),
            ("clean/picture", "picture"),
            ("clean/voice", "voice"),
        ):
            if all(key in each.judged for each in seeds):
                each = line(seeds, key)
                body.append(
                    [title, asked, *(cell(each.recall[k]) for k in (1, 10, 25)), f"{each.median_rank:.0f}"]
                )
    if not body:
        return ""
    pool = len(next(iter(found.values()))[0].ids)
    luck = chance(pool)
    body.insert(
        0, ["chance", "", *(f"{luck[f'R@{k}']:.1f}" for k in (1, 10, 25)), f"{luck['median_rank']:.0f}"]
    )
    return (
        f"## In another game\n\nTrained on Doom, asked with {pool} clips of a ski race (docs/racer.md), "
        "whose tracks training never heard either.\n\n"
        + grid(["", "asked with", "R@1 %", "R@10 %", "R@25 %", "median rank"], body)
    )


def cost(found: Rows, rows: Mapping[str, Row]) -> str:
    body = []
    for name, seeds in found.items():
        mean = np.mean([each.about.get("seconds", 0) for each in seeds])
        body.append([rows[name].title, str(len(seeds)), f"{mean:.0f}", ", ".join(str(e.seed) for e in seeds)])
    return "## What each row took\n\n" + grid(["", "runs", "seconds a run", "seeds"], body)
