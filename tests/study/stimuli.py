"""Stimuli for tests: files of nothing in a folder, with a manifest that names methods and tracks."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mrcmv.study import Design
from mrcmv.study.manifest import SOUNDS, Equal, Manifest, Stimulus


def fake_manifest(
    folder: Path,
    design: Design,
    *,
    duration_s: float = 4.0,
    equal: tuple[Equal, ...] = (),
    content: bytes = bytes(1000),
) -> Manifest:
    (folder / SOUNDS).mkdir(parents=True, exist_ok=True)
    made = []
    for clip in design.clips:
        for method in design.method_names:
            name = hashlib.sha256(f"{clip.id}/{method}".encode()).hexdigest()[:32]
            (folder / SOUNDS / f"{name}.mp4").write_bytes(content)
            made.append(
                Stimulus(
                    name,
                    clip.id,
                    method,
                    track_id=f"track-{method}-{clip.id}",
                    title=f"Secret Song of {method}",
                    artist="Hidden Artist",
                    track_start_s=0.0,
                    rank=1,
                    duration_s=duration_s,
                    lufs=-14.0,
                    true_peak_db=-1.0,
                    gain_db=0.0,
                    sha256="",
                    bytes=len(content),
                )
            )
    manifest = Manifest(folder, design, tuple(made), equal)
    manifest.save()
    return manifest
