"""The words of the commentary: four moods, put together from halves; a line belongs to one split."""

from __future__ import annotations

import hashlib
import random

OPENERS = {
    "excited": ["Oh yes", "Come on", "Look at that", "Here we go", "Watch this", "No way", "Wow", "Right now",
                "Go go go", "Hold on", "Did you see that", "Unbelievable", "Ha ha", "Quick", "Boom"],
    "calm": ["So", "Well", "As you can see", "For now", "Let us see", "In this part", "All right", "Slowly",
             "If you look here", "As always", "By the way", "Next", "Over there", "At this point", "Okay"],
}  # fmt: skip
CLAUSES = {
    ("excited", "bright"): [
        "we are winning this", "that was a perfect shot", "three more and we take the crown",
        "this is the best run of the week", "I love this weapon", "they never saw me coming",
        "we fly through this hall like the wind", "that is a new record, my friends",
        "everything goes our way today", "what a golden moment", "they run and we laugh",
        "nobody can stop us now", "that one was for you, chat", "we clear the room in seconds",
        "this is pure fun", "the whole team is on fire, and I love it",
    ],
    ("excited", "dark"): [
        "they are everywhere, shoot them", "behind us, turn around", "we are surrounded, keep firing",
        "I am almost dead, cover me", "the demons break through the door", "it is a trap, get out",
        "blood on every wall, and more are coming", "that monster hits like a truck",
        "we have no time, run for your life", "another wave, and it is bigger",
        "they want us dead, so hit them first", "the big one is awake, fire at will",
        "I cannot hold them, I need help", "danger on the left, danger on the right",
        "do not stop, or we all die here", "this is war, and war is loud",
    ],
    ("calm", "bright"): [
        "we walk along this hall and enjoy the view", "I pick up some armor and go on",
        "the light in this room is really lovely", "it is a fine day for a small tour",
        "we find a quiet corner and take a short break", "the map makes sense once you know it",
        "there is a nice secret behind this panel", "I show you my favorite way through the level",
        "everything is in good order here", "we have plenty of time, so we look around",
        "the garden outside is a pleasant place", "a little bonus for our collection",
        "the builders of this map had a good eye", "we take the stairs and smile",
        "that door opens with a friendly sound", "it feels like coming home again",
    ],
    ("calm", "dark"): [
        "it is very quiet, and I do not trust it", "nobody has been here for a long time",
        "the shadows in this hall seem to move", "something must have happened to them",
        "I hear a breath behind the wall", "we go down, deeper into the dark",
        "the base is empty, and all hope is gone", "every step sounds lonely in here",
        "this is where the last crew was lost", "I have a bad feeling about that door",
        "the cold comes through the floor", "there is only dust and silence",
        "the lamps fail one after the other", "we should not have come to this place",
        "the water is black, so I keep away", "old machines, old bones, nothing else",
    ],
}  # fmt: skip


def split_of(line: str) -> str:
    """ "test" for a third of all lines, "train" for the rest, by a hash of the words."""
    return "test" if hashlib.sha256(line.encode()).digest()[0] % 3 == 0 else "train"


def write_line(random_: random.Random, *, energy: float, mood: float, split: str) -> tuple[str, str]:
    """A line for a split, and the name of its mood, e.g. "excited, dark".

    energy, mood: scores; above 0 the line is likely excited, or bright.
    """
    kind = "excited" if energy + random_.gauss(0, 0.6) > 0 else "calm"
    colour = "bright" if mood + random_.gauss(0, 0.6) > 0 else "dark"
    while True:
        opener, clause = random_.choice(OPENERS[kind]), random_.choice(CLAUSES[kind, colour])
        line = f"{opener}, {clause}{'!' if kind == 'excited' else '.'}"
        if split_of(line) == split:
            return line, f"{kind}, {colour}"
