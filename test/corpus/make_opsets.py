"""Makes one small model at every opset that PyTorch exports to: a layer that writes its softmax out, then one of
scaled_dot_product_attention, which becomes ai.onnx Attention from opset 23 on (and which TorchScript knows from 14 on)."""

from __future__ import annotations

import logging
import warnings
from functools import partial

warnings.simplefilter("ignore")

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from corpus_table import Made, Maker, run_makers
from exporting import Exporter, export
from handwritten import HEADS, SEQUENCE_AXES, WIDTH, Projections, tokens
from subject import Site, Subject, randomise, recorded


class Layer(Projections):
    def __init__(self, written: bool) -> None:
        super().__init__()
        self.written = written

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.split(f(x)) for f in (self.query, self.key, self.value))
        if not self.written:
            return x + self.joined(F.scaled_dot_product_attention(query, key, value))
        scores = torch.matmul(query, key.transpose(-1, -2)) * self.size**-0.5
        return x + self.joined(torch.matmul(self.map(F.softmax(scores, dim=-1)), value))

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)


def stack(written: bool) -> nn.Module:
    return nn.Sequential(Layer(True), Layer(written))


def made(exporter: Exporter, opset: int) -> Made:
    written = exporter == "torchscript" and opset < 14
    module, twin = stack(written), stack(True)
    x = tokens(7, seed=900)
    randomise(module, sharpness=0.4)
    twin.load_state_dict(module.state_dict())
    calls = recorded(twin.eval(), [x], lambda each: type(each).__name__ == "Map")
    subject = Subject(
        module=module,
        inputs={"input": x},
        outputs=("output",),
        sites=tuple(Site("self", map_) for _, map_ in calls),
        axes={"input": SEQUENCE_AXES},
    )
    return Made(
        name=f"opset{opset}-{exporter}",
        family="opsets",
        exporter=exporter,
        opset=opset,
        attention="written out" if written else "written out, then sdpa",
        model=export(subject, exporter, opset),
        inputs={"input": x.numpy()},
        maps=[site.probabilities.numpy() for site in subject.sites],
        kinds=["self", "self"],
        references="forward hooks in PyTorch",
        arrays="opsets",
        layers=2,
        heads=HEADS,
        extra={"dynamicAxes": True},
    )


MAKERS: dict[str, Maker] = {
    f"opset{opset}-{exporter}": partial(made, exporter, opset)
    for exporter, opsets in (("torchscript", range(11, 21)), ("dynamo", range(18, 25)))
    for opset in opsets
}


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    run_makers(__file__, __doc__, MAKERS, ("torch", "onnx", "onnxscript", "onnxruntime", "numpy"))


if __name__ == "__main__":
    main()
