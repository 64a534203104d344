"""Rows that are networks: trained by the ordinary loop, judged on both pools and on parts of the query."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mrcmv.media import Progress
from mrcmv.model import MrcmvNet, load_net
from mrcmv.model.preprocess import Recipe
from mrcmv.training.batches import Clips
from mrcmv.training.judge import cosine, embed_bank
from mrcmv.training.loop import clips_of, train
from mrcmv.training.preparation import prepared_folder
from mrcmv.training.results.rows import Row
from mrcmv.training.runner import load_state, save_state
from mrcmv.training.tokens import TokenBank, make_bank

Similarity = dict[str, NDArray[np.float32]]
CACHE = "judged-{split}.pt"


def train_row(
    row: Row, seed: int, data: Path, out: Path, encoders: Path | None, progress: Progress | None = None
) -> Path:
    """Train one row with one seed in the folder ``out``; returns its checkpoint. Resumes."""
    config = row.train_config(seed)
    if encoders is not None and row.encoders == "shared":
        config = dataclasses.replace(config, encoders=str(encoders))
    return train(config, data, out, resume=(out / "run.json").exists(), progress=progress)


def judge_network(
    checkpoint: Path, data: Path, split: str = "test", cache: Path | None = None
) -> tuple[list[str], Similarity, dict[str, Any]]:
    """(clip ids, similarities by "<pool>/<use>", mean shares of the gate) of a checkpoint on one split.

    ``cache``: a folder for the tokens; networks whose encoders are the same then share them.
    """
    net = load_net(checkpoint)
    clips = clips_of(data, prepared_folder(data, net.config.picture_size), split)
    bank, separated = _tokens(net, clips, split, cache)
    return (
        [item.id for item in clips.items],
        similarities(net, bank, separated),
        {"gate_shares": embed_bank(net, bank)[2].mean(dim=0).tolist()},
    )


def similarities(net: MrcmvNet, bank: TokenBank, separated: Tensor | None) -> Similarity:
    """All matrices that a network is judged by; [n, n] each.

    ``other`` asks with the voice of another clip (half the split further on): what the voice gives
    must then be gone, or it was never the voice's words and tone that helped.
    """
    matrices: Similarity = {}
    shift = max(1, len(bank) // 2)
    swapped = dataclasses.replace(
        bank, voice=bank.voice.roll(shift, 0), voice_present=bank.voice_present.roll(shift, 0)
    )
    for use, given in (("both", bank), ("picture", bank), ("voice", bank), ("other", swapped)):
        query, music, _ = embed_bank(net, given, "both" if use == "other" else use)  # type: ignore[arg-type]
        matrices[f"clean/{use}"] = cosine(query, music)
        if separated is not None and use != "other":
            with torch.inference_mode():
                matrices[f"separated/{use}"] = cosine(query, net.music_from_tokens(separated))
    return matrices


def _tokens(net: MrcmvNet, clips: Clips, split: str, cache: Path | None) -> tuple[TokenBank, Tensor | None]:
    """Tokens of the first 32 s of all clips, and of the music that separation left (None without)."""
    key = encoders_sha256(net)
    path = None if cache is None else cache / CACHE.format(split=split)
    if path is not None and path.is_file():
        state = load_state(path)
        if (state["key"], state["names"]) == (key, [item.id for item in clips.items]):
            return TokenBank(**state["bank"]), state["separated"]
    bank = make_bank(net, clips, 1, 0, None)
    separated = separated_music(net, clips)
    if path is not None and not path.is_file():
        names = [item.id for item in clips.items]
        save_state(path, {"key": key, "names": names, "bank": bank.state(), "separated": separated})
    return bank, separated


def separated_music(net: MrcmvNet, clips: Clips) -> Tensor | None:
    """Music tokens [n, 72, 128] of what separation left of every clip; None where that was not kept."""
    recipe, rows = Recipe(net.config), []
    net.eval()
    for index in range(len(clips)):
        clip = clips.load(index)
        if not len(clip.rest):
            return None
        left = dataclasses.replace(clip, music=clip.rest).crop(0.0).music
        assert left is not None
        with torch.inference_mode():
            rows.append(net.encode_music(recipe.music(left)[None])[0].float())
    return torch.stack(rows).clone()


def encoders_sha256(net: MrcmvNet) -> str:
    """Hash of the encoders' weights: the same tokens come out of the same encoders."""
    digest = hashlib.sha256()
    for name, value in sorted(net.state_dict().items()):
        if name.split(".")[0].endswith("_encoder"):
            digest.update(name.encode())
            digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()
