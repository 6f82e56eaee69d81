"""The workloads that are compared: what each computes, from which inputs, how closely results agree, and the bar.

`kind` names the function of each peer that computes it, `options` what that function is told. The bar is the ratio of
our time to the best peer's that is wanted; None where none is set. `tolerance` is the difference allowed between two
results, as a part of the largest element: a sum of many float32 products rounds in another order in each library.
"""

import dataclasses
import functools

import numpy as np

from .inputs import integers, uniform


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    kind: str
    inputs: object
    bar: float | None = None
    tolerance: float = 1e-5
    options: dict = dataclasses.field(default_factory=dict)
    checked_runs: int = 1
    # Whether peak memory is compared too: peers are started anew for it.
    compares_memory: bool = False
    # The result in float64, where it shall be told how close each comes to it.
    exact: object = None


def _matmul(name, m, n, k, bar=1.0, batch=(), transposed=None):
    left = (*batch, k, m) if transposed == "left" else (*batch, m, k)
    right = (*batch, n, k) if transposed == "right" else (*batch, k, n)
    options = {"transposed": transposed}
    return Workload("matmul_" + name, "matmul", lambda: [uniform(0, left), uniform(1, right)], bar, options=options)


def _linear():
    return [uniform(0, (512, 768)), uniform(1, (3072, 768), 0.05), uniform(2, (3072,)), uniform(3, (512, 3072))]


def _convolution():
    return [uniform(0, (32, 64, 56, 56)), uniform(1, (64, 64, 3, 3), 0.05), uniform(2, (32, 64, 56, 56))]


def _strided_convolution():
    return [uniform(0, (32, 64, 56, 56)), uniform(1, (128, 64, 3, 3), 0.05), uniform(2, (32, 128, 28, 28))]


def _softmax():
    return [uniform(0, (4096, 1024), 4), uniform(1, (4096, 1024))]


def _norm():
    return [uniform(0, (4096, 768)), uniform(1, (768,)), uniform(2, (768,)), uniform(3, (4096, 768))]


def _classes(rows, classes):
    return [uniform(0, (rows, classes), 4), integers(1, classes, (rows,))]


def _large():
    return [uniform(0, (1 << 24,))]


def _attention():
    return [uniform(number, (12, 1024, 64), 2 if number < 2 else 1) for number in range(4)]


def _embedding():
    return [uniform(0, (50257, 768)), integers(1, 50257, (4, 1024)), uniform(2, (4, 1024, 768))]


def gpt2_shapes():
    """Returns the shapes of GPT-2's 124 M parameters."""
    width = 768
    norm = [(width,), (width,)]
    block = norm + [(width, 3 * width), (3 * width,), (width, width), (width,)]
    block += norm + [(width, 4 * width), (4 * width,), (4 * width, width), (width,)]
    return [(50257, width), (1024, width)] + block * 12 + norm


def _adamw():
    shapes = gpt2_shapes()
    return [uniform(2 * n, s) for n, s in enumerate(shapes)] + [uniform(2 * n + 1, s) for n, s in enumerate(shapes)]


def _layer(number, shape):
    """Returns a weight and a bias as PyTorch's are distributed."""
    scale = np.float32(1) / np.sqrt(np.float32(np.prod(shape[1:])))
    return [uniform(number, shape, scale), uniform(number + 1, shape[:1], scale)]


def _mlp():
    return [uniform(0, (64, 784)), integers(1, 10, (64,)), *_layer(2, (128, 784)), *_layer(4, (10, 128))]


def _lenet():
    shapes = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]
    layers = [array for place, shape in enumerate(shapes) for array in _layer(2 + 2 * place, shape)]
    return [uniform(0, (64, 1, 28, 28)), integers(1, 10, (64,)), *layers]


def _gpt2(*ids):
    """Returns ids of these shapes, and the weights: up to 0.035, and about 1 in the norms' weights."""
    arrays = [integers(1000 + place, 50257, shape) for place, shape in enumerate(ids)]
    # The norms' places: two in a block of twelve arrays, after the two tables, and one at the end.
    scales = {2 + 12 * block + place for block in range(12) for place in (0, 6)} | {2 + 12 * 12}
    for number, shape in enumerate(gpt2_shapes()):
        arrays.append(uniform(number, shape, 0.035) + np.float32(number in scales))
    return arrays


CAUSAL = {"causal": True}

