"""``python -m benchmarks.separation``: this program's separator against TensorFlow Spleeter as shipped.

Both get the same seeded mix of 32 s (`benchmarks.mixes`), each in processes of its own with the same
number of threads. Cold is a whole process: start of Python, imports, weights, one separation, saving.
Warm is a further separation in the same process. The order of the two takes turns, and the median counts.
Sound files named on the command line are compared too.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.demucs_reference import demucs
from benchmarks.measure import Ratio, Run, machine, run, run_module, table
from benchmarks.mixes import mix
from benchmarks.spleeter_reference import build, reference_command

SECONDS = 32.0
LONG_S = 600.0
COLD_RUNS = 3
WARM_RUNS = 3
STEMS = ("voice", "accompaniment")


def si_sdr_db(reference: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019)."""
    r, e = reference.astype(np.float64).ravel(), estimate.astype(np.float64).ravel()
    target = r * (r @ e) / (r @ r)
    return float(10 * np.log10((target @ target) / np.sum((e - target) ** 2)))


def child(sound: Path, out: Path, repeat: int) -> None:
    """The measured process: from array to arrays."""
    began = (time.perf_counter(), time.process_time())
    from mrcmv.separation import Separator

    samples = np.load(sound)
    separator = Separator.load("cpu")
    runs = []
    for _ in range(repeat):
        stems = separator.separate(samples)
        now = (time.perf_counter(), time.process_time())
        runs.append({"wall_s": now[0] - began[0], "cpu_s": now[1] - began[1]})
        began = now
    np.savez(out, voice=stems.voice, accompaniment=stems.accompaniment)
    print(json.dumps({"runs": runs}))


def child_file(sound: Path, folder: Path) -> None:
    """The measured process: from a file to files."""
    from mrcmv.separation import Separator

    Separator.load("cpu").separate_file(sound, folder)
    print(json.dumps({}))


def original(sound: Path, out: Path, repeat: int = 1) -> Run:
    from mrcmv.media import thread_budget

    command, variables = reference_command(sound, out, repeat)
    threads = str(thread_budget())
    return run(
        command, env={**variables, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
    )


def ours(sound: Path, out: Path, repeat: int = 1) -> Run:
    return run_module("benchmarks.separation", "--array", str(sound), str(out), str(repeat))


def speed(sound: Path, folder: Path) -> tuple[list[tuple[str, ...]], list[Ratio]]:
    """Rows of the table of cold and warm separations, and the ratios of the closing table."""
    contenders = {"original": original, "ours": ours}
    cold: dict[str, list[Run]] = {name: [] for name in contenders}
    for _ in range(COLD_RUNS):
        for name, contender in contenders.items():
            cold[name].append(contender(sound, folder / f"{name}.npz"))
    warm = {
        name: contender(sound, folder / f"{name}.npz", 1 + WARM_RUNS).said["runs"][1:]
        for name, contender in contenders.items()
    }

    def row(title: str, values: dict[str, Any], unit: str) -> tuple[str, ...]:
        first, second = (statistics.median(values[name]) for name in contenders)
        digits = 0 if unit == "MB" else 2
        return f"{title}, {unit}", f"{first:.{digits}f}", f"{second:.{digits}f}", f"{first / second:.1f} x"

    def middle(name: str) -> float:
        return statistics.median(run["wall_s"] for run in warm[name])

    found = [Ratio("separating 32 s: TensorFlow Spleeter, warm", middle("ours"), middle("original"), "s")]
    theirs = demucs(sound, 2)
    if theirs is None:
        print("Demucs cannot be installed here: it is left out.")
    else:
        seconds, peak = theirs.said["runs"][-1]["wall_s"], statistics.median(r.peak_mb for r in cold["ours"])
        found.append(Ratio("separating 32 s: HTDemucs, random weights, warm", middle("ours"), seconds, "s"))
        found.append(Ratio("separating 32 s: HTDemucs, peak memory", peak, theirs.peak_mb, "MB"))
    rows = [
        (f"separation of {SECONDS:.0f} s", *contenders, "ratio"),
        row("cold process, wall", {n: [r.wall_s for r in rs] for n, rs in cold.items()}, "s"),
        row("cold process, CPU", {n: [r.cpu_s for r in rs] for n, rs in cold.items()}, "s"),
        row("cold process, peak memory", {n: [r.peak_mb for r in rs] for n, rs in cold.items()}, "MB"),
        row("warm, wall", {n: [r["wall_s"] for r in rs] for n, rs in warm.items()}, "s"),
        row("warm, CPU", {n: [r["cpu_s"] for r in rs] for n, rs in warm.items()}, "s"),
    ]
    return rows, found


def parity(folder: Path) -> tuple[str, ...]:
    """SI-SDR in dB of our two stems to the original's, of the files that both left."""
    with np.load(folder / "original.npz") as theirs, np.load(folder / "ours.npz") as mine:
        return tuple(f"{si_sdr_db(theirs[stem], mine[stem]):.1f}" for stem in STEMS)


def memory(folder: Path) -> list[tuple[str, ...]]:
    """Rows of the table of peak memory against length."""
    from mrcmv.media import SoundWriter

    rows: list[tuple[str, ...]] = [("file to files, ours", "peak memory, MB", "wall, s")]
    part = mix(3, 30.0, game="engine").sound
    for length in (SECONDS, LONG_S):
        source = folder / "long.wav"
        with SoundWriter(source) as writer:
            left = round(length * 44_100)
            while left:
                writer.write(part[:left])
                left -= min(len(part), left)
        found = run_module("benchmarks.separation", "--file", str(source), str(folder))
        rows.append((f"{length:.0f} s", f"{found.peak_mb:.0f}", f"{found.wall_s:.1f}"))
    return rows


def main() -> list[Ratio]:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--array"]:
        child(Path(arguments[1]), Path(arguments[2]), int(arguments[3]))
        return []
    if arguments[:1] == ["--file"]:
        child_file(Path(arguments[1]), Path(arguments[2]))
        return []
    build()
    print(f"separation, {SECONDS:.0f} s of voice, music and shots; {machine()}")
    with tempfile.TemporaryDirectory(prefix="mrcmv-bench-") as name:
        folder = Path(name)
        sound = folder / "sound.npy"
        np.save(sound, mix(1, SECONDS, voice="en-GB", music=8, game="shots").sound)
        times, found = speed(sound, folder)
        print(table(times), flush=True)
        rows = [("SI-SDR to the original, dB", *STEMS), ("the mix above", *parity(folder))]
        for number, path in enumerate(arguments, 1):
            from mrcmv.media import read_sound

            np.save(sound, read_sound(Path(path)))
            for contender, out in ((original, "original.npz"), (ours, "ours.npz")):
                contender(sound, folder / out)
            rows.append((f"file {number}", *parity(folder)))
        print("\n" + table(rows), flush=True)
        print("\n" + table(memory(folder)), flush=True)
    return found


if __name__ == "__main__":
    main()
