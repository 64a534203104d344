"""The room that serves all costs little to enter."""

import subprocess
import sys


def test_entering_the_room_loads_nothing_heavy() -> None:
    heavy = {"scipy", "pyloudnorm", "librosa", "numba", "torch", "soundfile", "av"}
    code = f"import sys, mrcmv.media; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