WORKLOADS = [
    *(_matmul(str(n), n, n, n) for n in (256, 512, 1000, 1024, 2048)),
    *(
        _matmul(f"{n}_t{side[0]}", n, n, n, transposed=operand)
        for n in (1000, 1024)
        for side, operand in (("a", "left"), ("b", "right"))
    ),
    _matmul("batched", 1024, 1024, 64, batch=(12,)),
    _matmul("batched_tb", 1024, 1024, 64, batch=(12,), transposed="right"),
    _matmul("64x4096x4096", 64, 4096, 4096, bar=0.8),
    _matmul("4096x4096x64", 4096, 4096, 64, bar=0.8),
    _matmul("4096x64x4096", 4096, 64, 4096, bar=0.8),
    _matmul("1x4096x4096", 1, 4096, 4096),
    _matmul("1x4096x4096_tb", 1, 4096, 4096, transposed="right"),
    Workload("linear_gelu", "linear_gelu", _linear, 0.85),
    Workload("linear_gelu_gradients", "linear_gelu_gradients", _linear, 0.85),
    Workload("conv3x3", "convolution", _convolution, 0.95),
    Workload("conv3x3_gradients", "convolution_gradients", _convolution, 0.95),
    Workload("conv3x3_stride2_gradients", "strided_convolution_gradients", _strided_convolution),
    Workload("chain", "chain", lambda: [uniform(0, (1 << 22,))], 0.5),
    Workload("softmax", "softmax", _softmax, 0.65),
    Workload("softmax_gradients", "softmax_gradients", _softmax, 0.7),
    Workload("layernorm", "layer_norm", _norm, 0.9),
    Workload("layernorm_gradients", "layer_norm_gradients", _norm, 0.7),
    Workload("rms_norm", "rms_norm", _norm, 0.3),
    Workload("rms_norm_gradients", "rms_norm_gradients", _norm),
    Workload("cross_entropy_1000", "cross_entropy", functools.partial(_classes, 4096, 1000)),
    Workload("cross_entropy_1000_gradient", "cross_entropy_gradient", functools.partial(_classes, 4096, 1000)),
    Workload("cross_entropy", "cross_entropy", functools.partial(_classes, 512, 50257)),
    Workload("cross_entropy_gradient", "cross_entropy_gradient", functools.partial(_classes, 512, 50257), 0.2),
    # Numbers that nearly cancel: what is left of 16 M of them is some 2,000.
    Workload("sum", "sum", _large, 1.1, tolerance=1e-4, exact=lambda x: x.sum(dtype=np.float64)),
    Workload("mean", "mean", _large, 1.1, tolerance=1e-4, exact=lambda x: x.mean(dtype=np.float64)),
    Workload("variance", "variance", _large, 1.1, exact=lambda x: x.var(dtype=np.float64, ddof=1)),
    Workload("argmax", "argmax", _large, 0.3, tolerance=0),
    Workload("sum_columns", "sum_columns", lambda: [uniform(0, (8192, 768))]),
    Workload("cumsum", "cumsum", lambda: [uniform(0, (4096, 4096))], 0.3),
    Workload("sort", "sort", lambda: [uniform(0, (1 << 20,))], 0.3, tolerance=0),
    Workload("topk", "topk", lambda: [uniform(0, (512, 50257))], 0.3, tolerance=0, options={"count": 50}),
    Workload("attention", "attention", _attention, 0.85),
    Workload("attention_gradients", "attention_gradients", _attention, 0.85),
    Workload("attention_causal", "attention", _attention, 0.6, options=CAUSAL),
    Workload("attention_causal_gradients", "attention_gradients", _attention, 0.6, options=CAUSAL),
    Workload("embedding", "embedding", _embedding, 0.8, tolerance=0),
    Workload("embedding_gradient", "embedding_gradient", _embedding, 0.8),
    Workload("adamw", "adamw", _adamw, 1.0),
    Workload("mlp_step", "mlp_step", _mlp, 0.6, tolerance=1e-4, checked_runs=3),
    Workload("lenet_step", "lenet_step", _lenet, 0.5, tolerance=1e-4, checked_runs=3),
    Workload(
        "gpt2_training",
        "gpt2_training",
        functools.partial(_gpt2, (4, 64), (4, 64)),
        0.8,
        tolerance=1e-4,
        checked_runs=3,
        compares_memory=True,
    ),
    Workload("gpt2_prefill", "gpt2_prefill", functools.partial(_gpt2, (1, 1024)), 0.7, tolerance=1e-3),
    Workload("gpt2_decoding_float32", "gpt2_decoding", functools.partial(_gpt2, (1, 16)), tolerance=1e-3),
    # Peers compute in bfloat16 where ours only stores weights.
    Workload(
        "gpt2_decoding_bfloat16",
        "gpt2_decoding",
        functools.partial(_gpt2, (1, 16)),
        tolerance=5e-2,
        options={"dtype": "bfloat16"},
    ),
]
