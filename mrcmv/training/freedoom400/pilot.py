"""The player: walks, looks around and fights as wildly as it is asked to, from what it sees."""

from __future__ import annotations

import math
import random

import numpy as np

from .doom import BUTTONS, MONSTERS, Game, View

CALM, EXPLORE, ACTION = 0.28, 0.5, 0.8
"""Below: calm, explore, action; above the last: swarm. In parts of the intensity 0..1."""
EASY = ("ZombieMan", "DoomImp", "ShotgunGuy", "Demon")
HARD = ("HellKnight", "Revenant", "Cacodemon", "ChaingunGuy")
BOSSES = ("BaronOfHell", "Cyberdemon", "Arachnotron")


class Pilot:
    """Decides buttons from views. ``intensity`` 0..1 sets the mode; the caller may change it any time."""

    def __init__(self, game: Game, seed: int, *, cut_every_s: float, step_s: float) -> None:
        self._game = game
        self._random = random.Random(seed)
        self._cut_every = cut_every_s
        self._step_s = step_s
        self.intensity = 0.5
        self._minded = True
        self._turn = 0.0
        self._strafe = 0
        self._burst = 0
        self._stuck = 0
        self._forced = 0
        self._forced_turn = 6.0
        self._goal = 0.5
        self._count = 0
        self._quiet_s = 0.0
        self._vain_s = 0.0
        self._wall_s = 0.0
        self._shield_s = 0.0
        self._shielded = False
        self._hits = 0.0
        self._damage = 0.0
        self._next_cut = self._draw_cut()
        self._last = (0.0, 0.0)
        self._visits: dict[tuple[int, int], int] = {}

    @property
    def fights(self) -> bool:
        return self.intensity > CALM

    def enter_block(self, intensity: float) -> None:
        """A new block of the clip begins (the first too): an editor cuts to another place."""
        was, self.intensity = self._minded, intensity
        if not self.fights:
            self._game.command("massacre")
        if self.fights != was:
            self._game.command("notarget")  # a switch: monsters mind the player only when it fights
            self._minded = self.fights
        self.cut()

    def cut(self) -> None:
        """Jump to another place: beside a monster when fighting, to a thing when not."""
        self._next_cut = self._draw_cut()
        self._quiet_s = self._vain_s = self._wall_s = 0.0
        self._stuck = 0
        view = self._game.look()
        wanted = [each for each in view.things if (each[0] in MONSTERS) == self.fights]
        wanted = [each for each in wanted or view.things if each[0] != "DoomPlayer"]
        for _ in range(5):
            if not wanted:
                return
            _, x, y = self._random.choice(wanted)
            around = self._random.uniform(0, 2 * math.pi)
            away = self._random.uniform(120, 280) if self.fights else self._random.choice((0, 40))
            self._game.command(f"warp {int(x + away * math.cos(around))} {int(y + away * math.sin(around))}")
            self._game.press({}, 3)
            for _ in range(3):
                view = self._game.look()
                height = view.depth.shape[0]
                if np.median(view.depth[int(height * 0.3) : int(height * 0.55)]) > 9:
                    return
                self._game.press({"TURN_LEFT_RIGHT_DELTA": 90.0}, 2)

    def act(self, view: View) -> dict[str, float]:
        """Buttons for the next step."""
        self._count += 1
        self._next_cut -= self._step_s
        self._quiet_s = 0.0 if view.enemies else self._quiet_s + self._step_s
        hit, self._hits = view.hits > self._hits, view.hits
        self._vain_s = self._vain_s + self._step_s if view.enemies and self.fights and not hit else 0.0
        patience = 9.0 - 7.5 * self.intensity
        height, width = view.depth.shape
        middle = view.depth[int(height * 0.3) : int(height * 0.55), width // 4 : -width // 4]
        self._wall_s = self._wall_s + self._step_s if np.median(middle) < 7 else 0.0
        bored = (self.fights and self._quiet_s > patience) or self._vain_s > 3.5 or self._wall_s > 1.5
        if self._next_cut < 0 or bored:
            self.cut()
            return {}
        self._shield(view)
        if view.health < 70 and self._random.random() < 0.2:
            self._game.command("give health")
        self._summon(view)
        buttons = self._fight(view) if view.enemies and self.fights else self._walk(view)
        if self._burst > 0:
            self._burst -= 1
            buttons["ATTACK"] = 1
        if self.fights and self._random.random() < self._step_s / 9:
            buttons[self._random.choice(BUTTONS[9:])] = 1
        buttons["TURN_LEFT_RIGHT_DELTA"] = self._turn
        return buttons

    def _shield(self, view: View) -> None:
        """Wounds count for moments only: else the screen stays red for as long as many monsters bite."""
        self._shield_s -= self._step_s
        hurt, self._damage = view.damage > self._damage, view.damage
        if self._shielded and self._shield_s < 0:
            self._shielded = False
            self._game.command("god")
        elif not self._shielded and hurt:
            self._shielded, self._shield_s = True, self._random.uniform(3, 8)
            self._game.command("god")

    def _draw_cut(self) -> float:
        return self._cut_every * self._random.uniform(0.6, 1.4)

    def _summon(self, view: View) -> None:
        """The wilder, the more monsters come, besides those of the level."""
        chance = max(0.0, self.intensity - CALM) * 1.5 * self._step_s
        most = 1 + 7 * max(0.0, self.intensity - CALM)
        if len(view.enemies) < most and self._random.random() < chance:
            names = EASY + (HARD if self.intensity > 0.65 else ()) + (BOSSES if self.intensity > 0.88 else ())
            self._game.command(f"summon {self._random.choice(names)}")

    def _fight(self, view: View) -> dict[str, float]:
        target = max(view.enemies, key=lambda enemy: enemy.width * enemy.height)
        aside = target.x - 0.5
        shake = self._random.gauss(0, 0.6 + 2.0 * self.intensity)
        aim = min(max(aside * 90, -16), 16) * (0.5 + 0.7 * self.intensity) + shake
        self._turn = 0.4 * self._turn + 0.6 * aim
        if abs(aside) < max(0.06, target.width * 0.6) and self._random.random() < 0.25 + 0.7 * self.intensity:
            self._burst = self._random.randint(2, 3 + int(5 * self.intensity))
        if self._random.random() < self._step_s * 1.5:
            self._strafe = self._random.choice((-1, 0, 1)) if self.intensity > 0.45 else 0
        return {
            "MOVE_LEFT": float(self._strafe < 0),
            "MOVE_RIGHT": float(self._strafe > 0),
            "MOVE_FORWARD": float(target.height < 0.35),
            "MOVE_BACKWARD": float(target.height > 0.6),
            "SPEED": float(self.intensity > ACTION),
        }

    def _walk(self, view: View) -> dict[str, float]:
        """Go where there is room and where the player has been least."""
        height, width = view.depth.shape
        row = view.depth[int(height * 0.42) : int(height * 0.55)].astype(np.float32).min(0)
        side = width // 16
        room = np.convolve(row, np.ones(side) / side, "same")
        ahead = float(room[width // 2 - side : width // 2 + side].mean())
        if self._forced > 0:
            self._forced -= 1
            want = self._forced_turn
        else:
            if self._count % 3 == 0:
                self._goal = self._best_way(view, room)
            want = min(max((self._goal - 0.5) * 28, -9), 9) * (0.6 + 0.8 * self.intensity)
            if ahead < 9:
                want += 10 if room[: width // 2].mean() < room[width // 2 :].mean() else -10
        self._turn = 0.7 * self._turn + 0.3 * (want + self._random.gauss(0, 0.4 + self.intensity))
        moved = abs(view.x - self._last[0]) + abs(view.y - self._last[1])
        self._last = (view.x, view.y)
        rests = self.intensity < 0.15 and math.sin(self._count * self._step_s * 0.7) > 0.5
        self._stuck = self._stuck + 1 if moved < 2.4 and not rests else max(0, self._stuck - 2)
        if self._stuck > 45:
            self.cut()
        elif self._stuck > 8 and self._forced == 0:
            self._forced = self._random.randint(7, 14)
            self._forced_turn = self._random.choice((-11.0, 11.0))
        return {
            "MOVE_FORWARD": float(ahead > 5 and not rests),
            "USE": float(self._count % 9 == 0 and ahead < 14),
            "SPEED": float(self.intensity > EXPLORE - 0.05),
        }

    def _best_way(self, view: View, room: np.ndarray) -> float:
        cell = (int(view.x // 128), int(view.y // 128))
        self._visits[cell] = self._visits.get(cell, 0) + 1
        best, best_score = 0.5, -1e9
        for place in np.linspace(0.04, 0.96, 13):
            toward = math.radians(view.angle - 90 * (place - 0.5))
            depth = float(room[min(int(place * len(room)), len(room) - 1)])
            been = 0
            for reach in (96, 192, 288, 384):
                if reach < depth * 8:
                    x, y = view.x + math.cos(toward) * reach, view.y + math.sin(toward) * reach
                    been += self._visits.get((int(x // 128), int(y // 128)), 0)
            score = min(depth, 45) - 7 * math.log1p(been / 10) - 6 * abs(place - 0.5)
            if score > best_score:
                best, best_score = float(place), score
        return best
