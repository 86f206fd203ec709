"""Makes more families of transformers, two layers each: disentangled, softcapped, windowed and biased attention, sinks,
speech, detection, and a decision transformer. The maps are from forward hooks on an eager run of the same weights."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

warnings.simplefilter("ignore")

import torch
import transformers as hf
from torch import nn

import beyond
from beyond import SEQ2SEQ_AXES, cross_when
from corpus_table import LARGEST_MODEL, Made, Maker, run_makers
from exporting import Exporter, export
from families import BATCH, TEXT_AXES, VOCABULARY, Wrapped, image, of_class, padded_mask, subject_of, token_ids
from subject import Implementation, Site, Subject

WIDTH = 24
HEADS = 4
MLP = 16
LAYERS = 2
IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
TEXT = {"input_ids": TEXT_AXES, "attention_mask": TEXT_AXES}


def causal(
    build: Callable[[], nn.Module],
    attention: str,
    seed: int,
    implementation: Implementation,
    attentions: bool,
    *,
    heads: int = HEADS,
    length: int = 10,
    padding: int = 3,
    output: str = "logits",
    sharpness: float = 0.3,
) -> Subject:
    return subject_of(
        build,
        {"input_ids": token_ids(length, seed=seed), "attention_mask": padded_mask(length, padding)},
        implementation=implementation,
        attentions=attentions,
        layers=LAYERS,
        heads=heads,
        sharpness=sharpness,
        axes=TEXT,
        output=output,
        is_attention=of_class(attention),
    )


DECODER = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 2,
    "intermediate_size": MLP,
    "max_position_embeddings": 32,
    "use_cache": False,
    **IDS,
}
ENCODER = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "intermediate_size": MLP,
    "max_position_embeddings": 32,
}


def qwen2() -> nn.Module:
    return hf.Qwen2ForCausalLM(hf.Qwen2Config(**DECODER))


def qwen3() -> nn.Module:
    return hf.Qwen3ForCausalLM(hf.Qwen3Config(**DECODER, head_dim=6))


def gemma2() -> nn.Module:
    """Softcapped scores, a sliding window in the first layer."""
    return hf.Gemma2ForCausalLM(
        hf.Gemma2Config(**DECODER, head_dim=6, sliding_window=4, attn_logit_softcapping=5.0, query_pre_attn_scalar=6)
    )


def mistral() -> nn.Module:
    return hf.MistralForCausalLM(hf.MistralConfig(**DECODER, sliding_window=4))


def phi() -> nn.Module:
    """Rotary positions on a part of a head."""
    return hf.PhiForCausalLM(hf.PhiConfig(**{**DECODER, "num_key_value_heads": 4}, partial_rotary_factor=2 / 3))


def gpt_oss() -> nn.Module:
    """A learnt sink beside the scores, and experts."""
    config = hf.GptOssConfig(
        **DECODER, head_dim=6, sliding_window=4, num_local_experts=2, num_experts_per_tok=1, rope_scaling=None
    )
    model = hf.GptOssForCausalLM(config)
    model.set_experts_implementation("eager")
    return model


def gpt_neox() -> nn.Module:
    config = {key: value for key, value in DECODER.items() if key != "num_key_value_heads"}
    return hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**config))


def bloom() -> nn.Module:
    """Linear biases by distance, added within baddbmm."""
    return hf.BloomForCausalLM(
        hf.BloomConfig(vocab_size=VOCABULARY, hidden_size=WIDTH, n_layer=LAYERS, n_head=HEADS, use_cache=False, **IDS)
    )


def deberta() -> nn.Module:
    """Content to content, content to position and position to content."""
    return hf.DebertaV2Model(
        hf.DebertaV2Config(
            **ENCODER,
            type_vocab_size=0,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            position_buckets=4,
            position_biased_input=False,
            share_att_key=True,
            norm_rel_ebd="layer_norm",
        )
    )


def modernbert() -> nn.Module:
    """A global layer, then a local one."""
    return hf.ModernBertModel(
        hf.ModernBertConfig(
            **ENCODER,
            **IDS,
            cls_token_id=1,
            sep_token_id=2,
            local_attention=6,
            global_attn_every_n_layers=2,
        )
    )


def albert() -> nn.Module:
    """One layer's weights, used twice."""
    return hf.AlbertModel(hf.AlbertConfig(**ENCODER, embedding_size=8), add_pooling_layer=False)


