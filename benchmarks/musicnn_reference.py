"""The original musicnn, to compare with: TensorFlow, in the environment of `spleeter_reference`.

``python -m benchmarks.musicnn_reference [--write] [SOUND ...]`` runs the graph and the checkpoints of the
musicnn 0.1.0 wheel on an example sound made by `example_sound` (or on the sounds named) and prints the
largest differences of tags and features. ``--write`` keeps the original's tags of the example for
the tests.

The original's spectrum is librosa's. Two comparisons: with librosa's spectrum in single precision, which is
what this program computes, and rounded to half precision as the original does (loud bass overflows
there, and its tags are then not numbers).

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


def librosa_windows(sound: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """The original's windows [w, 187, 96] by librosa: in single precision, and rounded as shipped."""
    import librosa
    import numpy as np

    mel = librosa.feature.melspectrogram(
        y=sound, sr=RATE, hop_length=256, n_fft=512, n_mels=96, pad_mode="reflect"
    ).T
    with np.errstate(over="ignore"):
        fronts = {
            "single": np.log10(10000 * mel + 1),
            "shipped": np.log10(10000 * mel.astype(np.float16) + 1),
        }
    count = len(mel) // 187
    return {
        name: front[: count * 187].reshape(count, 187, 96).astype(np.float32)
        for name, front in fronts.items()
    }


def original(wheel: Path, folder: Path, source: Path, out: Path) -> None:
    """Inside the other environment: both of the wheel's models on windows kept in ``source``."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    sys.path.insert(0, str(folder))
    import numpy as np
    import tensorflow  # type: ignore[import-not-found,unused-ignore]
    from musicnn import configuration, models  # type: ignore[import-not-found,unused-ignore]

    tf = tensorflow.compat.v1
    tf.disable_eager_execution()
    results: dict[str, Any] = {}
    with np.load(source) as fronts:
        for model in MODELS:
            tf.reset_default_graph()
            with tf.name_scope("model"):
                x, training = tf.placeholder(tf.float32, [None, 187, 96]), tf.placeholder(tf.bool)
                layers = models.define_model(x, training, f"{model}_musicnn", 50)
            with tf.Session() as session:
                tf.train.Saver().restore(session, f"{folder}/musicnn/{model}_musicnn/")
                for kind in fronts.files:
                    given = {x: fronts[kind], training: False}
                    tags, features = session.run([tf.sigmoid(layers[0]), layers[-1]], given)
                    results[f"{model}_{kind}_tags"], results[f"{model}_{kind}_features"] = tags, features
            results[f"{model}_labels"] = np.array(getattr(configuration, f"{model}_LABELS"))
    np.savez(out, **results)


def compare(sound: NDArray[np.float32], name: str) -> dict[str, Any]:
    """Runs the original on a sound and prints how far this program is from it."""
    import numpy as np

    from benchmarks.spleeter_reference import PYTHON, build
    from mrcmv.tagging import Tagger
    from mrcmv.tagging.tagger import WHEEL
    from mrcmv.tagging.wheels import download

    build()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        wheel = download(WHEEL, folder)
        np.savez(folder / "windows.npz", **librosa_windows(sound))  # type: ignore[arg-type]
        command = [
            PYTHON,
            Path(__file__).resolve(),
            "--original",
            wheel,
            folder / "code",
            folder / "windows.npz",
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
