"""``python -m benchmarks.model``: what each part of `compact` costs per clip of 32 s, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from benchmarks.measure import machine, table

CLIPS = 4
"""Clips in the measured batch; one for the whole embedding, as in the app."""
RUNS = 3


def cpu_seconds(work: Callable[[], object]) -> float:
    """Least CPU time of `RUNS` calls after a first one that warms caches."""
    work()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    import torch

    from mrcmv.model import ModelConfig, Mrcmv

    torch.set_num_threads(1)
    model = Mrcmv(ModelConfig.compact())
    net, generator = model.net, np.random.default_rng(0)
    frames = generator.integers(0, 256, (64, 224, 224, 3), np.uint8)
    sound = generator.normal(0, 0.1, 32 * 16_000).astype(np.float32)
    picture = torch.stack([model.picture_input(frames)] * CLIPS)
    patches = torch.stack([model.sound_input(sound)] * CLIPS)
    seen, heard, music = net.encode_picture(picture), net.encode_voice(patches), net.encode_music(patches)
    seen, heard, music = seen.detach(), heard.detach(), music.detach()
    parts: list[tuple[str, Callable[[], torch.Tensor], tuple[str, ...]]] = [
        ("SlowFast", lambda: net.encode_picture(picture), ("picture_encoder",)),
        ("VGGish, voice", lambda: net.encode_voice(patches), ("voice_encoder",)),
        ("VGGish, music", lambda: net.encode_music(patches), ("music_encoder",)),
        ("attention, gate and head of the query", lambda: net.query_from_tokens(seen, heard)[0], ()),
        ("attention and head of the music", lambda: net.music_from_tokens(music), ()),
    ]

    def both_ways(forward: Callable[[], torch.Tensor]) -> None:
        net.zero_grad()
        forward().sum().backward()

    rows = [("part", "parameters", "forward", "forward and backward")]
    for name, forward, owners in parts:
        count = sum(p.numel() for owner in owners for p in getattr(net, owner).parameters())
        with torch.inference_mode():
            there = cpu_seconds(forward) / CLIPS
        back = cpu_seconds(lambda forward=forward: both_ways(forward)) / CLIPS  # type: ignore[misc]
        rows.append((name, f"{count:,}" if count else "", f"{there:.3f}", f"{back:.3f}"))
    whole = sum(p.numel() for p in net.parameters())
    embed = cpu_seconds(lambda: model.embed_query(frames, sound))
    rows.append(("whole query, inputs included", f"{whole:,}", f"{embed:.3f}", ""))
    print(f"compact, CPU seconds per clip of 32 s on one thread; {machine()}")
    print(table(rows))


if __name__ == "__main__":
    main()