def roberta() -> nn.Module:
    return hf.RobertaModel(hf.RobertaConfig(**{**ENCODER, "max_position_embeddings": 40}, **IDS), add_pooling_layer=False)


def xlnet() -> nn.Module:
    """Relative positions by shifting."""
    return hf.XLNetModel(
        hf.XLNetConfig(
            vocab_size=VOCABULARY, d_model=WIDTH, n_layer=LAYERS, n_head=HEADS, d_inner=MLP, use_mems_eval=False
        )
    )


def asked(build: Callable[[], nn.Module], seed: int, implementation: Implementation, attentions: bool) -> Subject:
    """For models whose modules give their probabilities only when the model is asked for them."""
    subject = causal(build, "", seed, implementation, attentions, output="last_hidden_state")
    asking = Wrapped(subject.module.model, list(subject.inputs), ["last_hidden_state"], ["attentions"])
    with torch.no_grad():
        _, *maps = asking(*subject.inputs.values())
    return replace(subject, sites=tuple(Site("self", map_) for map_ in maps))


def encoder_text(
    build: Callable[[], nn.Module], attention: str, seed: int, implementation: Implementation, attentions: bool
) -> Subject:
    return causal(build, attention, seed, implementation, attentions, output="last_hidden_state")


def whisper(implementation: Implementation, attentions: bool) -> Subject:
    """Speech: convolutions, an encoder without a mask, a decoder with cross-attention."""
    config = hf.WhisperConfig(
        vocab_size=VOCABULARY,
        num_mel_bins=8,
        d_model=WIDTH,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=MLP,
        decoder_ffn_dim=MLP,
        max_source_positions=9,
        max_target_positions=16,
        use_cache=False,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    sound = torch.randn(BATCH, 8, 18, generator=torch.Generator().manual_seed(801))
    return subject_of(
        lambda: hf.WhisperModel(config),
        {"input_features": sound, "decoder_input_ids": token_ids(6, seed=802)},
        implementation=implementation,
        attentions=attentions,
        layers=1,
        heads=HEADS,
        sharpness=0.3,
        axes={"input_features": {0: "batch"}, "decoder_input_ids": {0: "batch", 1: "target"}},
        attention_outputs=("encoder_attentions", "decoder_attentions", "cross_attentions"),
        is_attention=of_class("WhisperAttention"),
        kind=cross_when("encoder_attn"),
    )


def detr(implementation: Implementation, attentions: bool) -> Subject:
    """Detection: a small ResNet, an encoder over its map, learnt object queries. Attention among the queries of the
    decoder's first layer depends on no input; dynamo folds it."""
    backbone = hf.ResNetConfig(
        num_channels=3, embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", out_features=["stage2"]
    )
    config = hf.DetrConfig(
        use_timm_backbone=False,
        backbone_config=backbone,
        use_pretrained_backbone=False,
        backbone=None,
        num_queries=5,
        d_model=WIDTH,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=MLP,
        decoder_ffn_dim=MLP,
    )
    return subject_of(
        lambda: hf.DetrModel(config),
        {"pixel_values": image(24, seed=803)},
        implementation=implementation,
        attentions=attentions,
        layers=1,
        heads=HEADS,
        sharpness=0.7,
        axes={},
        is_attention=of_class("DetrAttention", "DetrSelfAttention", "DetrCrossAttention"),
        kind=lambda path: "cross" if "encoder_attn" in path else "self",
    )


def segformer(implementation: Implementation, attentions: bool) -> Subject:
    """Keys from a strided convolution of the same tokens."""
    config = hf.SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[8, 16],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
    )
    return subject_of(
        lambda: hf.SegformerModel(config),
        {"pixel_values": image(12, seed=804)},
        implementation=implementation,
        attentions=attentions,
        layers=LAYERS,
        heads=(1, 2),
        sharpness=0.3,
        axes={"pixel_values": {0: "batch"}},
        is_attention=of_class("SegformerEfficientSelfAttention", "SegformerAttention"),
    )


