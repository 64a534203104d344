"""Why a track was suggested, and where it lies among the others.

`why` turns what the network did with blanked parts of a clip into shares, moments and plain facts;
`make_map` places all tracks and the clip in a plane.
"""

from mrcmv.explain.facts import Fact, gather_facts
from mrcmv.explain.places import Cluster, Layout, Map, lay_out, place_clip
from mrcmv.explain.why import Blanked, Moment, Stretch, Why, why

__all__ = [
    "Blanked",
    "Cluster",
    "Fact",
    "Layout",
    "Map",
    "Moment",
    "Stretch",
    "Why",
    "gather_facts",
    "lay_out",
    "place_clip",
    "why",
]
