"""What a start does not spend time on. Each in a process of its own, as a start is."""

from __future__ import annotations

import subprocess
import sys


def told(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.split()


def test_gradio_comes_without_writing_stubs_and_works():
    assert told(
        "import pathlib\n"
        "read = pathlib.Path.read_text\n"
        "sources = []\n"
        "def counted(path, *args, **named):\n"
        "    sources.extend([path.suffix] * (path.suffix in ('.py', '.pyi')))\n"
        "    return read(path, *args, **named)\n"
        "pathlib.Path.read_text = counted\n"
        "import mrcmv.web, gradio as gr\n"
        "with gr.Blocks() as page:\n"
        "    gr.Textbox().change(lambda text: text)\n"
        "print(len(sources), len(page.fns))"
    ) == ["0", "1"]


def test_loading_the_network_leaves_torchs_compiler_alone():
    assert told(
        "import sys\n"
        "from mrcmv.recommender import Recommender\n"
        "made = Recommender()\n"
        "made.warm_up(lambda: False)\n"
        "print(made.model.name, *(name for name in ('torch._dynamo', 'torchvision') if name in sys.modules))"
    ) == ["compact"]
