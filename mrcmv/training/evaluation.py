"""Retrieval results of a checkpoint on clips that training never saw, with intervals and chance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import Progress, UserError
from mrcmv.model import MrcmvNet, load_model
from mrcmv.training.batches import Clips
from mrcmv.training.judge import Use, cosine, embed_bank
from mrcmv.training.loop import clips_of
from mrcmv.training.metrics import KS, chance, intervals, paired_difference, ranks, summary
from mrcmv.training.preparation import prepare
from mrcmv.training.tokens import TokenBank, make_bank

USES: tuple[Use, ...] = ("both", "picture", "voice")
LEAST_CLIPS = 2


def evaluate(
    checkpoint: str,
    data: Path,
    *,
    splits: tuple[str, ...] = ("test", "validation"),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Every clip's first 32 s against the clean music of all clips of its split, one-to-one.

    Returns
    -------
    ``checkpoint`` (name, sha256) and for every split that has clips: counts, chance, results of
    queries by picture and voice (``both``), ``picture`` and ``voice`` alone, each with 95 %
    intervals from a bootstrap over clips; paired differences; the reverse direction (which clip
    belongs to a track); results by speech engine; mean shares of the gate. All JSON.
    """
    model = load_model(checkpoint, device="cpu")
    folder = prepare(data, model.config.picture_size, splits=splits, progress=progress)
    result: dict[str, Any] = {"checkpoint": {"name": model.name, "sha256": model.sha256}, "splits": {}}
    for split in splits:
        clips = clips_of(data, folder, split)
        if len(clips) >= LEAST_CLIPS:
            bank = make_bank(model.net, clips, 1, 0, None)
            result["splits"][split] = evaluate_bank(model.net, bank, clips)
    if not result["splits"]:
        raise UserError(f"The data set {data.name} has too few clips to evaluate: build more of it.")
    return result


def evaluate_bank(net: MrcmvNet, bank: TokenBank, clips: Clips) -> dict[str, Any]:
    """Results of one split from the tokens of its clips."""
    pool = len(bank)
    found: dict[str, NDArray[np.int64]] = {}
    for use in USES:
        query, music, shares = embed_bank(net, bank, use)
        similarity = cosine(query, music)
        found[use] = ranks(similarity)
        if use == "both":
            back, gate = ranks(similarity.T), shares.mean(dim=0).tolist()
    return {
        "clips": pool,
        "with_voice": int(bank.voice_present[:, 0].sum()),
        "chance": chance(pool),
        "queries": {use: _with_intervals(found[use], pool) for use in USES},
        "paired": {
            f"{first} - {second}": {f"R@{k}": paired_difference(found[first], found[second], k) for k in KS}
            for first, second in (("both", "picture"), ("both", "voice"))
        },
        "music_to_clip": _with_intervals(back, pool),
        "by_engine": _by(found["both"], [item.engine for item in clips.items], pool),
        "by_speaker": _by(found["both"], [item.speaker for item in clips.items], pool),
        "gate_shares": {"picture": gate[0], "voice": gate[1]},
        "tracks": len({item.track for item in clips.items}),
    }


def _with_intervals(found: NDArray[np.int64], pool: int) -> dict[str, Any]:
    return {**summary(found, pool), "interval_95": {k: list(v) for k, v in intervals(found).items()}}


def _by(found: NDArray[np.int64], names: list[str], pool: int) -> dict[str, Any]:
    """Results of the clips that share a name (a speaker, an engine), in the whole pool."""
    array = np.asarray(names)
    said = {}
    for name in sorted(set(names) - {""}):
        mine = found[array == name]
        said[name] = {
            "clips": len(mine),
            "R@10": summary(mine, pool)["R@10"],
            "median_rank": float(np.median(mine)),
        }
    return said


def format_results(result: dict[str, Any]) -> str:
    """The results as a table for people."""
    lines = [f"{result['checkpoint']['name']} ({result['checkpoint']['sha256'][:12]})"]
    for split, said in result["splits"].items():
        lines += ["", f"{split}: {said['clips']} clips, pool of {said['clips']} clean tracks"]
        lines.append(f"{'query':<16}" + "".join(f"{f'R@{k} %':>22}" for k in KS) + f"{'median rank':>22}")
        lines.append(_row("chance", said["chance"], None))
        for use, row in {**said["queries"], "music to clip": said["music_to_clip"]}.items():
            lines.append(_row("picture + voice" if use == "both" else use, row, row["interval_95"]))
        for pair, row in said["paired"].items():
            low, high = row["R@10"]["interval"]
            lines.append(f"{pair}: {row['R@10']['difference']:+.1f} points of R@10 [{low:+.1f}, {high:+.1f}]")
    return "\n".join(lines)


def _row(name: str, said: dict[str, Any], interval: dict[str, Any] | None) -> str:
    cells = []
    for key in [*(f"R@{k}" for k in KS), "median_rank"]:
        between = f" [{interval[key][0]:.1f}, {interval[key][1]:.1f}]" if interval else ""
        cells.append(f"{said[key]:.1f}{between}".rjust(22))
    return f"{name:<16}" + "".join(cells)
