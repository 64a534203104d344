"""Listening to a clip by numbers: what is in its mix, how loud, and whether it lies where it should.

Voice and music are known alone, so the mix is taken apart by least squares: the gains of voice and
music that explain it best (what is left over is the game's sound, and what limiter and AAC changed).
Loudness of the parts is therefore that in the finished file, not that which its maker noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mrcmv.media import (
    ANALYSIS_RATE,
    HOPS_PER_S,
    SAMPLE_RATE,
    LoudnessMeter,
    Progress,
    Samples,
    UserError,
    integrated_lufs,
    measure_levels,
    read_sound,
    to_mono,
)
from mrcmv.training.freedoom400.descriptors import FFT, power_spectra

from .sample import Seen

REACH_S = 0.25
"""How far voice and music are looked for from where they should be, in seconds."""
ACTIVE_DB = 30.0
"""The voice sounds where it is within this of its loudest 50 ms, as the builder has it."""
SILENT_LUFS = -60.0
"""Below this 100 ms of the mix count as silence."""
FULL_SCALE = 0.999
BLOCK = 1 << 17


@dataclass(frozen=True)
class Heard:
    """What was measured of one clip. Loudness in LUFS (BS.1770), differences in LU.

    voice_lufs, music_lufs, rest_lufs
        Loudness of the parts as they lie in the mix, from the fit; integrated.
    under_lu
        Voice minus music, both where the voice sounds; ``told_lu`` is what the builder noted.
    voice_offset_ms, music_offset_ms
        Where the part lies in the mix, later is positive; 0 is right.
    voice_match, music_match
        Correlation (0..1) of the part with the mix from which the other part was taken.
    speaking, silence
        Shares of the time: the voice sounds; nothing at all sounds.
    clipped
        Samples at full scale, of either channel.
    mix_centroid_hz, music_centroid_hz
        Mean spectral centroid up to 8 kHz.
    """

    id: str
    split: str
    title: str
    duration_s: float
    lufs: float
    true_peak_db: float
    voice_lufs: float
    music_lufs: float
    rest_lufs: float
    under_lu: float
    told_lu: float | None
    voice_offset_ms: float
    music_offset_ms: float
    voice_match: float
    music_match: float
    speaking: float
    silence: float
    clipped: int
    mix_centroid_hz: float
    music_centroid_hz: float

    def as_dict(self) -> dict[str, Any]:
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def listen(clips: Sequence[Seen], progress: Progress | None = None) -> list[Heard]:
    """Measure whole clips, one after the other; about 3 s of work for 40 s of sound."""
    found = []
    for number, seen in enumerate(clips):
        found.append(hear(seen))
        if progress is not None:
            progress((number + 1) / len(clips))
    return found


def hear(seen: Seen) -> Heard:
    """Measure one clip.

    Raises `UserError` when the data set has no voice or no music beside the clip.
    """
    item = seen.item
    if item.music is None or seen.voice is None:
        raise UserError(f"Clip {item.id} has no voice and music beside it, so its mix cannot be taken apart.")
    mix = read_sound(item.clip)
    parts = [_as_long(read_sound(path), len(mix)) for path in (seen.voice, item.music)]
    offsets = [_offset(mix, part) for part in parts]
    voice, music = (np.roll(part, offset, axis=0) for part, offset in zip(parts, offsets, strict=True))
    gains = _gains(mix, voice, music)
    voice, music = voice * gains[0], music * gains[1]
    active = _active(voice)
    levels = measure_levels((mix[at : at + BLOCK] for at in range(0, len(mix), BLOCK)), len(mix))
    energies = [_energies(part) for part in (mix, voice, music, mix - voice - music)]
    hops = active[: len(energies[0])]
    tenths = energies[0][: len(energies[0]) // 10 * 10].reshape(-1, 10).mean(1)
    return Heard(
        id=item.id,
        split=item.split,
        title=seen.title,
        duration_s=len(mix) / SAMPLE_RATE,
        lufs=levels.lufs,
        true_peak_db=levels.true_peak_db,
        voice_lufs=integrated_lufs(energies[1]),
        music_lufs=integrated_lufs(energies[2]),
        rest_lufs=integrated_lufs(energies[3]),
        under_lu=integrated_lufs(energies[1][hops]) - integrated_lufs(energies[2][hops]),
        told_lu=seen.levels.get("voice_to_music_lu"),
        voice_offset_ms=1000 * offsets[0] / SAMPLE_RATE,
        music_offset_ms=1000 * offsets[1] / SAMPLE_RATE,
        voice_match=_match(mix - music, voice),
        music_match=_match(mix - voice, music),
        speaking=float(active.mean()),
        silence=float(np.mean(tenths < 10 ** ((SILENT_LUFS + 0.691) / 10))),
        clipped=int((np.abs(mix) >= FULL_SCALE).sum()),
        mix_centroid_hz=_centroid_hz(mix),
        music_centroid_hz=_centroid_hz(music),
    )


ROWS: tuple[tuple[str, str, str], ...] = (
    ("track", "title", ""),
    ("length, s", "duration_s", ".1f"),
    ("loudness of the mix, LUFS", "lufs", ".1f"),
    ("true peak, dBTP", "true_peak_db", ".1f"),
    ("samples at full scale", "clipped", "d"),
    ("silence, share of the time", "silence", ".1%"),
    ("voice sounds, share of the time", "speaking", ".0%"),
    ("voice in the mix, LUFS", "voice_lufs", ".1f"),
    ("music in the mix, LUFS", "music_lufs", ".1f"),
    ("the rest (game), LUFS", "rest_lufs", ".1f"),
    ("music under voice, LU, measured", "under_lu", ".1f"),
    ("music under voice, LU, as noted", "told_lu", ".1f"),
    ("offset of the voice, ms", "voice_offset_ms", ".1f"),
    ("offset of the music, ms", "music_offset_ms", ".1f"),
    ("voice against the mix without music, r", "voice_match", ".2f"),
    ("music against the mix without voice, r", "music_match", ".2f"),
    ("spectral centroid of the mix, Hz", "mix_centroid_hz", ".0f"),
    ("spectral centroid of the music, Hz", "music_centroid_hz", ".0f"),
)


def as_table(found: Sequence[Heard]) -> str:
    """A Markdown table, one column per clip."""
    lines = [" | ".join(["| clip", *(f"{each.id} ({each.split})" for each in found)]) + " |"]
    lines.append("|---" * (1 + len(found)) + "|")
    for title, name, style in ROWS:
        values = [getattr(each, name) for each in found]
        cells = ["-" if value is None else format(value, style) for value in values]
        lines.append(" | ".join([f"| {title}", *(cell.replace("|", "/") for cell in cells)]) + " |")
    return "\n".join(lines)


def _as_long(sound: Samples, length: int) -> Samples:
    return np.pad(sound[:length], ((0, max(0, length - len(sound))), (0, 0)))


def _offset(mix: Samples, part: Samples) -> int:
    """Where a part lies in the mix, in samples: the highest cross-correlation of the whitened spectra.

    The music's own repetition makes the plain correlation flat; whitening (GCC-PHAT; Knapp and
    Carter 1976) leaves a sharp peak.
    """
    size = 2 ** int(np.ceil(np.log2(2 * len(mix))))
    one, other = (np.fft.rfft(sound.mean(1, dtype=np.float64), size) for sound in (mix, part))
    cross = one * np.conj(other)
    # only where the part sounds at all: elsewhere there is nothing but noise to whiten
    strong = np.abs(other) > 1e-3 * np.abs(other).max()
    peaks = np.fft.irfft(np.where(strong, cross / (np.abs(cross) + 1e-12), 0), size)
    reach = round(REACH_S * SAMPLE_RATE)
    near = np.concatenate([peaks[-reach:], peaks[: reach + 1]])
    return int(np.argmax(near)) - reach


def _gains(mix: Samples, voice: Samples, music: Samples) -> NDArray[np.float64]:
    """Factors of voice and music that leave the least of the mix, [2]."""
    one, other, whole = (sound.ravel().astype(np.float64) for sound in (voice, music, mix))
    normal = np.array([[one @ one, one @ other], [one @ other, other @ other]])
    return np.linalg.solve(normal + np.eye(2) * 1e-9, np.array([one @ whole, other @ whole]))


def _active(voice: Samples) -> NDArray[np.bool_]:
    """Where the voice sounds, one value per 10 ms (`HOPS_PER_S`)."""
    size = SAMPLE_RATE // 20
    mono = voice[:, 0]
    blocks = np.pad(mono, (0, -len(mono) % size)).reshape(-1, size)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    return np.repeat(level > 10 ** (-ACTIVE_DB / 20) * level.max(), HOPS_PER_S // 20)


def _energies(sound: Samples) -> NDArray[np.float64]:
    meter = LoudnessMeter()
    for at in range(0, len(sound), BLOCK):
        meter.add(sound[at : at + BLOCK])
    return meter.energies


def _match(whole: Samples, part: Samples) -> float:
    one, other = (sound.ravel().astype(np.float64) for sound in (whole, part))
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-12))


def _centroid_hz(sound: Samples) -> float:
    """Mean centroid of the magnitude spectrum of all windows within 50 dB of the loudest."""
    magnitude = np.sqrt(power_spectra(to_mono(sound)))
    total = magnitude.sum(1)
    loud = total > total.max() * 10 ** (-50 / 20)
    bins = np.fft.rfftfreq(FFT, 1 / ANALYSIS_RATE)
    return float((magnitude[loud] @ bins / (total[loud] + 1e-9)).mean()) if total.max() > 0 else 0.0
