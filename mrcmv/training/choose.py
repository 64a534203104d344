"""Choosing between settings of the heads by cross-validation inside the training clips.

    python -m mrcmv.training.choose RUN CONFIG.toml ... [--folds 5] [--seeds 2]

RUN is the folder of a run whose tokens are cached. Validation and test clips are not looked at.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mrcmv.training.config import TrainConfig
from mrcmv.training.judge import judge
from mrcmv.training.loop import TOKENS, network
from mrcmv.training.pairs import HeadStage
from mrcmv.training.runner import load_state, run_stage
from mrcmv.training.tokens import TokenBank
from mrcmv.training.truth import Truth


def cross_validate(
    config: TrainConfig, bank: TokenBank, truth: Truth, folds: int = 5, seeds: int = 1
) -> dict[str, float]:
    """Mean results of heads trained on all folds but one and judged on that one.

    Tracks are dealt to the folds in a fixed random order, so that no rendition of a held-out clip is
    learned from; of a held-out track one clip is judged. Heads keep their last epoch, so nothing of
    the held-out fold is used to stop. ``score`` is 0.5 at chance (see `judge`).
    """
    tracks = truth.tracks.numpy()
    order = np.random.default_rng(0).permutation(np.unique(tracks))
    said: list[dict[str, float]] = []
    for seed in range(seeds):
        for fold in range(folds):
            out = np.isin(tracks, order[fold::folds])
            rest = np.flatnonzero(~out)
            held = np.flatnonzero(out)
            held = held[np.unique(tracks[held], return_index=True)[1]]
            plan = replace(config, seed=config.seed + seed, heads=replace(config.heads, keep="last"))
            net = network(plan)
            stage = HeadStage(
                net, plan, bank.part(rest.tolist()), truth.part(rest.tolist()), bank.part(held.tolist())
            )
            with tempfile.TemporaryDirectory() as scratch:
                run_stage(stage.stage(), Path(scratch), plan.seed)
            score, log = judge(net, bank.part(held.tolist()))
            said.append({"score": score, **log})
    return {name: round(float(np.mean([row[name] for row in said])), 4) for name in said[0]}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Cross-validate settings of the heads on cached tokens.")
    parser.add_argument("run", type=Path, help="folder of a run with cached tokens")
    parser.add_argument(
        "config", type=Path, nargs="+", help="TOML files; the encoders' settings are not used"
    )
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    asked = parser.parse_args(arguments)
    bank, truth = load_tokens(asked.run)
    for path in asked.config:
        said: dict[str, Any] = cross_validate(TrainConfig.read(path), bank, truth, asked.folds, asked.seeds)
        sys.stdout.write(json.dumps({"config": path.name, **said}) + "\n")
        sys.stdout.flush()


def load_tokens(run: Path) -> tuple[TokenBank, Truth]:
    """The training clips' cached tokens of a run, and what is known of the clips."""
    state = load_state(run / TOKENS)
    return TokenBank(**state["train"]), Truth.from_state(state["truth"])


if __name__ == "__main__":
    main()
