"""The voice out of a soundtrack: Spleeter 2stems, a segment of 12 s at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mrcmv.media import (
    SAMPLE_RATE,
    Progress,
    Samples,
    SoundWriter,
    UserError,
    read_blocks,
    sound_length_s,
    thread_budget,
)
from mrcmv.separation.spectrum import FRAME, Joiner, analyse, cut, segment_count, synthesise
from mrcmv.separation.unet import UNet
from mrcmv.separation.weights import STEMS, read_weights

MASK_EPSILON = 1e-10
"""Keeps the masks of two silent stems at one half each, as in the original."""
READ_FRAMES = 1 << 17
"""Samples read from a file at a time: 3 s, 1 MB."""


@dataclass(frozen=True)
class Stems:
    """The two stems of a sound, each float32 [n, 2] at 44.1 kHz. They add up to the sound below 11 kHz."""

    voice: Samples
    accompaniment: Samples


@dataclass(frozen=True)
class StemFiles:
    """WAV files of the two stems: float32, 44.1 kHz, stereo, as long as the part that was separated."""

    voice: Path
    accompaniment: Path


class Separator:
    """Spleeter 2stems. Load it once; it may serve several threads, one sound at a time in each.

    Memory does not grow with the length of a file: about 12 s of sound are in work at any time.
    """

    def __init__(self, networks: tuple[UNet, UNet], device: torch.device) -> None:
        self._networks = networks
        self._device = device
        self._window = torch.hann_window(FRAME, periodic=True, device=device)

    @classmethod
    def load(cls, device: str = "cpu") -> Separator:
        """Read the weights (79 MB) onto a device: ``cpu``, ``cuda``, ``mps`` or ``auto``.

        Raises
        ------
        WeightsError
            When Spleeter's weights are missing or changed.
        UserError
            When this machine has no such device.
        """
        torch.set_num_threads(thread_budget())
        place = _device(device)
        networks = [UNet.of(read_weights(stem)).to(place) for stem in STEMS]
        return cls((networks[0], networks[1]), place)

    def separate(self, sound: Samples, progress: Progress | None = None) -> Stems:
        """Stems of a sound in memory, float32 [n, 2] at 44.1 kHz; any n, also zero."""
        length = len(sound)
        voice, accompaniment = np.empty((length, 2), np.float32), np.empty((length, 2), np.float32)
        start = 0
        blocks = (sound[i : i + READ_FRAMES] for i in range(0, length, READ_FRAMES))
        for pair in self._stream(blocks, length, progress):
            end = start + len(pair[0])
            voice[start:end], accompaniment[start:end] = pair
            start = end
        return Stems(voice, accompaniment)

    def separate_file(
        self,
        source: Path,
        folder: Path,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        progress: Progress | None = None,
    ) -> StemFiles:
        """Stems of a canonical sound file, or of the part from ``start_s`` to ``end_s``.

        Writes ``voice.wav`` and ``accompaniment.wav`` into ``folder``. Neither is there before both are
        complete, nor after an error or when ``progress`` raises `Cancelled`.
        """
        start_s = max(start_s, 0.0)
        length_s = sound_length_s(source) if end_s is None else min(end_s, sound_length_s(source))
        expected = max(round((length_s - start_s) * SAMPLE_RATE), 0)
        blocks = read_blocks(source, READ_FRAMES, start_s=start_s, end_s=end_s)
        folder.mkdir(parents=True, exist_ok=True)
        files = StemFiles(folder / "voice.wav", folder / "accompaniment.wav")
        with SoundWriter(files.voice) as voice, SoundWriter(files.accompaniment) as accompaniment:
            for pair in self._stream(blocks, expected, progress):
                voice.write(pair[0])
                accompaniment.write(pair[1])
        return files

    def _stream(
        self, blocks: Iterable[Samples], expected: int, progress: Progress | None
    ) -> Iterator[tuple[Samples, Samples]]:
        """Pairs (voice, accompaniment) of blocks [m, 2] that make up the whole sound, in order.

        ``expected`` is the length in samples, for the progress only.
        """
        steps = segment_count(expected) * (len(STEMS) + 1)
        done = taken = given = 0

        def counted() -> Iterator[Tensor]:
            nonlocal taken
            for block in blocks:
                taken += len(block)
                yield torch.from_numpy(np.ascontiguousarray(block, np.float32)).T

        def step() -> None:
            nonlocal done
            done += 1
            if progress is not None:
                progress(min(done / steps, 1.0))

        if progress is not None:
            progress(0.0)
        joiners = (Joiner(), Joiner())
        for segment in cut(counted()):
            parts = self._separate_segment(segment, step)
            voice, accompaniment = (
                joiner.add(part)[:, : taken - given].T.numpy()
                for joiner, part in zip(joiners, parts, strict=True)
            )
            given += len(voice)
            step()
            yield voice, accompaniment

    @torch.no_grad()
    def _separate_segment(self, segment: Tensor, step: Callable[[], None]) -> list[Tensor]:
        """Both stems of one segment, each [2, SEGMENT + OVERLAP] on the CPU."""
        spectrum = analyse(segment.to(self._device), self._window)
        magnitudes = spectrum.abs()[None].contiguous(memory_format=torch.channels_last)
        # The mask of the voice needs the network of the accompaniment too: both always run.
        estimates = []
        for network in self._networks:
            estimates.append(network(magnitudes)[0])
            step()
        del magnitudes
        masks = _masks(*estimates)
        return [synthesise(spectrum, mask, self._window).cpu() for mask in masks]


def _masks(voice: Tensor, accompaniment: Tensor) -> tuple[Tensor, Tensor]:
    """Wiener-like masks that add up to one, [2, 512, BINS] each, of two magnitudes of that shape."""
    voice, accompaniment = voice.square_(), accompaniment.square_()
    total = voice + accompaniment + MASK_EPSILON
    return (voice.add_(MASK_EPSILON / 2).div_(total), accompaniment.add_(MASK_EPSILON / 2).div_(total))


def _device(name: str) -> torch.device:
    """The device of that name, checked; ``auto`` takes the fastest there is."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there.get(name.split(":")[0], False):
        raise UserError(f"This machine has no device called {name}: choose cpu or auto.")
    return torch.device(name)
