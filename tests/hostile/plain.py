"""Hostile files that are no media: manifests, designs, checkpoints, settings.

Each is made in a folder of its own and read by what reads it in the program. The same has to hold as for
media: taken, or refused with one plain sentence, within 20 s and 1.5 GB, and nothing is left over.
"""

from __future__ import annotations

from tests.hostile.designs import DESIGNS, SETTINGS, STIMULI
from tests.hostile.lists import LISTS, RIGHTS_STATED
from tests.hostile.makers import PlainCase
from tests.hostile.networks import CHECKPOINTS, DATA_SETS, PUBLISHED
from tests.hostile.packages import PACKAGES
from tests.hostile.records import RECORDS

PLAIN_CASES: list[PlainCase] = [
    *SETTINGS,
    *DESIGNS,
    *STIMULI,
    *DATA_SETS,
    *CHECKPOINTS,
    *PUBLISHED,
    *LISTS,
    *RIGHTS_STATED,
    *PACKAGES,
    *RECORDS,
]
