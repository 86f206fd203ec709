"""The models of the corpus, as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import beyond
import families
from exporting import Exporter
from handwritten import WRITTEN
from negatives import NEGATIVES
from subject import Implementation, Subject
from torch_modules import MULTIHEAD, STACKS

Table = Literal["transformers", "beyond", "negatives"]


@dataclass(frozen=True)
class Model:
    name: str
    """Of the .onnx file."""
    family: str
    table: Table
    exporter: Exporter
    opset: int
    implementation: Implementation | Literal["written out"]
    attentions: bool
    """The exported graph's outputs carry the maps."""
    arrays: str
    """Name of the .npz file: exports of the same weights and inputs share one."""
    build: Callable[[], Subject]


@dataclass(frozen=True)
class Export:
    exporter: Exporter
    opset: int
    implementation: Implementation
    attentions: bool = False
    fixed: bool = False
    """With the example's shapes, without dynamic axes: PyTorch folds its arithmetic of shapes away."""

    def name(self, family: str) -> str:
        suffixes = (["attentions"] if self.attentions else []) + (["fixed"] if self.fixed else [])
        return "-".join([family, f"{self.exporter}{self.opset}", self.implementation, *suffixes])


TS17_EAGER = Export("torchscript", 17, "eager")
TS17_SDPA = Export("torchscript", 17, "sdpa")
TS14_EAGER = Export("torchscript", 14, "eager")
DYNAMO_EAGER = Export("dynamo", 18, "eager")
DYNAMO_SDPA = Export("dynamo", 18, "sdpa")
DYNAMO_ATTENTIONS = Export("dynamo", 18, "eager", attentions=True)
TS17_ATTENTIONS = Export("torchscript", 17, "eager", attentions=True)

Family = Callable[[Implementation, bool], Subject]


def subject_of(build: Family, export: Export) -> Subject:
    subject = build(export.implementation, export.attentions)
    return replace(subject, axes={}) if export.fixed else subject


def exports_of(table: Table, family: str, build: Family, exports: tuple[Export, ...]) -> list[Model]:
    return [
        Model(
            name=each.name(family),
            family=family,
            table=table,
            exporter=each.exporter,
            opset=each.opset,
            implementation=each.implementation,
            attentions=each.attentions,
            arrays=family,
            build=partial(subject_of, build, each),
        )
        for each in exports
    ]


def written_out(table: Table, subjects: dict[str, Callable[[], Subject]], exporters: tuple[Exporter, ...]) -> list[Model]:
    """Modules that have no attention implementation to choose."""
    return [
        Model(
            name=f"{name}-{exporter}{OPSETS[exporter]}",
            family=name,
            table=table,
            exporter=exporter,
            opset=OPSETS[exporter],
            implementation="written out",
            attentions=False,
            arrays=name,
            build=build,
        )
        for name, build in subjects.items()
        for exporter in exporters
    ]


OPSETS: dict[Exporter, int] = {"torchscript": 17, "dynamo": 18}
BOTH: tuple[Exporter, ...] = ("torchscript", "dynamo")
IN_EVERY_WAY = (TS17_EAGER, TS17_SDPA, DYNAMO_EAGER, DYNAMO_SDPA, TS17_ATTENTIONS, DYNAMO_ATTENTIONS)
GPT2_EXPORTS = tuple(
    # Of fixed shapes where dynamic ones would take half a megabyte.
    replace(each, fixed=each in (TS17_SDPA, TS17_ATTENTIONS)) for each in IN_EVERY_WAY
)

MODELS: tuple[Model, ...] = (
    *exports_of("transformers", "bert", families.bert, (*IN_EVERY_WAY, TS14_EAGER)),
    *exports_of("transformers", "gpt2", families.gpt2, GPT2_EXPORTS),
    *exports_of("transformers", "vit", families.vit, IN_EVERY_WAY),
    *exports_of("beyond", "t5", beyond.t5, (TS17_EAGER,)),
    *exports_of("beyond", "bart", beyond.bart, (DYNAMO_SDPA,)),
    *exports_of("beyond", "llama", beyond.llama, (TS17_EAGER, DYNAMO_SDPA)),
    *exports_of("beyond", "mistral", beyond.mistral, (DYNAMO_EAGER,)),
    *exports_of("beyond", "swin", beyond.swin, (DYNAMO_EAGER,)),
    *exports_of("beyond", "distilbert", beyond.distilbert, (TS17_SDPA,)),
    *exports_of("beyond", "clip", beyond.clip, (DYNAMO_EAGER,)),
    *written_out("beyond", MULTIHEAD, BOTH),
    *written_out("beyond", STACKS, ("dynamo",)),
    *written_out("beyond", WRITTEN, BOTH),
    *written_out("negatives", NEGATIVES, BOTH),
)
