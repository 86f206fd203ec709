"""Smaller models of transformers with other kinds of attention: cross, grouped, windowed, with rotary or relative
positions, and two towers in one graph."""

from __future__ import annotations

from collections.abc import Callable

import torch
import transformers as hf
from torch import Tensor, nn

from families import TEXT_AXES, VOCABULARY, image, of_class, padded_mask, subject_of, token_ids
from subject import Implementation, Kind, Site, Subject, randomise, recorded

SOURCE_AXES = {0: "batch", 1: "source"}
TARGET_AXES = {0: "batch", 1: "target"}
SEQ2SEQ_AXES = {"input_ids": SOURCE_AXES, "attention_mask": SOURCE_AXES, "decoder_input_ids": TARGET_AXES}


def sequence_to_sequence() -> dict[str, Tensor]:
    return {
        "input_ids": token_ids(10, seed=4),
        "attention_mask": padded_mask(10, 3),
        "decoder_input_ids": token_ids(7, seed=5),
    }


def cross_when(part: str) -> Callable[[str], Kind]:
    """Cross-attention where the module's path holds this part."""
    return lambda path: "cross" if part in path else "self"


def t5(implementation: Implementation, attentions: bool, layers: int = 2) -> Subject:
    """Relative position bias, no scale, self- and cross-attention."""
    config = hf.T5Config(
        vocab_size=VOCABULARY,
        d_model=24,
        d_kv=6,
        d_ff=16,
        num_layers=layers,
        num_heads=4,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=16,
        use_cache=False,
        decoder_start_token_id=0,
    )
    return subject_of(
        lambda: hf.T5Model(config),
        sequence_to_sequence(),
        implementation=implementation,
        attentions=attentions,
        layers=layers,
        heads=4,
        sharpness=0.2,
        axes=SEQ2SEQ_AXES,
        is_attention=of_class("T5Attention"),
        kind=cross_when("EncDecAttention"),
    )


def bart(implementation: Implementation, attentions: bool) -> Subject:
    config = hf.BartConfig(
        vocab_size=VOCABULARY,
        d_model=24,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=32,
        use_cache=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_eos_token_id=None,
    )
    return subject_of(
        lambda: hf.BartModel(config),
        sequence_to_sequence(),
        implementation=implementation,
        attentions=attentions,
        layers=2,
        heads=4,
        sharpness=0.3,
        axes=SEQ2SEQ_AXES,
        is_attention=of_class("BartAttention"),
        kind=cross_when("encoder_attn"),
    )


def llama(implementation: Implementation, attentions: bool) -> Subject:
    """Rotary positions, four query heads over two key heads."""
    config = hf.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        use_cache=False,
        bos_token_id=1,
        eos_token_id=2,
    )
    return subject_of(
        lambda: hf.LlamaForCausalLM(config),
        {"input_ids": token_ids(10, seed=6), "attention_mask": padded_mask(10, 3)},
        implementation=implementation,
        attentions=attentions,
        layers=2,
        heads=4,
        sharpness=0.3,
        axes={"input_ids": TEXT_AXES, "attention_mask": TEXT_AXES},
        output="logits",
        is_attention=of_class("LlamaAttention"),
    )


def mistral(implementation: Implementation, attentions: bool) -> Subject:
    """A sliding window of four keys; padding is shorter than the window, so that no row is empty."""
    config = hf.MistralConfig(
        vocab_size=VOCABULARY,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=6,
        intermediate_size=16,
        max_position_embeddings=32,
        sliding_window=4,
        use_cache=False,
        bos_token_id=1,
        eos_token_id=2,
    )
    return subject_of(
        lambda: hf.MistralForCausalLM(config),
        {"input_ids": token_ids(11, seed=7), "attention_mask": padded_mask(11, 3)},
        implementation=implementation,
        attentions=attentions,
        layers=2,
        heads=6,
        sharpness=0.3,
        axes={"input_ids": TEXT_AXES, "attention_mask": TEXT_AXES},
        output="logits",
        is_attention=of_class("MistralAttention"),
    )


def swin(implementation: Implementation, attentions: bool) -> Subject:
    """Windows of 4 x 4 patches, shifted in the second layer; their batch axis is batch x windows."""
    config = hf.SwinConfig(
        image_size=16,
        patch_size=2,
        embed_dim=8,
        depths=[2, 2],
        num_heads=[2, 4],
        window_size=4,
        mlp_ratio=2.0,
    )
    return subject_of(
        lambda: hf.SwinModel(config, add_pooling_layer=False),
        {"pixel_values": image(16, seed=8)},
        implementation=implementation,
        attentions=attentions,
        layers=4,
        heads=(2, 4),
        sharpness=0.5,
        axes={"pixel_values": {0: "batch"}},
        is_attention=of_class("SwinAttention", "SwinSelfAttention"),
    )


def distilbert(implementation: Implementation, attentions: bool) -> Subject:
    config = hf.DistilBertConfig(
        vocab_size=VOCABULARY, dim=24, n_layers=3, n_heads=4, hidden_dim=16, max_position_embeddings=32
    )
    return subject_of(
        lambda: hf.DistilBertModel(config),
        {"input_ids": token_ids(10, seed=9), "attention_mask": padded_mask(10, 4)},
        implementation=implementation,
        attentions=attentions,
        layers=3,
        heads=4,
        sharpness=0.3,
        axes={"input_ids": TEXT_AXES, "attention_mask": TEXT_AXES},
        is_attention=of_class("DistilBertSelfAttention", "MultiHeadSelfAttention"),
    )


class ImageTextMatch(nn.Module):
    """CLIP with the softmax over texts that its users add: a softmax of a product that is no attention."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor) -> Tensor:
        result = self.model(input_ids=input_ids, attention_mask=attention_mask, pixel_values=pixel_values)
        return torch.softmax(result.logits_per_image, dim=-1)


def clip(implementation: Implementation, attentions: bool) -> Subject:
    """A causal text tower of two layers and an image tower of three."""
    assert not attentions, "only its towers have maps to give"
    config = hf.CLIPConfig(
        text_config={
            "vocab_size": VOCABULARY,
            "hidden_size": 24,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": 16,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
        vision_config={
            "hidden_size": 24,
            "intermediate_size": 16,
            "num_hidden_layers": 3,
            "num_attention_heads": 3,
            "image_size": 12,
            "patch_size": 4,
        },
        projection_dim=16,
    )
    model = hf.CLIPModel(config)
    randomise(model, sharpness=0.3)
    inputs = {
        "input_ids": token_ids(9, seed=10),
        "attention_mask": padded_mask(9, 3),
        "pixel_values": image(12, seed=11),
    }
    model.set_attn_implementation("eager")
    calls = recorded(ImageTextMatch(model), list(inputs.values()), of_class("CLIPAttention"))
    model.set_attn_implementation(implementation)
    return Subject(
        module=ImageTextMatch(model).eval(),
        inputs=inputs,
        outputs=("probabilities",),
        sites=tuple(Site("self", probabilities) for _, probabilities in calls),
        axes={
            "input_ids": {0: "texts", 1: "sequence"},
            "attention_mask": {0: "texts", 1: "sequence"},
            "pixel_values": {0: "images"},
        },
        layers=5,
        heads=(3, 4),
        other_softmaxes=1,
    )
