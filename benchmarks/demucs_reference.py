"""Demucs (Rouard et al. 2023), to compare time and memory with: HTDemucs as its package builds it.

Its weights come from a download host, not with the package, so random ones are used: they cost the same,
and nothing is said about how well they separate. The package goes into a folder of its own,
``.venv-demucs``, without its dependencies on torch, which this project has.

``python -m benchmarks.demucs_reference IN REPEAT`` separates IN (.npy, float32 [n, 2] at 44.1 kHz) and prints
the seconds of every run as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import ROOT, Run, run_module

HOME = ROOT / ".venv-demucs"
READY = HOME / "ready"
PACKAGES = (
    "demucs==4.0.1",
    "antlr4-python3-runtime==4.9.3",
    "diffq==0.2.4",
    "dora-search==0.1.13",
    "einops==0.8.2",
    "julius==0.2.8",
    "omegaconf==2.4.0",
    "openunmix==1.3.0",
    "cloudpickle==3.1.3",
    "retrying==1.4.2",
    "submitit==1.5.4",
    "treetable==0.2.6",
)
SEGMENT_S = 7.8
"""Seconds that the released htdemucs sees at once."""


def build() -> bool:
    """Install the package unless it is there; False when that cannot be done."""
    if READY.exists():
        return True
    print("Installing Demucs into .venv-demucs (once) ...", flush=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    if subprocess.run([*pip, "--target", str(HOME), *PACKAGES], check=False).returncode != 0:
        return False
    READY.touch()
    return True


def demucs(sound: Path, repeat: int = 1) -> Run | None:
    """Measure it in a process of its own; None when it cannot be installed."""
    return run_module("benchmarks.demucs_reference", str(sound), str(repeat)) if build() else None


def child(sound: Path, repeat: int) -> None:
    began = time.perf_counter()
    sys.path.append(str(HOME))
    import torch
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    from mrcmv.media import thread_budget

    torch.set_num_threads(thread_budget())
    torch.manual_seed(0)
    # What differs from the defaults in the released htdemucs (its 955717e8 signature)
    shape = {"segment": SEGMENT_S, "bottom_channels": 512, "t_layers": 5, "t_heads": 8}
    model = HTDemucs(["drums", "bass", "other", "vocals"], **shape).eval()
    mix = torch.from_numpy(np.load(sound).T.copy())[None]
    runs = []
    for _ in range(repeat):
        with torch.inference_mode():
            stems = apply_model(model, mix, shifts=0, split=True, overlap=0.25, progress=False)
        assert stems.shape == (1, 4, *mix.shape[1:])
        now = time.perf_counter()
        runs.append({"wall_s": now - began})
        began = now
    print(json.dumps({"runs": runs, "parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    child(Path(sys.argv[1]), int(sys.argv[2]))
