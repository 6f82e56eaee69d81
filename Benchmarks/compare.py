#!/usr/bin/env python3
"""Times the same workloads in Swiftlet and in eager PyTorch, turn by turn, and prints the ratios.

    python3 Benchmarks/compare.py [--filter TEXT] [--rounds N]

Needs `torch` (pip install torch==2.13.0+cpu) and a release build (swift build -c release --product bench). The two
take turns within one run, with the same number of threads, so that a noisy machine disturbs both.
"""

import argparse
import json
import os
import pathlib
import subprocess
import time

import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
THREADS = int(os.environ.get("THREADS", os.cpu_count()))


def leaf(*shape):
    return torch.rand(*shape) * 2 - 1


def matmul(n):
    a, b = leaf(n, n), leaf(n, n)
    return lambda: a @ b


def chain():
    x = leaf(1 << 22)
    return lambda: torch.tanh(F.gelu(2 * x + 1, approximate="tanh"))


def softmax():
    x = leaf(4096, 1024)
    return lambda: torch.softmax(x, -1)


def layer_norm():
    x, weight, bias = leaf(4096, 768), leaf(768), leaf(768)
    return lambda: F.layer_norm(x, (768,), weight, bias)


def sum_all():
    x = leaf(1 << 12, 1 << 12)
    return lambda: x.sum()


def linear_gelu():
    x, weight, bias = leaf(512, 768), leaf(3072, 768), leaf(3072)
    return lambda: F.gelu(F.linear(x, weight, bias))


def sum_columns():
    x = leaf(8192, 768)
    return lambda: x.sum(0)


def mean_variance():
    x = leaf(1 << 12, 1 << 12)
    return lambda: torch.var_mean(x)


def argmax():
    x = leaf(1 << 12, 1 << 12)
    return lambda: x.argmax()


def cross_entropy():
    logits, classes = leaf(4096, 1000), torch.arange(4096) % 1000
    return lambda: F.cross_entropy(logits, classes)


def cross_entropy_gradient():
    logits, classes = leaf(4096, 1000).requires_grad_(), torch.arange(4096) % 1000

    @torch.enable_grad()
    def run():
        return torch.autograd.grad(F.cross_entropy(logits, classes), logits)

    return run


def layer_norm_gradients():
    x, weight, bias = (leaf(*shape).requires_grad_() for shape in ((8192, 768), (768,), (768,)))
    seed = leaf(8192, 768)

    @torch.enable_grad()
    def run():
        return torch.autograd.grad(F.layer_norm(x, (768,), weight, bias), (x, weight, bias), seed)

    return run


WORKLOADS = {
    "chain": chain,
    "softmax": softmax,
    "layernorm": layer_norm,
    "sum": sum_all,
    "matmul256": lambda: matmul(256),
    "matmul512": lambda: matmul(512),
    "matmul1024": lambda: matmul(1024),
    "linear_gelu": linear_gelu,
    "sum_columns": sum_columns,
    "mean_variance": mean_variance,
    "argmax": argmax,
    "cross_entropy": cross_entropy,
    "cross_entropy_gradient": cross_entropy_gradient,
    "layernorm_gradients": layer_norm_gradients,
}


def time_torch(name):
    run = WORKLOADS[name]()
    for _ in range(3):
        run()
    times = []
    start = time.perf_counter()
    while len(times) < 5 or (len(times) < 1000 and time.perf_counter() - start < 1):
        before = time.perf_counter()
        run()
        times.append(time.perf_counter() - before)
    return min(times) * 1e3


def time_swiftlet(name):
    binary = ROOT / ".build" / "release" / "bench"
    output = subprocess.run(
        [binary, "--filter", name, "--json"], check=True, capture_output=True, text=True, env=os.environ
    ).stdout
    for line in output.splitlines():
        result = json.loads(line)
        if result["name"] == name:
            return result["min_ms"]
    raise SystemExit(f"bench printed no result for {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filter", default="")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    print(f"{THREADS} threads, PyTorch {torch.__version__}, least of {options.rounds} interleaved rounds")
    print(f"{'workload':<24}{'Swiftlet ms':>12}{'PyTorch ms':>12}{'PyTorch / ours':>16}")
    for name in WORKLOADS:
        if options.filter not in name:
            continue
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(time_swiftlet(name))
            theirs.append(time_torch(name))
        print(f"{name:<24}{min(ours):>12.3f}{min(theirs):>12.3f}{min(theirs) / min(ours):>16.2f}")


if __name__ == "__main__":
    with torch.no_grad():
        main()
