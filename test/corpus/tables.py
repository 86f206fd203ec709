"""The models of the corpus, as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import families
from exporting import Exporter
from subject import Implementation, Subject

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

    def name(self, family: str) -> str:
        return "-".join(
            [family, f"{self.exporter}{self.opset}", self.implementation, *(["attentions"] if self.attentions else [])]
        )


EVERY_EXPORT = (
    Export("torchscript", 17, "eager"),
    Export("torchscript", 17, "sdpa"),
    Export("dynamo", 18, "eager"),
    Export("dynamo", 18, "sdpa"),
    Export("torchscript", 17, "eager", attentions=True),
    Export("dynamo", 18, "eager", attentions=True),
)

Family = Callable[[Implementation, bool], Subject]


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
            build=lambda each=each: build(each.implementation, each.attentions),
        )
        for each in exports
    ]


MODELS: tuple[Model, ...] = (
    *exports_of("transformers", "bert", families.bert, (*EVERY_EXPORT, Export("torchscript", 14, "eager"))),
    *exports_of("transformers", "gpt2", families.gpt2, EVERY_EXPORT),
    *exports_of("transformers", "vit", families.vit, (*EVERY_EXPORT, Export("torchscript", 13, "eager"))),
)
