"""The edit: game sound, commentary and music mixed as in a real clip, and put under the pictures."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mrcmv.media import Samples

from .doom import SOUND_RATE
from .plan import ClipPlan
from .sounds import decode, ffmpeg
from .speakers import VOICE_RATE, resample
from .tracks import Track

MIX_RATE = 32_000
"""Rate of music and mix, in Hz, stereo: Spleeter and VGGish hear nothing above 11 kHz."""
MASTER_LUFS = -16.0
VOICE_LUFS = -18.0
GAME_UNDER_VOICE_LU = 11.0


@dataclass(frozen=True)
class Mix:
    """The edited sound and the music alone, float32 [n, 2] at `MIX_RATE`, and measured levels."""

    sound: Samples
    music: Samples
    levels: dict[str, float]


def loudness(sound: Samples, rate: int) -> float:
    """Integrated loudness in LUFS (ITU-R BS.1770); -70 for silence."""
    import pyloudnorm

    if len(sound) < 0.5 * rate:
        sound = np.concatenate([sound, np.zeros((int(0.5 * rate) + 1 - len(sound), *sound.shape[1:]))])
    return float(max(-70.0, pyloudnorm.Meter(rate).integrated_loudness(sound.astype(np.float64))))


def read_music(track: Track, packages: Path, duration_s: float) -> Samples:
    """The excerpt that lies under a clip, faded in and out as an editor does, [n, 2] at `MIX_RATE`."""
    wanted = round(duration_s * MIX_RATE)
    music = decode(
        packages / track.path, start_s=track.start_s, length_s=duration_s + 0.2, rate=MIX_RATE, channels=2
    )[:wanted]
    music = np.pad(music, ((0, wanted - len(music)), (0, 0)))
    rise, fall = MIX_RATE // 4, MIX_RATE
    music[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)[:, None]
    music[-fall:] *= np.linspace(1, 0, fall, dtype=np.float32)[:, None]
    return music.astype(np.float32)


def mix(plan: ClipPlan, voice: Samples, music: Samples, game: Samples | None) -> Mix:
    """Mix a clip. voice: mono at VOICE_RATE; music: [n, 2] at MIX_RATE; game: [n, 2] at SOUND_RATE.

    The music lies ``plan.voice_to_music_lu`` under the voice (both measured where somebody speaks),
    the game's sound a little above the music; a soft limiter rounds off the peaks.
    """
    length = len(music)
    spoken = resample(voice, VOICE_RATE, MIX_RATE)[:length]
    spoken = np.pad(spoken, (0, length - len(spoken)))
    speaks = _active(spoken)
    music_level = loudness(music[speaks], MIX_RATE)
    spoken = spoken * 10 ** ((VOICE_LUFS - loudness(spoken[speaks], MIX_RATE)) / 20)
    stereo = np.repeat(spoken[:, None], 2, axis=1) / np.sqrt(2)
    music = music * 10 ** ((VOICE_LUFS - plan.voice_to_music_lu - music_level) / 20)
    total = stereo + music
    if game is not None:
        effects = resample(game, SOUND_RATE, MIX_RATE)[:length]
        effects = np.pad(effects, ((0, length - len(effects)), (0, 0)))
        level = max(loudness(effects, MIX_RATE), -40.0)
        # shots are short: a loud one is squeezed, so that the noise of battle does not drown the voice
        effects = np.tanh(effects * 10 ** ((-17.0 - level) / 20))
        total = total + effects * 10 ** ((VOICE_LUFS - GAME_UNDER_VOICE_LU + 17.0) / 20)
    total = total * 10 ** ((MASTER_LUFS - loudness(total, MIX_RATE)) / 20)
    total = _limit(total)
    levels = {
        "voice_to_music_lu": round(loudness(stereo[speaks], MIX_RATE) - loudness(music[speaks], MIX_RATE), 2),
        "mix_lufs": round(loudness(total, MIX_RATE), 2),
        "peak": round(float(np.abs(total).max()), 3),
        "speaking": round(float(speaks.mean()), 3),
    }
    return Mix(total.astype(np.float32), music.astype(np.float32), levels)


def _active(sound: Samples) -> np.ndarray:
    """Where a voice sounds: boolean [n], in blocks of 50 ms within 30 dB of the loudest."""
    size = MIX_RATE // 20
    blocks = np.pad(sound, (0, -len(sound) % size)).reshape(-1, size)
    level = np.sqrt(np.mean(blocks**2, axis=1))
    return np.repeat(level > 0.03 * level.max(), size)[: len(sound)]


def _limit(sound: np.ndarray, knee: float = 0.7) -> np.ndarray:
    """Leave everything under the knee as it is and bend what is above it, to stay below 0.97."""
    above = np.abs(sound) > knee
    bent = knee + (0.97 - knee) * np.tanh((np.abs(sound) - knee) / (0.97 - knee))
    return np.where(above, np.sign(sound) * bent, sound)


def join(picture: Path, sound: Samples, destination: Path) -> None:
    """Put sound (float32 [n, 2] at `MIX_RATE`) under a picture stream, which is copied; AAC, faststart."""
    command = [
        *(ffmpeg(), "-y", "-v", "error", "-threads", "1", "-i", str(picture), "-f", "f32le", "-ac", "2"),
        *("-ar", str(MIX_RATE), "-i", "-", "-c:v", "copy", "-c:a", "aac", "-b:a", "160k"),
        *("-movflags", "+faststart", "-f", "mp4", str(destination)),
    ]
    subprocess.run(command, input=sound.astype(np.float32).tobytes(), check=True, capture_output=True)
