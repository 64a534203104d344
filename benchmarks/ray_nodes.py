"""A catalogue embedded by a Ray cluster of two nodes on this machine, one of them killed midway.

    python -m benchmarks.ray_nodes [--tracks 64] [--music FOLDER]

The tracks are the starter library's, then excerpts of them (or of FOLDER) that begin elsewhere, and three
damaged files. A second node joins the head; when a third of the tracks are done, it is killed
with all its processes (SIGKILL). The same catalogue is embedded by this process alone, and compared.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.measure import ROOT, machine
from mrcmv.catalogue import CatalogueReport, embed_catalogue, find_sources, read_embedded
from mrcmv.media import read_sound, write_sound

CHECKPOINT = "compact"
EXCERPT_S = 20.0
SHARD = 4


def gather(folder: Path, tracks: int, music: Path | None) -> int:
    """Fill a folder with different sounds, and three damaged ones; how many are starter tracks."""
    from mrcmv.library.starter import load_starter

    starters = list(load_starter().paths.items())[:tracks]
    for name, path in starters:
        shutil.copy(path, folder / f"{name}{path.suffix}")
    longer = [source.path for source in find_sources(music)] if music else [path for _, path in starters]
    for number in range(tracks - len(starters)):
        path = longer[number % len(longer)]
        begin = 3.0 * (1 + number // len(longer))
        write_sound(folder / f"excerpt-{number}.flac", read_sound(path, start_s=begin, duration_s=EXCERPT_S))
    (folder / "noise.mp3").write_bytes(np.random.default_rng(0).bytes(50_000))
    (folder / "empty.ogg").touch()
    (folder / "half.opus").write_bytes(starters[0][1].read_bytes()[:20_000])
    return len(starters)


def kill(raylet_pid: int) -> int:
    """End a node as a power cut would: its raylet and every worker below; how many processes."""
    raylet = psutil.Process(raylet_pid)
    processes = [*raylet.children(recursive=True), raylet]
    for process in processes:
        if process.is_running():
            process.kill()
    return len(processes)


def in_the_middle(diary: Path, workers: set[int]) -> bool:
    """Whether one of these processes is at work on a track that is not the first of its shard."""
    own = [note["what"] for note in map(json.loads, diary.read_text().splitlines()) if note["pid"] in workers]
    begun = own.count("begun")
    return begun > own.count("finished") and (begun - 1) % SHARD > 0


def over_two_nodes(
    sounds: Path, out: Path, sha256: str, diary: Path
) -> tuple[CatalogueReport, dict[str, Any]]:
    import ray
    from ray.cluster_utils import Cluster

    told: dict[str, Any] = {}
    memory = 100 * 2**20
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": memory})
    try:
        node = cluster.add_node(num_cpus=1, object_store_memory=memory)
        ray.init(address=cluster.address, log_to_driver=False)
        raylet = node.all_processes["raylet"][0].process.pid
        told["nodes_before"] = sum(each["Alive"] for each in ray.nodes())

        def watch(done: float) -> None:
            if "killed_at" in told or done < 1 / 3:
                return
            below = {each.pid for each in psutil.Process(raylet).children(recursive=True)}
            began = time.perf_counter()
            while not in_the_middle(diary, below):  # of a shard, so that there is work to be lost
                assert time.perf_counter() - began < 60, "the second node does nothing"
                time.sleep(0.02)
            told.update(killed_at=round(done, 2), workers=below, processes=kill(raylet))

        report = embed_catalogue(
            find_sources(sounds), out, sha256, checkpoint=CHECKPOINT, ray_address=cluster.address,
            shard=SHARD, diary=diary, progress=watch,
        )  # fmt: skip
        told["nodes_after"] = sum(each["Alive"] for each in ray.nodes())
        return report, told
    finally:
        ray.shutdown()
        cluster.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tracks", type=int, default=64)
    parser.add_argument("--music", type=Path, help="folder of longer music to cut excerpts from")
    asked = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # nodes of this machine find the program where this one did
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from mrcmv.model import load_model

    sha256 = load_model(CHECKPOINT).sha256
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="mrcmv-ray-") as name:
        work = Path(name)
        sounds, diary = work / "sounds", work / "diary.jsonl"
        sounds.mkdir()
        diary.touch()
        starters = gather(sounds, asked.tracks, asked.music)
        print(f"catalogue: {asked.tracks} tracks ({starters} starter tracks), 3 damaged files")
        report, told = over_two_nodes(sounds, work / "ray", sha256, diary)
        notes = [json.loads(line) for line in diary.read_text().splitlines()]
        finished = Counter(note["key"] for note in notes if note["what"] == "finished")
        begun = Counter(note["key"] for note in notes if note["what"] == "begun")
        gone = [note for note in notes if note["pid"] in told.get("workers", ())]
        began = time.perf_counter()
        alone = embed_catalogue(find_sources(sounds), work / "alone", sha256, checkpoint=CHECKPOINT)
        alone_s = time.perf_counter() - began
        here = {entry.track_id: entry.vectors for entry in read_embedded(work / "alone")}
        there = [(entry.track_id, entry.vectors) for entry in read_embedded(work / "ray")]
    names = Counter(track for track, _ in there)
    apart = max(float(np.abs(vectors - here[track]).max()) for track, vectors in there)
    print(f"nodes: {told['nodes_before']}, then {told['nodes_after']}")
    print(
        f"killed when {told['killed_at']:.0%} were done: {told['processes']} processes; "
        f"that node had begun {sum(note['what'] == 'begun' for note in gone)} tracks "
        f"and finished {sum(note['what'] == 'finished' for note in gone)}"
    )
    print(
        f"embedded {report.embedded}, refused {len(report.refused)}; {len(begun)} different files were begun"
    )
    print(f"tracks begun more than once: {sum(count > 1 for count in begun.values())}")
    print(
        f"tracks finished more than once (work done again): {sum(count > 1 for count in finished.values())}"
    )
    print(f"lost: {len(set(here) - set(names))}; in the result twice: {sum(n > 1 for n in names.values())}")
    print(f"largest difference to one process alone: {apart:.1e}")
    print(f"the same refused by both: {report.refused == alone.refused}")
    print(f"seconds: cluster {report.seconds:.0f} ({report.worked_s:.0f} of work), alone {alone_s:.0f}")
    assert set(names) == set(here)
    assert max(names.values()) == 1
    assert apart < 1e-5
    assert report.refused == alone.refused


if __name__ == "__main__":
    main()
