#!/usr/bin/env python3
"""Measures GPT-2 124M in eager PyTorch as `zoo gpt2 --bench` does in Swiftlet, and prints one JSON object.

    python3 Benchmarks/gpt2_torch.py [train|prefill|decode] [--dtype float32|bfloat16] [--size gpt2] [--compile]

Needs `torch`. The model is that of Sources/NN/Models/GPT2.swift with naive attention and random weights: a training step
of 4 x 64 tokens with AdamW, reading a prompt of 1024 tokens into a cache, and writing with the cache, a token at a time.
`torch.compile` is used where --compile is given. Times are the least of several runs; the peak is the process's.
"""

import argparse
import json
import math
import resource
import time

import torch
import torch.nn.functional as F

SIZES = {"gpt2": (12, 12, 768), "gpt2-medium": (24, 16, 1024), "gpt2-large": (36, 20, 1280), "gpt2-xl": (48, 25, 1600)}
VOCABULARY, CONTEXT = 50257, 1024


class Projection(torch.nn.Module):
    """A linear layer with a weight of [in, out]."""

    def __init__(self, inputs, outputs, deviation=0.02):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(inputs, outputs) * deviation)
        self.bias = torch.nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Block(torch.nn.Module):
    def __init__(self, layers, heads, width):
        super().__init__()
        residual = 0.02 / math.sqrt(2 * layers)
        self.heads = heads
        self.ln_1, self.ln_2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.c_attn, self.c_proj = Projection(width, 3 * width), Projection(width, width, residual)
        self.c_fc, self.c_out = Projection(width, 4 * width), Projection(4 * width, width, residual)

    def forward(self, x, mask, cache=None, position=0):
        batch, tokens, width = x.shape
        q, k, v = (
            part.view(batch, tokens, self.heads, -1).transpose(1, 2)
            for part in self.c_attn(self.ln_1(x)).split(width, dim=2))
        if cache is not None:
            end = position + tokens
            cache[0][:, :, position:end], cache[1][:, :, position:end] = k, v
            k, v = cache[0][:, :, :end], cache[1][:, :, :end]
        scores = q @ k.transpose(-2, -1) / math.sqrt(width // self.heads)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        x = x + self.c_proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape))
        return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class GPT2(torch.nn.Module):
    def __init__(self, layers, heads, width):
        super().__init__()
        self.wte = torch.nn.Parameter(torch.randn(VOCABULARY, width) * 0.02)
        self.wpe = torch.nn.Parameter(torch.randn(CONTEXT, width) * 0.02)
        self.h = torch.nn.ModuleList(Block(layers, heads, width) for _ in range(layers))
        self.ln_f = torch.nn.LayerNorm(width)

    def forward(self, ids, caches=None, position=0, last=False):
        tokens = ids.shape[1]
        x = self.wte[ids] + self.wpe[position:position + tokens]
        mask = torch.ones(tokens, tokens, dtype=torch.bool).tril() if tokens > 1 else None
        for number, block in enumerate(self.h):
            x = block(x, mask, caches[number] if caches else None, position)
        return self.ln_f(x[:, -1:] if last else x) @ self.wte.T


def least(count, run):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def train(model, compiled):
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), fused=True)
    text = torch.randint(VOCABULARY, (4, 65))

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(compiled(text[:, :-1]).flatten(0, 1), text[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    start = time.perf_counter()
    loss = step()
    first = time.perf_counter() - start
    step()
    return {"ms": least(5, step) * 1000, "loss": loss, "peak_mb": peak(), "first_s": first}


def caches(model):
    shape = (1, model.h[0].heads, CONTEXT, model.wte.shape[1] // model.h[0].heads)
    return [(torch.zeros(shape, dtype=model.wte.dtype), torch.zeros(shape, dtype=model.wte.dtype)) for _ in model.h]


@torch.no_grad()
def prefill(model, compiled):
    memory, ids = caches(model), torch.randint(VOCABULARY, (1, CONTEXT))
    compiled(ids, memory, 0, True)
    return {"ms": least(4, lambda: compiled(ids, memory, 0, True)) * 1000, "peak_mb": peak()}


@torch.no_grad()
def decode(model, compiled, count=64):
    memory = caches(model)
    compiled(torch.randint(VOCABULARY, (1, 16)), memory, 0, True)
    token = torch.tensor([[1]])
    for position in range(16, 24):
        token = compiled(token, memory, position, True)[:, -1].argmax(-1, keepdim=True)
    start = time.perf_counter()
    for position in range(24, 24 + count):
        token = compiled(token, memory, position, True)[:, -1].argmax(-1, keepdim=True)
    return {"tokens_s": count / (time.perf_counter() - start), "peak_mb": peak()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "prefill", "decode"], nargs="?", default="train")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--size", choices=SIZES, default="gpt2")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = GPT2(*SIZES[options.size]).to(getattr(torch, options.dtype))
    compiled = torch.compile(model) if options.compile else model
    run = {"train": train, "prefill": prefill, "decode": decode}[options.what]
    print(json.dumps({"what": options.what, "dtype": options.dtype, **run(model, compiled)}))


if __name__ == "__main__":
    main()
