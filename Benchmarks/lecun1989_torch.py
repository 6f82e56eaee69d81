#!/usr/bin/env python3
"""Trains the network of `zoo lecun1989` in eager PyTorch, one digit at a time, and prints the time and the test error.

    python3 Benchmarks/lecun1989_torch.py [--passes N] [--seed N]

Needs `torch` and `numpy`. Network, loss, learning rates and digits are those of Sources/zoo/LeCun1989.swift; only the
random numbers differ.
"""

import argparse
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F

DATA = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "zoo" / "Data"
PASSES = 23
RATES = (0.05, 0.01)


def digits(name):
    """Reads IDX files: a header of 16 bytes before images, of 8 before labels."""
    images = np.fromfile(DATA / f"digits16-{name}-images.idx3-ubyte", np.uint8)[16:]
    labels = np.fromfile(DATA / f"digits16-{name}-labels.idx1-ubyte", np.uint8)[8:]
    x = torch.tensor(images.reshape(-1, 1, 16, 16) / 127.5 - 1, dtype=torch.float32)
    targets = torch.full((len(labels), 10), -1.0)
    targets[torch.arange(len(labels)), torch.tensor(labels, dtype=torch.long)] = 1
    return x, targets, torch.tensor(labels, dtype=torch.long)


def squash(x):
    return 1.7159 * torch.tanh(2 / 3 * x)


def bordered(x):
    return F.pad(x, (2, 2, 2, 2), value=-1)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()

        def weights(*shape):
            bound = 2.4 / np.prod(shape[1:])
            return torch.nn.Parameter(torch.empty(shape).uniform_(-bound, bound))

        self.w1, self.b1 = weights(12, 1, 5, 5), torch.nn.Parameter(torch.zeros(12, 8, 8))
        self.w2, self.b2 = weights(12, 8, 5, 5), torch.nn.Parameter(torch.zeros(12, 4, 4))
        self.w3, self.b3 = weights(30, 192), torch.nn.Parameter(torch.zeros(30))
        self.w4, self.b4 = weights(10, 30), torch.nn.Parameter(torch.zeros(10))

    def forward(self, x):
        h1 = squash(F.conv2d(bordered(x), self.w1, stride=2) + self.b1)
        maps = torch.cat([h1[:, 0:8], h1[:, 4:12], h1[:, 8:12], h1[:, 0:4]], 1)
        h2 = squash(F.conv2d(bordered(maps), self.w2, stride=2, groups=3) + self.b2)
        h3 = squash(F.linear(h2.flatten(1), self.w3, self.b3))
        return squash(F.linear(h3, self.w4, self.b4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    x, targets, _ = digits("train")
    network = Network()
    optimizer = torch.optim.SGD(network.parameters(), lr=RATES[0])
    fall = (RATES[1] - RATES[0]) / (PASSES * len(x))
    step = 0
    start = time.perf_counter()
    for _ in range(options.passes):
        for index in torch.randperm(len(x)).tolist():
            optimizer.param_groups[0]["lr"] = RATES[0] + fall * step
            loss = F.mse_loss(network(x[index : index + 1]), targets[index : index + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    seconds = time.perf_counter() - start
    test, _, labels = digits("test")
    with torch.no_grad():
        error = (network(test).argmax(1) != labels).float().mean().item()
    print(f"{options.passes} passes in {seconds:.1f} s, {seconds / step * 1e3:.3f} ms a step, test error {error:.2%}")


if __name__ == "__main__":
    main()
