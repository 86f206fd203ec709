"""BERT, GPT-2 and ViT with 12 layers of 12 heads, and smaller models of transformers, all with random weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import transformers as hf
from torch import Tensor, nn

from subject import Implementation, Kind, Site, Subject, randomise, recorded

BATCH = 2
LAYERS = 12
HEADS = 12
WIDTH = 24
MLP_WIDTH = 8
VOCABULARY = 32
TEXT_AXES = {0: "batch", 1: "sequence"}


class Wrapped(nn.Module):
    """A model of transformers with positional inputs and a flat tuple of outputs."""

    def __init__(self, model: nn.Module, names: Sequence[str], outputs: Sequence[str], attentions: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(names)
        self.outputs = tuple(outputs)
        self.attentions = tuple(attentions)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        asked = {"output_attentions": True} if self.attentions else {}
        result = self.model(**dict(zip(self.names, inputs, strict=True)), **asked)
        maps = [each for name in self.attentions for each in result[name]]
        return (*(result[name] for name in self.outputs), *maps)


def subject_of(
    build: Callable[[], nn.Module],
    inputs: dict[str, Tensor],
    *,
    implementation: Implementation,
    attentions: bool,
    layers: int,
    heads: int | tuple[int, ...],
    sharpness: float,
    axes: dict[str, dict[int, str]],
    output: str = "last_hidden_state",
    attention_outputs: Sequence[str] = ("attentions",),
    is_attention: Callable[[nn.Module], bool],
    kind: Callable[[str], Kind] = lambda _: "self",
) -> Subject:
    """The model as it is exported, and the maps of the same weights with eager attention.

    `kind` tells from an attention module's path whether it is self- or cross-attention.
    """
    model = build()
    randomise(model, sharpness=sharpness)
    model.set_attn_implementation("eager")
    calls = recorded(Wrapped(model, list(inputs), [output], []), list(inputs.values()), is_attention)
    model.set_attn_implementation(implementation)
    asked = attention_outputs if attentions else ()
    names = [f"attentions.{index}" for index in range(len(calls))] if attentions else []
    return Subject(
        module=Wrapped(model, list(inputs), [output], asked).eval(),
        inputs=inputs,
        outputs=(output, *names),
        sites=tuple(Site(kind(path), probabilities) for path, probabilities in calls),
        axes=axes,
        layers=layers,
        heads=heads,
    )


def of_class(*names: str) -> Callable[[nn.Module], bool]:
    return lambda module: type(module).__name__ in names


def token_ids(length: int, *, seed: int, batch: int = BATCH) -> Tensor:
    return torch.randint(3, VOCABULARY, (batch, length), generator=torch.Generator().manual_seed(seed))


def padded_mask(length: int, padding: int) -> Tensor:
    """Ones, but the last `padding` tokens of the last sample are padding."""
    mask = torch.ones(BATCH, length, dtype=torch.int64)
    mask[-1, length - padding :] = 0
    return mask


def image(size: int, *, seed: int) -> Tensor:
    return torch.randn(BATCH, 3, size, size, generator=torch.Generator().manual_seed(seed))


def bert(
    implementation: Implementation, attentions: bool, layers: int = LAYERS, heads: int = HEADS
) -> Subject:
    config = hf.BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=MLP_WIDTH,
        max_position_embeddings=32,
    )
    length = 12
    return subject_of(
        lambda: hf.BertModel(config, add_pooling_layer=False),
        {
            "input_ids": token_ids(length, seed=1),
            "attention_mask": padded_mask(length, 4),
            "token_type_ids": (torch.arange(length) >= 7).long().repeat(BATCH, 1),
        },
        implementation=implementation,
        attentions=attentions,
        layers=layers,
        heads=heads,
        sharpness=0.3,
        axes={name: TEXT_AXES for name in ("input_ids", "attention_mask", "token_type_ids")},
        is_attention=of_class("BertSelfAttention"),
    )


def gpt2(
    implementation: Implementation, attentions: bool, layers: int = LAYERS, heads: int = HEADS
) -> Subject:
    config = hf.GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=WIDTH,
        n_layer=layers,
        n_head=heads,
        n_inner=MLP_WIDTH,
        n_positions=32,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    length = 11
    return subject_of(
        lambda: hf.GPT2LMHeadModel(config),
        {"input_ids": token_ids(length, seed=2), "attention_mask": padded_mask(length, 3)},
        implementation=implementation,
        attentions=attentions,
        layers=layers,
        heads=heads,
        sharpness=0.3,
        axes={name: TEXT_AXES for name in ("input_ids", "attention_mask")},
        output="logits",
        is_attention=of_class("GPT2Attention"),
    )


def vit(
    implementation: Implementation, attentions: bool, layers: int = LAYERS, heads: int = HEADS
) -> Subject:
    config = hf.ViTConfig(
        image_size=16,
        patch_size=4,
        hidden_size=WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=MLP_WIDTH,
    )
    return subject_of(
        lambda: hf.ViTModel(config, add_pooling_layer=False),
        {"pixel_values": image(16, seed=3)},
        implementation=implementation,
        attentions=attentions,
        layers=layers,
        heads=heads,
        sharpness=0.3,
        axes={"pixel_values": {0: "batch"}},
        is_attention=of_class("ViTAttention", "ViTSelfAttention"),
    )
