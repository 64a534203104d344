"""``python -m benchmarks.engines``: would another engine run the networks quicker on this processor?

PyTorch as it is used, channels last, batch norms folded into their convolutions, bfloat16, torch.compile, and
onnxruntime (needs ``pip install onnx onnxscript``, else it is left out). Each engine gets the same input; its
answer's greatest difference from ours stands beside its time, and what it costs to make it ready.
"""

from __future__ import annotations

import copy
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import least_seconds, machine

if TYPE_CHECKING:
    from torch import Tensor, nn

Answer = Callable[[], "Tensor"]


def _picture() -> tuple[nn.Module, Tensor]:
    """SlowFast of the shipped checkpoint, and 64 frames as it takes them."""
    import numpy as np

    from mrcmv.model import load_model

    model = load_model("compact", "cpu")
    frames = np.random.default_rng(0).integers(0, 256, (64, 224, 224, 3), np.uint8)
    return _tokens(model.net), model.picture_input(frames)[None]


def _voice() -> tuple[nn.Module, Tensor]:
    """One of Spleeter's two networks, and a segment of about 12 s."""
    import torch

    from mrcmv.separation import Separator

    network = Separator.load("cpu")._networks[0]
    return network, torch.rand(1, 2, 512, 1024, generator=torch.Generator().manual_seed(0))


def _tokens(net: nn.Module) -> nn.Module:
    """The part of the network that sees: [B, 3, 64, S, S] -> tokens, one tensor."""
    from torch import nn

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, picture: Tensor) -> Tensor:
            return self.net.encode_picture(picture)  # type: ignore[operator, no-any-return]

    return Tokens()


def _channels_last(network: nn.Module, given: Tensor) -> Answer:
    import torch

    form = torch.channels_last_3d if given.dim() == 5 else torch.channels_last
    turned, given = copy.deepcopy(network), given.to(memory_format=form)
    for parameter in turned.parameters():
        if parameter.dim() == given.dim():
            parameter.data = parameter.data.to(memory_format=form)
    return lambda: turned(given)


def _folded(network: nn.Module, given: Tensor) -> Answer:
    import torch

    frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, given)))
    return lambda: frozen(given)  # type: ignore[no-any-return]


def _bfloat16(network: nn.Module, given: Tensor) -> Answer:
    import torch

    def answer() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return network(given)  # type: ignore[no-any-return]

    return answer


def _compiled(network: nn.Module, given: Tensor) -> Answer:
    import torch

    # It tells at length where it falls back to plain PyTorch, which is what the table shows.
    torch._logging.set_logs(all=logging.ERROR)  # type: ignore[no-untyped-call]
    compiled = torch.compile(network)
    return lambda: compiled(given)


def _onnxruntime(network: nn.Module, given: Tensor) -> Answer:
    import onnxruntime
    import torch

    from mrcmv.media import thread_budget

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(network, (given,), str(path), dynamo=True, verbose=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = thread_budget()
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: torch.from_numpy(session.run(None, {name: given.numpy()})[0])


ENGINES: dict[str, Callable[[nn.Module, Tensor], Answer]] = {
    "channels last": _channels_last,
    "batch norms folded, frozen": _folded,
    "bfloat16": _bfloat16,
    "torch.compile": _compiled,
    "onnxruntime": _onnxruntime,
}


def main() -> None:
    import torch

    from mrcmv.media import thread_budget

    torch.set_num_threads(thread_budget())
    warnings.simplefilter("ignore")  # tracing is deprecated, and tells what it takes for constant
    print(f"engines; {machine()}")
    print("s, ours / it, ready after s, greatest difference")
    for what, make in {"SlowFast, 32 s of picture": _picture, "U-Net, 12 s of sound": _voice}.items():
        network, given = make()
        network.eval()
        with torch.inference_mode():
            expected = network(given).clone()
            ours = least_seconds(lambda n=network, g=given: n(g))  # type: ignore[misc]
        print(f"{what}, as it is used: {ours:.3f}", flush=True)
        for name, engine in ENGINES.items():
            began = time.perf_counter()
            try:
                with torch.no_grad():
                    answer = engine(network, given)
                    difference = float((answer().float() - expected).abs().max() / expected.abs().max())
                    ready = time.perf_counter() - began
                    took = least_seconds(answer)
            except Exception as error:  # an engine that is not installed, or cannot take the network
                print(f"- {name}: {type(error).__name__}", flush=True)
                continue
            told = f"{took:.3f}, {ours / took:.2f}, {ready:.1f}, {difference:.0e}"
            print(f"- {name}: {told}", flush=True)


if __name__ == "__main__":
    main()
