"""The voice of a clip, separated once and kept beside it; of any other file on demand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mrcmv.media import Clip, Progress, Reading, Speech, part_of, read_sound, work_folder
from mrcmv.parts import Parts

if TYPE_CHECKING:
    from mrcmv.separation import StemFiles


class Voices(Parts):
    """Separates clips."""

    def separate_clip(self, clip: Clip, progress: Progress | None = None) -> tuple[Path | None, Speech]:
        """The whole clip's voice (WAV) and voice activity; separated once and kept in its folder."""
        return self._separate(clip.sound, clip.folder, (0.0, clip.duration_s), progress)

    def separate_window(self, clip: Clip, progress: Progress | None = None) -> tuple[Path | None, Speech]:
        """The same of the part that the network looks at: what `suggest` listens to."""
        return self._separate(clip.sound, clip.folder, clip.window_s, progress)

    def separate_early(
        self, reading: Reading, folder: Path, progress: Progress | None = None
    ) -> tuple[Path | None, Speech]:
        """`separate_window` of a clip whose picture is still being read into ``folder``."""

        def told(done: float) -> None:
            reading.tell_picture()
            if progress is not None:
                progress(done)

        return self._separate(reading.sound, folder, reading.window_s, told)

    def _separate(
        self, sound: Path | None, clip: Path, part_s: tuple[float, float], progress: Progress | None
    ) -> tuple[Path | None, Speech]:
        """Voice (WAV) and voice activity of a part of a sound; (None, empty) when nobody speaks.

        Separating a part costs what the part is long, so a ranking does not wait for ten minutes
        of sound when the network looks at 32 s. Both results are kept in the folder of the clip.
        """
        from mrcmv.separation import find_speech, kept_speech

        if sound is None:
            return None, Speech(())
        start_s, end_s = part_s
        folder = stems_folder(clip, part_s)
        voice = folder / "voice.wav"
        if not voice.exists():  # written under another name and renamed when complete
            self._computed(
                lambda: self.separator.separate_file(
                    sound, folder, start_s=start_s, end_s=end_s, progress=progress
                )
            )

        def hear() -> Speech:
            mix = read_sound(sound, start_s=start_s, duration_s=end_s - start_s)
            found = find_speech(read_sound(voice), mix=mix)
            return Speech(tuple((start_s + begin, start_s + end) for begin, end in found.segments))

        speech = kept_speech(folder, hear)
        return (voice if speech else None), speech


def stems_folder(clip: Path, part_s: tuple[float, float]) -> Path:
    """Where in a clip's folder the stems of a part are kept."""
    start_s, end_s = part_s
    return clip / f"stems-{round(start_s * 1000)}-{round(end_s * 1000)}"


def separate_source(
    source: Path, out: Path, *, device: str = "auto", progress: Progress | None = None
) -> StemFiles:
    """Split a clip's or a sound file's sound into ``out/voice.wav`` and ``out/accompaniment.wav``.

    WAV, float32, 44.1 kHz, stereo. Raises `mrcmv.media.UserError` for a file without sound.
    """
    from mrcmv.media import open_sound
    from mrcmv.model import pick_device
    from mrcmv.separation import Separator

    out.mkdir(parents=True, exist_ok=True)
    with work_folder("mrcmv-") as folder:
        sound = Path(folder) / "sound.flac"
        open_sound(source, sound, progress=part_of(progress, 0.0, 0.2))
        return Separator.load(pick_device(device)).separate_file(
            sound, out, progress=part_of(progress, 0.2, 1.0)
        )
