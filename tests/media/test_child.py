"""Children end: when they are done, when their time is up, when a limit is broken, when cancelled."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil
import pytest

from mrcmv.media import Cancelled, Limits, ToolError, run_ffmpeg
from mrcmv.media.child import run_child

SLEEPER = "import subprocess,sys,time; subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']); "


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def living(mark: str) -> list[psutil.Process]:
    everything = psutil.process_iter(["cmdline"])
    return [process for process in everything if mark in " ".join(process.info["cmdline"] or [])]


def test_lines_and_last_words() -> None:
    lines: list[str] = []
    code = "import sys; print('a'); print('b'); sys.stderr.write('c')"
    words = run_child(python(code), Limits(), on_line=lines.append)
    assert lines == ["a", "b"]
    assert words == "c"


def test_failure_keeps_the_details_apart() -> None:
    with pytest.raises(ToolError) as error:
        run_child(python("import sys; sys.exit('secret path')"), Limits())
    assert error.value.details == "secret path"
    assert not error.value.timed_out
    assert "secret" not in str(error.value)


def test_time_is_up_for_the_whole_group() -> None:
    mark = f"mark-{time.time_ns()}"
    code = f"mark='{mark}'; {SLEEPER.replace('time.sleep(60)', 'time.sleep(60)  # ' + mark)} time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(ToolError) as error:
        run_child(python(code), Limits(wall_s=1.0))
    assert error.value.timed_out
    assert time.monotonic() - started < 30
    assert living(mark) == []


def test_cancel_ends_it() -> None:
    mark = f"mark-{time.time_ns()}"

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_child(python(f"import time; time.sleep(60)  # {mark}"), Limits(), tick=stop)
    assert living(mark) == []


def test_limits_of_memory_files_and_processor(tmp_path: Path) -> None:
    target = tmp_path / "big"
    greedy = {
        "x = bytearray(3 * 1024**3)": Limits(memory_bytes=1024**3),
        f"open({str(target)!r}, 'wb').write(bytes(2**21))": Limits(file_bytes=2**20),
        "while True: pass": Limits(cpu_s=1),
    }
    for code, limits in greedy.items():
        with pytest.raises(ToolError) as error:
            run_child(python(code), limits)
        assert error.value.timed_out == (limits.cpu_s == 1)
    assert target.stat().st_size <= 2**20


def test_secrets_of_the_environment_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hidden")
    monkeypatch.setenv("FFREPORT", "file=report.log")
    lines: list[str] = []
    run_child(python("import os; print(sorted(os.environ))"), Limits(), on_line=lines.append)
    assert "API_TOKEN" not in lines[0]
    assert "FFREPORT" not in lines[0]


def test_progress_of_ffmpeg(tmp_path: Path) -> None:
    told: list[float] = []
    source = ["-re", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=50:d=1.5"]  # as slow as it plays
    run_ffmpeg([*source, "-f", "null", "-"], duration_s=1.5, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert any(0.0 < done < 1.0 for done in told)
