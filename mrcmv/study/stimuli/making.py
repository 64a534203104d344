"""All stimuli of a design; what is made is kept, so a stopped run goes on where it was."""

from __future__ import annotations

import dataclasses
import hmac
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mrcmv.media import Progress, UserError, open_clip, part_of, work_folder, write_whole
from mrcmv.study.design import Design
from mrcmv.study.manifest import SOUNDS, Equal, Manifest, Stimulus
from mrcmv.study.parts import Checkpoint, ClipItem
from mrcmv.study.reading import sha256_of
from mrcmv.study.stimuli.choosing import Choosers
from mrcmv.study.stimuli.equal import settle
from mrcmv.study.stimuli.pool import make_pool
from mrcmv.study.stimuli.sound import render_clip

if TYPE_CHECKING:
    from mrcmv.recommender import Recommender

SECRET = "secret"  # noqa: S105 - the name of a file
DONE = "done"


def make_stimuli(
    design: Design,
    base: Path,
    out: Path,
    recommend: Callable[[str], Recommender],
    progress: Progress | None = None,
) -> Manifest:
    """Choose, mix, match and name every stimulus, and write the manifest.

    Parameters
    ----------
    base
        The folder that files in the design are relative to.
    out
        Where everything goes; made when it is not there.
    recommend
        Makes a `Recommender` for a checkpoint.

    Raises
    ------
    mrcmv.media.UserError
        A clip, a track or a method cannot be used; the sentence names it.
    """
    (out / SOUNDS).mkdir(parents=True, exist_ok=True)
    (out / DONE).mkdir(exist_ok=True)
    secret = _secret(out)
    first = next((each.checkpoint for each in design.methods if isinstance(each, Checkpoint)), "compact")
    listener = recommend(first)
    pool = make_pool(design, base, listener)
    choosers = Choosers(design, base, pool, listener, recommend)
    stimuli: list[Stimulus] = []
    equal: list[Equal] = []
    for number, item in enumerate(design.clips):
        share = part_of(progress, number / len(design.clips), (number + 1) / len(design.clips))
        made = _kept(out, design, item)
        if made is None:
            try:
                made = _make_clip(design, base, out, secret, item, choosers, share)
            except UserError as error:
                raise UserError(f"Clip {item.id}: {error}") from error
            _keep(out, design, item, *made)
        stimuli += made[0]
        equal += made[1]
        share(1.0)
    manifest = Manifest(out, design, tuple(stimuli), tuple(equal))
    manifest.save()
    known = {f"{each.id}.mp4" for each in stimuli}
    for path in (out / SOUNDS).iterdir():  # of an earlier design, or of a run that was stopped
        if path.name not in known:
            path.unlink()
    return manifest


def _make_clip(
    design: Design,
    base: Path,
    out: Path,
    secret: bytes,
    item: ClipItem,
    choosers: Choosers,
    progress: Progress,
) -> tuple[list[Stimulus], list[Equal]]:
    with work_folder("mrcmv-") as folder:
        clip = open_clip(base / item.file, Path(folder), progress=part_of(progress, 0.0, 0.05))
        voice, speech = choosers.listener.separate_clip(clip, part_of(progress, 0.05, 0.3))
        ranked = {method.name: choosers.choose(method, item, clip) for method in design.methods}
        settled, equal = settle(design, item.id, ranked)
        pool = choosers.pool
        music = {
            name: (
                None if each.choice.track_id is None else pool[each.choice.track_id].sound,
                each.choice.start_s,
            )
            for name, each in settled.items()
        }
        names = {name: _opaque(secret, design, item.id, name) for name in settled}
        targets = {name: out / SOUNDS / f"{opaque}.mp4" for name, opaque in names.items()}
        made = render_clip(clip, voice, speech, music, targets, design.sound, part_of(progress, 0.4, 1.0))
    stimuli = []
    for name, each in settled.items():
        track = None if each.choice.track_id is None else pool[each.choice.track_id]
        stimuli.append(
            Stimulus(
                id=names[name],
                clip_id=item.id,
                method=name,
                track_id=track.id if track else "",
                title=track.title if track else "",
                artist=track.artist if track else "",
                track_start_s=round(each.choice.start_s, 3),
                rank=each.rank,
                duration_s=round(made[name].duration_s, 3),
                lufs=made[name].lufs,
                true_peak_db=made[name].true_peak_db,
                gain_db=made[name].gain_db,
                sha256=sha256_of(targets[name]),
                bytes=targets[name].stat().st_size,
            )
        )
    return stimuli, equal


def _secret(out: Path) -> bytes:
    """Random bytes of this folder: with the seed they make the ids, which nobody can so work out."""
    file = out / SECRET
    if not file.is_file():
        write_whole(file, secrets.token_hex(32), mode=0o600)
    return bytes.fromhex(file.read_text(encoding="ascii"))


def _opaque(secret: bytes, design: Design, clip_id: str, method: str) -> str:
    said = f"{design.hash}/{design.seed}/{clip_id}/{method}".encode()
    return hmac.new(secret, said, "sha256").hexdigest()[:32]


def _done_file(out: Path, design: Design, item: ClipItem) -> Path:
    return out / DONE / f"{design.hash[:16]}-{item.id}.json"


def _kept(out: Path, design: Design, item: ClipItem) -> tuple[list[Stimulus], list[Equal]] | None:
    """What an earlier run made of a clip, when all of it is still there unchanged."""
    try:
        plain: dict[str, Any] = json.loads(_done_file(out, design, item).read_text(encoding="utf-8"))
        stimuli = [Stimulus(**each) for each in plain["stimuli"]]
        equal = [Equal(**each) for each in plain["equal"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for each in stimuli:
        path = out / SOUNDS / f"{each.id}.mp4"
        if not path.is_file() or sha256_of(path) != each.sha256:
            return None
    return stimuli, equal


def _keep(out: Path, design: Design, item: ClipItem, stimuli: list[Stimulus], equal: list[Equal]) -> None:
    plain = {
        "stimuli": [dataclasses.asdict(each) for each in stimuli],
        "equal": [dataclasses.asdict(each) for each in equal],
    }
    file = _done_file(out, design, item)
    partial = file.with_name(file.name + ".partial")
    partial.write_text(json.dumps(plain), encoding="utf-8")
    partial.chmod(0o600)
    os.replace(partial, file)
