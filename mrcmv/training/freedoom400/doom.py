"""ViZDoom, headless: Freedoom's levels, one view after another."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TICS_PER_SECOND = 35
SOUND_RATE = 22_050
MONSTERS = frozenset(
    (
        *("ZombieMan", "ShotgunGuy", "ChaingunGuy", "DoomImp", "Demon", "Spectre", "LostSoul", "Cacodemon"),
        *("HellKnight", "BaronOfHell", "Arachnotron", "PainElemental", "Revenant", "Fatso", "Archvile"),
        *("SpiderMastermind", "Cyberdemon", "WolfensteinSS"),
    )
)
RECOLOURING = ("InvulnerabilitySphere", "Infrared", "RadSuit", "Berserk")
"""Things that recolour the whole picture for half a minute when they are picked up."""
BUTTONS = (
    *("ATTACK", "USE", "MOVE_FORWARD", "MOVE_BACKWARD", "MOVE_LEFT", "MOVE_RIGHT", "SPEED"),
    *("TURN_LEFT_RIGHT_DELTA", "SELECT_WEAPON2", "SELECT_WEAPON3", "SELECT_WEAPON4", "SELECT_WEAPON5"),
    "SELECT_WEAPON6",
)
VARIABLES = ("POSITION_X", "POSITION_Y", "ANGLE", "HITCOUNT", "DAMAGE_TAKEN", "KILLCOUNT", "HEALTH")


@dataclass(frozen=True)
class Enemy:
    """A living monster in view: middle and size in parts of the picture (0..1)."""

    name: str
    x: float
    width: float
    height: float


@dataclass(frozen=True)
class View:
    """What the player sees: frame uint8 [h, w, 3], depth uint8 [h, w], sound int16 [n, 2] of a step."""

    frame: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    sound: NDArray[np.int16] | None
    enemies: tuple[Enemy, ...]
    things: tuple[tuple[str, float, float], ...]
    x: float
    y: float
    angle: float
    hits: float
    damage: float
    kills: float
    health: float


class Game:
    """A running game. ``step`` presses buttons for some tics; ``look`` is the view after it."""

    def __init__(
        self,
        wad: str,
        level: str,
        *,
        seed: int,
        skill: int,
        monsters: bool,
        visibility: float,
        folder: Path,
        tics: int = 2,
        size: tuple[int, int] = (320, 240),
        sound: Path | None = None,
    ) -> None:
        """visibility: how far light reaches (r_visibility; 8 is usual). folder: for what the game writes."""
        import vizdoom

        self._tics = tics
        self._size = size
        home = Path(vizdoom.__file__).parent
        game = vizdoom.DoomGame()
        game.set_doom_game_path(str(home / f"{wad}.wad"))
        game.set_doom_config_path(str(folder / "game.ini"))
        game.set_doom_map(level)
        game.set_seed(seed % 2**31)
        game.set_doom_skill(skill)
        game.set_screen_resolution(getattr(vizdoom.ScreenResolution, f"RES_{size[0]}X{size[1]}"))
        game.set_screen_format(vizdoom.ScreenFormat.RGB24)
        game.set_depth_buffer_enabled(True)
        game.set_labels_buffer_enabled(True)
        game.set_objects_info_enabled(True)
        game.set_render_hud(True)
        game.set_render_messages(False)
        game.set_window_visible(False)
        game.set_mode(vizdoom.Mode.PLAYER)
        game.set_episode_timeout(0)
        game.set_ticrate(TICS_PER_SECOND)
        game.set_available_buttons([getattr(vizdoom.Button, name) for name in BUTTONS])
        game.set_available_game_variables([getattr(vizdoom.GameVariable, name) for name in VARIABLES])
        args = f"+sv_cheats 1 +r_visibility {visibility:.2f}"
        args += " +cl_showsecretmessage 0 +con_midtime 1 +con_notifytime 0"
        args += "" if monsters else " -nomonsters"
        if sound is not None:
            os.environ["ALSOFT_DRIVERS"] = "null"
            paths = [str(sound), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
            if str(sound) not in os.environ.get("LD_LIBRARY_PATH", "").split(":"):
                os.environ["LD_LIBRARY_PATH"] = ":".join(paths)  # for the game, which is a program of its own
            game.set_audio_buffer_enabled(True)
            game.set_audio_sampling_rate(vizdoom.SamplingRate.SR_22050)
            game.set_audio_buffer_size(tics)
            args += " +snd_efx 0 +snd_musicvolume 0 -nomusic"
        game.add_game_args(args)
        with contextlib.chdir(folder):  # it makes folders where it starts
            game.init()
        self._game: Any = game

    def start(self, weapon: int) -> None:
        """Give the player all weapons and a hand that never quite dies."""
        self.press({}, 4)
        for command in ("buddha", "give weapons", "give ammo", "give armor", "give keys"):
            self.command(command)
        for power in RECOLOURING:
            self.command(f"remove {power}")
        self.press({BUTTONS[weapon]: 1}, 2)
        self.press({}, 12)

    def command(self, words: str) -> None:
        """Type into the game's console; done at the next step."""
        self._game.send_game_command(words)

    def press(self, buttons: dict[str, float], tics: int | None = None) -> None:
        self._game.make_action([float(buttons.get(name, 0)) for name in BUTTONS], tics or self._tics)
        if self._game.is_player_dead():
            self._game.respawn_player()
        if self._game.is_episode_finished():
            self._game.new_episode()
            for command in ("buddha", "give weapons", "give ammo"):
                self.command(command)

    def look(self) -> View:
        state = self._game.get_state()
        while state is None:
            self._game.new_episode()
            state = self._game.get_state()
        width, height = self._size
        enemies = tuple(
            Enemy(
                each.object_name, (each.x + each.width / 2) / width, each.width / width, each.height / height
            )
            for each in state.labels
            if each.object_name in MONSTERS and each.width * each.height > 12
        )
        things = tuple((each.name, each.position_x, each.position_y) for each in state.objects)
        sound = None if state.audio_buffer is None else state.audio_buffer.copy()
        x, y, angle, hits, damage, kills, health = (float(value) for value in state.game_variables)
        return View(
            frame=state.screen_buffer,
            depth=state.depth_buffer,
            sound=sound,
            enemies=enemies,
            things=things,
            x=x, y=y, angle=angle, hits=hits, damage=damage, kills=kills, health=health,
        )  # fmt: skip

    def close(self) -> None:
        self._game.close()
