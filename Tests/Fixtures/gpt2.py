"""Writes Tests/Fixtures/gpt2.safetensors: a tiny GPT-2 with random weights, and what PyTorch makes of it.

    python3 Tests/Fixtures/gpt2.py

made with torch 2.13.0.

The file holds the weights by Hugging Face's names, with the prefix `transformer.` and the causal masks that older files
have; `ids` and `targets`; the `logits`, the mean cross entropy as `loss`, and its gradients as `gradient.NAME`.
"""
import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F

VOCABULARY, CONTEXT, WIDTH, LAYERS, HEADS = 50, 16, 32, 2, 4


def weights():
    """The weights, larger than a fresh model's, so that all parts of it matter."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape, scale=0.3, mean=0.0):
        return mean + scale * torch.randn(shape, generator=generator)

    table = {"wte.weight": normal(VOCABULARY, WIDTH), "wpe.weight": normal(CONTEXT, WIDTH)}

    def norm(name):
        table[name + ".weight"] = normal(WIDTH, mean=1.0)
        table[name + ".bias"] = normal(WIDTH)

    def linear(name, inputs, outputs):
        table[name + ".weight"] = normal(inputs, outputs)
        table[name + ".bias"] = normal(outputs)

    for layer in range(LAYERS):
        norm(f"h.{layer}.ln_1")
        linear(f"h.{layer}.attn.c_attn", WIDTH, 3 * WIDTH)
        linear(f"h.{layer}.attn.c_proj", WIDTH, WIDTH)
        norm(f"h.{layer}.ln_2")
        linear(f"h.{layer}.mlp.c_fc", WIDTH, 4 * WIDTH)
        linear(f"h.{layer}.mlp.c_proj", 4 * WIDTH, WIDTH)
    norm("ln_f")
    return table


def forward(table, ids):
    tokens = ids.shape[1]
    mask = torch.ones(tokens, tokens, dtype=torch.bool).tril()

    def norm(x, name):
        return F.layer_norm(x, (WIDTH,), table[name + ".weight"], table[name + ".bias"], 1e-5)

    def linear(x, name):
        return x @ table[name + ".weight"] + table[name + ".bias"]

    def heads(x):
        return x.view(*x.shape[:2], HEADS, -1).transpose(1, 2)

    x = table["wte.weight"][ids] + table["wpe.weight"][:tokens]
    for layer in range(LAYERS):
        name = f"h.{layer}"
        q, k, v = map(heads, linear(norm(x, name + ".ln_1"), name + ".attn.c_attn").split(WIDTH, dim=2))
        scores = (q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS)).masked_fill(~mask, -math.inf)
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        x = x + linear(mixed, name + ".attn.c_proj")
        hidden = F.gelu(linear(norm(x, name + ".ln_2"), name + ".mlp.c_fc"), approximate="tanh")
        x = x + linear(hidden, name + ".mlp.c_proj")
    return norm(x, "ln_f") @ table["wte.weight"].T


def save(path, tensors):
    """Writes a safetensors file."""
    names = {torch.float32: "F32", torch.int64: "I64", torch.bool: "BOOL"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        content = tensor.detach().contiguous().numpy().tobytes()
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    table = {name: tensor.requires_grad_() for name, tensor in weights().items()}
    generator = torch.Generator().manual_seed(2)
    ids, targets = (torch.randint(VOCABULARY, (2, 12), generator=generator) for _ in range(2))
    logits = forward(table, ids)
    loss = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    tensors = {"ids": ids, "targets": targets}
    tensors |= {"transformer." + name: tensor for name, tensor in table.items()}
    tensors |= {"logits": logits, "loss": loss}
    tensors |= {"gradient." + name: tensor.grad for name, tensor in table.items()}
    mask = torch.ones(1, 1, CONTEXT, CONTEXT, dtype=torch.bool).tril()
    tensors |= {f"transformer.h.{layer}.attn.bias": mask for layer in range(LAYERS)}
    save(pathlib.Path(__file__).parent / "gpt2.safetensors", tensors)


if __name__ == "__main__":
    main()
