"""MRCMV Studio: background music for short game videos, found from picture and voice-over.

The way of a clip through the packages: ``media`` (made safe) -> ``separation`` (voice-over) ->
``model`` (512 numbers) -> ``library`` (nearest tracks) -> ``mix`` (preview). ``recommender``
joins them; ``cli`` and ``web`` show them. Importing this package loads nothing heavy.
"""

__version__ = "0.3.0"
