"""MRCMV Studio: background music for short game videos, found from picture and voice-over.

The way of a clip through the packages: ``media`` (made safe) -> ``separation`` (voice-over) ->
``model`` (512 numbers) -> ``library`` (nearest tracks) -> ``mix`` (preview). ``recommender``
joins them; ``cli`` and ``web`` show them. Importing this package loads nothing heavy.
"""

import os

# Threads of torch and faiss that have nothing to do sleep instead of spinning (libgomp reads this when it
# is loaded): beside ffmpeg or another clip the spinning would take more of the cores than the work does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.3.0"
