"""Writes Tests/NNTests/OptimizerFixtures.swift: parameters after each step of PyTorch's optimizers.

    python3 Tests/Fixtures/optimizers.py && swift format -i Tests/NNTests/OptimizerFixtures.swift

made with torch 2.13.0.

The problem is one layer, loss = mean((tanh(x w + b) - y)²), five steps; in the fourth the learning rate is halved.
"""
import pathlib

import torch

X = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-0.125, 1.0, 0.5], [2.0, -0.5, 1.25]]
Y = [[0.5, -0.5], [-0.25, 0.75], [1.0, 0.0], [-1.0, 0.25]]
W = [[0.25, -0.5], [0.125, 0.75], [-0.375, 0.5]]
B = [0.1, -0.2]

CASES = {
    "SGD": ("sgd", torch.optim.SGD, dict(lr=0.1)),
    "SGD, weight decay": ("sgd", torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    "SGD, momentum": ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9)),
    "SGD, momentum, weight decay": ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
    "SGD, Nesterov, weight decay": (
        "sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05, nesterov=True)),
    "Adam": ("adam", torch.optim.Adam, dict(lr=0.01)),
    "Adam, other betas, weight decay": (
        "adam", torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "AdamW": ("adamW", torch.optim.AdamW, dict(lr=0.01)),
    "AdamW, other betas, weight decay": (
        "adamW", torch.optim.AdamW, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
}


def run(make, options):
    x, y = torch.tensor(X), torch.tensor(Y)
    w, b = torch.tensor(W, requires_grad=True), torch.tensor(B, requires_grad=True)
    optimizer = make([w, b], **options)
    for step in range(5):
        if step == 3:
            optimizer.param_groups[0]["lr"] /= 2
        loss = ((torch.tanh(x @ w + b) - y) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item(), [*w.flatten().tolist(), *b.tolist()]


def main():
    lines = [
        "// Written by Tests/Fixtures/optimizers.py with PyTorch " + torch.__version__.split("+")[0] + "; not to be edited.",
        "",
        "/// An optimizer's settings, and what PyTorch's made of the problem of `OptimizerTests` with them.",
        "struct OptimizerFixture: Sendable, CustomStringConvertible {",
        "  enum Kind { case sgd, adam, adamW }",
        "",
        "  let description: String",
        "  let kind: Kind",
        "  let learningRate: Double",
        "  var momentum = 0.0",
        "  var nesterov = false",
        "  var betas = (0.9, 0.999)",
        "  var epsilon = 1e-8",
        "  var weightDecay = 0.0",
        "  /// The loss before each step.",
        "  let losses: [Float]",
        "  /// The weight's six numbers and the bias's two after each step.",
        "  let values: [[Float]]",
        "}",
        "",
        "extension OptimizerFixture {",
        f"  static let x: [[Float]] = {X}",
        f"  static let y: [[Float]] = {Y}",
        f"  static let weight: [[Float]] = {W}",
        f"  static let bias: [Float] = {B}",
        "",
        "  static let all: [OptimizerFixture] = [",
    ]
    for name, (kind, make, options) in CASES.items():
        steps = list(run(make, options))
        parts = [f'description: "{name}"', f"kind: .{kind}", f"learningRate: {options['lr']}"]
        if "momentum" in options:
            parts.append(f"momentum: {options['momentum']}")
        if options.get("nesterov"):
            parts.append("nesterov: true")
        if "betas" in options:
            parts += [f"betas: {options['betas']}", f"epsilon: {options['eps']}"]
        decay = options.get("weight_decay", 1e-2 if kind == "adamW" else 0)
        if decay:
            parts.append(f"weightDecay: {decay}")
        lines += ["    OptimizerFixture("]
        while parts:
            line = "      " + parts.pop(0) + ","
            while parts and len(line) + len(parts[0]) < 118:
                line += " " + parts.pop(0) + ","
            lines.append(line)
        lines.append("      losses: [" + ", ".join(f"{loss:.8g}" for loss, _ in steps) + "],")
        lines.append("      values: [")
        for _, values in steps:
            half = len(values) // 2
            lines.append("        [")
            lines.append("          " + ", ".join(f"{v:.9g}" for v in values[:half]) + ",")
            lines.append("          " + ", ".join(f"{v:.9g}" for v in values[half:]) + ",")
            lines.append("        ],")
        lines += ["      ]),"]
    lines += ["  ]", "}", ""]
    target = pathlib.Path(__file__).parent.parent / "NNTests" / "OptimizerFixtures.swift"
    target.write_text("\n".join(lines))


main()
