"""MRCMV Studio: background music for short game videos, found from picture and voice-over.

The way of a clip through the packages: ``media`` (made safe) -> ``separation`` (voice-over) ->
``model`` (512 numbers) -> ``library`` (nearest tracks) -> ``mix`` (preview). ``recommender``
joins them; ``cli`` and ``web`` show them. Importing this package loads nothing heavy.
"""

import os

# Threads of torch and faiss that have nothing to do sleep instead of spinning (libgomp reads this when it
# is loaded): beside ffmpeg or another clip the spinning would take more of the cores than the work does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.4.0"


def _keep_the_budget() -> None:
    """BLAS and OpenMP read their number of threads once, when they are first imported. What PyTorch and FAISS
    are told later counts for the thread that tells it alone, and NumPy's BLAS is never told."""
    import os

    asked = os.environ.get("MRCMV_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, asked)


_keep_the_budget()