def decision_transformer(implementation: Implementation, attentions: bool) -> Subject:
    """Returns, states and actions as one row of tokens."""
    config = hf.DecisionTransformerConfig(
        state_dim=5,
        act_dim=3,
        hidden_size=WIDTH,
        max_ep_len=20,
        n_layer=LAYERS,
        n_head=HEADS,
        n_inner=MLP,
        n_positions=64,
        vocab_size=1,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    steps = 4
    generator = torch.Generator().manual_seed(805)

    def drawn(width: int) -> torch.Tensor:
        return torch.randn(BATCH, steps, width, generator=generator)

    return subject_of(
        lambda: hf.DecisionTransformerModel(config),
        {
            "states": drawn(5),
            "actions": drawn(3),
            "rewards": drawn(1),
            "returns_to_go": drawn(1),
            "timesteps": torch.arange(steps).repeat(BATCH, 1),
            "attention_mask": torch.ones(BATCH, steps, dtype=torch.int64),
        },
        implementation=implementation,
        attentions=attentions,
        layers=LAYERS,
        heads=HEADS,
        sharpness=0.3,
        axes={},
        output="action_preds",
        is_attention=of_class("DecisionTransformerGPT2Attention"),
    )


def vit(implementation: Implementation, attentions: bool) -> Subject:
    config = hf.ViTConfig(
        image_size=16,
        patch_size=4,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=MLP,
    )
    return subject_of(
        lambda: hf.ViTModel(config, add_pooling_layer=False),
        {"pixel_values": image(16, seed=806)},
        implementation=implementation,
        attentions=attentions,
        layers=LAYERS,
        heads=HEADS,
        sharpness=0.3,
        axes={"pixel_values": {0: "batch"}},
        is_attention=of_class("ViTAttention", "ViTSelfAttention"),
    )


Build = Callable[[Implementation, bool], Subject]
TS17: tuple[Exporter, int] = ("torchscript", 17)
D18: tuple[Exporter, int] = ("dynamo", 18)
D23: tuple[Exporter, int] = ("dynamo", 23)
D24: tuple[Exporter, int] = ("dynamo", 24)

FAMILIES: dict[str, tuple[Build, tuple[tuple[tuple[Exporter, int], Implementation, bool], ...]]] = {
    "deberta-v2": (
        partial(asked, deberta, 810),
        ((TS17, "eager", False), (D18, "eager", False)),
    ),
    "whisper": (whisper, ((TS17, "eager", False), (D18, "sdpa", False), (TS17, "eager", True), (D23, "sdpa", False))),
    "detr": (detr, ((TS17, "eager", False), (D18, "eager", False))),
    "qwen2": (partial(causal, qwen2, "Qwen2Attention", 811), ((D18, "sdpa", False), (TS17, "eager", False))),
    "qwen3": (
        partial(causal, qwen3, "Qwen3Attention", 812),
        ((TS17, "sdpa", False), (D18, "eager", True), (D23, "sdpa", False)),
    ),
    "gemma2": (partial(causal, gemma2, "Gemma2Attention", 813), ((TS17, "eager", False), (D18, "eager", False))),
    "mistral": (partial(causal, mistral, "MistralAttention", 814), ((TS17, "sdpa", False), (D24, "sdpa", False))),
    "phi": (partial(causal, phi, "PhiAttention", 815), ((D18, "sdpa", False),)),
    "gpt-oss": (partial(causal, gpt_oss, "GptOssAttention", 816), ((D18, "eager", False), (TS17, "eager", False))),
    "gpt-neox": (partial(causal, gpt_neox, "GPTNeoXAttention", 817), ((TS17, "sdpa", False),)),
    "bloom": (partial(causal, bloom, "BloomAttention", 818), ((TS17, "eager", False), (D18, "eager", False))),
    "modernbert": (
        partial(encoder_text, modernbert, "ModernBertAttention", 819),
        ((D18, "sdpa", False), (TS17, "eager", False)),
    ),
    "albert": (partial(encoder_text, albert, "AlbertAttention", 820), ((D18, "sdpa", False),)),
    "roberta": (partial(encoder_text, roberta, "RobertaSelfAttention", 821), ((TS17, "sdpa", False),)),
    "xlnet": (partial(asked, xlnet, 822), ((D18, "eager", False), (TS17, "eager", False))),
    "bart": (beyond.bart, ((TS17, "eager", False), (TS17, "sdpa", False))),
    "clip": (beyond.clip, ((TS17, "sdpa", False),)),
    "segformer": (segformer, ((D18, "eager", False), (TS17, "eager", False))),
    "decision-transformer": (
        decision_transformer,
        ((TS17, "eager", False), (D18, "sdpa", False), (TS17, "eager", True), (D23, "sdpa", False)),
    ),
    "vit-small": (vit, ((D23, "sdpa", False),)),
}

LARGE = {
    "albert-dynamo18-sdpa",
    "bart-torchscript17-eager",
    "bart-torchscript17-sdpa",
    "bloom-torchscript17-eager",
    "clip-torchscript17-sdpa",
    "deberta-v2-torchscript17-eager",
    "decision-transformer-torchscript17-eager",
    "gemma2-torchscript17-eager",
    "detr-torchscript17-eager",
    "gpt-oss-torchscript17-eager",
    "gpt-neox-torchscript17-sdpa",
    "mistral-torchscript17-sdpa",
    "modernbert-torchscript17-eager",
    "qwen2-torchscript17-eager",
    "qwen3-torchscript17-sdpa",
    "segformer-torchscript17-eager",
    "whisper-dynamo23-sdpa",
}
"""Not committed: big, or much alike to others."""


def made(name: str, family: str, build: Build, exporter: Exporter, opset: int, implementation: Implementation, attentions: bool) -> Made:
    subject = build(implementation, attentions)
    if family == "detr" and exporter == "dynamo":
        subject = replace(subject, sites=(subject.sites[0], *subject.sites[2:]))
    return Made(
        name=name,
        family=family,
        exporter=exporter,
        opset=opset,
        attention=implementation,
        model=export(subject, exporter, opset),
        inputs={key: each.numpy() for key, each in subject.inputs.items()},
        maps=[site.probabilities.numpy() for site in subject.sites],
        kinds=[site.kind for site in subject.sites],
        references="forward hooks in PyTorch",
        layers=subject.layers,
        heads=subject.heads if isinstance(subject.heads, int) else list(subject.heads),
        other_softmaxes=None if family == "gpt-oss" else subject.other_softmaxes,
        rows_sum_to_one=family != "gpt-oss",
        largest=400_000 if name in LARGE else LARGEST_MODEL,
        extra={"outputsHoldAttentions": attentions, "dynamicAxes": bool(subject.axes)},
    )


def makers() -> dict[str, Maker]:
    found: dict[str, Maker] = {}
    for family, (build, exports) in FAMILIES.items():
        for (exporter, opset), implementation, attentions in exports:
            name = f"{family}-{exporter}{opset}-{implementation}{'-attentions' if attentions else ''}"
            found[name] = partial(made, name, family, build, exporter, opset, implementation, attentions)
    return found


def main() -> None:
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    run_makers(__file__, __doc__, makers(), ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "numpy"), LARGE)


if __name__ == "__main__":
    main()
