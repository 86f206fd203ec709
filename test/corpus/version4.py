"""BERT and GPT-2 as transformers 4 wrote them: the code whose exports ONNX Runtime's optimiser fuses. Written afresh, with
the operators that those exports had (a mask of 1 - m times a large negative number, a score divided by a root, a
causal buffer of ones, views of [batch, tokens, heads, size])."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from families import TEXT_AXES, VOCABULARY, padded_mask, token_ids
from handwritten import Map
from subject import Site, Subject, randomise, recorded

WIDTH = 32
HEADS = 4
LAYERS = 2
MLP = 48
POSITIONS = 16


class BertSelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.map = Map()

    def transpose_for_scores(self, x: Tensor) -> Tensor:
        return x.view(*x.size()[:-1], HEADS, WIDTH // HEADS).permute(0, 2, 1, 3)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        mixed = self.query(hidden)
        key = self.transpose_for_scores(self.key(hidden))
        value = self.transpose_for_scores(self.value(hidden))
        query = self.transpose_for_scores(mixed)
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(WIDTH // HEADS)
        probabilities = self.map(F.softmax(scores + mask, dim=-1))
        context = torch.matmul(probabilities, value).permute(0, 2, 1, 3).contiguous()
        return context.view(*context.size()[:-2], WIDTH)


class BertLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = BertSelfAttention()
        self.dense = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up = nn.Linear(WIDTH, MLP)
        self.down = nn.Linear(MLP, WIDTH)
        self.norm_after = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        attended = self.norm(self.dense(self.attention(hidden, mask)) + hidden)
        return self.norm_after(self.down(F.gelu(self.up(attended))) + attended)


class Bert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.types = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer() for _ in range(LAYERS))
        self.register_buffer("position_ids", torch.arange(POSITIONS).expand(1, -1), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        mask = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * -10000.0
        hidden = self.words(input_ids) + self.types(token_type_ids)
        hidden = self.norm(hidden + self.positions(self.position_ids[:, : input_ids.shape[1]]))
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden


class Conv1D(nn.Module):
    """A linear map whose weight is [in, out]."""

    def __init__(self, out: int, of: int) -> None:
        super().__init__()
        self.out = out
        self.weight = nn.Parameter(torch.zeros(of, out))
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: Tensor) -> Tensor:
        flat = torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight)
        return flat.view(*x.size()[:-1], self.out)


class Gpt2Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        causal = torch.tril(torch.ones((POSITIONS, POSITIONS), dtype=torch.bool)).view(1, 1, POSITIONS, POSITIONS)
        self.register_buffer("bias", causal, persistent=False)
        self.c_attn = Conv1D(3 * WIDTH, WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH)
        self.map = Map()

    def split(self, x: Tensor) -> Tensor:
        return x.view(*x.size()[:-1], HEADS, WIDTH // HEADS).permute(0, 2, 1, 3)

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = (self.split(each) for each in self.c_attn(hidden).split(WIDTH, dim=2))
        scores = torch.matmul(query, key.transpose(-1, -2)) / (value.size(-1) ** 0.5)
        length = key.size(-2)
        causal = self.bias[:, :, length - query.size(-2) : length, :length]
        scores = torch.where(causal, scores, torch.tensor(-10000.0))
        if mask is not None:
            scores = scores + mask
        context = torch.matmul(self.map(F.softmax(scores, dim=-1)), value).permute(0, 2, 1, 3).contiguous()
        return self.c_proj(context.view(*context.size()[:-2], WIDTH))


class Gpt2Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH)
        self.attn = Gpt2Attention()
        self.ln_2 = nn.LayerNorm(WIDTH)
        self.c_fc = Conv1D(MLP, WIDTH)
        self.c_proj = Conv1D(WIDTH, MLP)

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        hidden = hidden + self.attn(self.ln_1(hidden), mask)
        up = self.c_fc(self.ln_2(hidden))
        up = 0.5 * up * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (up + 0.044715 * torch.pow(up, 3.0))))
        return hidden + self.c_proj(up)


class Gpt2(nn.Module):
    """With a mask of padding where `masked`."""

    def __init__(self) -> None:
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.wpe = nn.Embedding(POSITIONS, WIDTH)
        self.blocks = nn.ModuleList(Gpt2Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(WIDTH)

    def forward(self, input_ids: Tensor, position_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        hidden = self.wte(input_ids) + self.wpe(position_ids)
        mask = None
        if attention_mask is not None:
            mask = (1.0 - attention_mask.view(input_ids.shape[0], -1)[:, None, None, :].float()) * -10000.0
        for block in self.blocks:
            hidden = block(hidden, mask)
        return torch.matmul(self.ln_f(hidden), self.wte.weight.t())


def subject_of(module: nn.Module, inputs: dict[str, Tensor], output: str) -> Subject:
    randomise(module, sharpness=0.3)
    calls = recorded(module, list(inputs.values()), lambda each: isinstance(each, Map))
    return Subject(
        module=module,
        inputs=inputs,
        outputs=(output,),
        sites=tuple(Site("self", map_) for _, map_ in calls),
        axes={name: TEXT_AXES for name in inputs},
        layers=LAYERS,
        heads=HEADS,
    )


def bert() -> Subject:
    inputs = {
        "input_ids": token_ids(12, seed=60),
        "attention_mask": padded_mask(12, 4),
        "token_type_ids": (torch.arange(12) >= 7).long().repeat(2, 1),
    }
    return subject_of(Bert(), inputs, "last_hidden_state")


def gpt2(masked: bool) -> Subject:
    inputs = {"input_ids": token_ids(11, seed=61), "position_ids": torch.arange(11).repeat(2, 1)}
    if masked:
        inputs["attention_mask"] = padded_mask(11, 3)
    return subject_of(Gpt2(), inputs, "logits")


def int32(subject: Subject) -> Subject:
    return replace(subject, inputs={name: each.int() for name, each in subject.inputs.items()})
