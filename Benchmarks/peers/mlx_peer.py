"""The workloads in MLX, each one compiled function, with the fused functions of mlx.core.fast where there is one.

MLX's processor backend decides itself how many threads it uses.
"""

import importlib.metadata

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers
import numpy as np

VERSION = importlib.metadata.version("mlx")


def _cross_entropy(logits, targets):
    return nn.losses.cross_entropy(logits, targets, reduction="mean")


def _gelu_linear(x, weight, bias):
    return nn.gelu(mx.addmm(bias, x, weight.T))


def _layer_norm(x, weight, bias):
    return mx.fast.layer_norm(x, weight, bias, 1e-5)


def _rms_norm(x, weight):
    return mx.fast.rms_norm(x, weight, 1e-6)


def _max_pool(x):
    # [n, height, width, channels], as everything that slides is here.
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))


class Peer:
    """Each method that is named as a kind of workload takes the inputs as arrays and returns one run."""

    def __init__(self, threads):
        del threads
        mx.set_default_device(mx.cpu)

    def prepare(self, kind, arrays, options):
        make = getattr(self, kind, None)
        return make and make(*(mx.array(array) for array in arrays), **options)

    def outputs(self, result):
        return [np.array(x) for x in (result if isinstance(result, (tuple, list)) else (result,))]

    def _forward(self, function, *inputs):
        function = mx.compile(function)

        def run():
            result = function(*inputs)
            mx.eval(result)
            return result

        return run

    def _gradients(self, function, inputs, seed):
        def both(seed, *inputs):
            (y,), gradients = mx.vjp(lambda *x: [function(*x)], list(inputs), [seed])
            return [y, *gradients]

        return self._forward(both, seed, *inputs)

    def _step(self, loss, parameters, *inputs):
        optimizer = mlx.optimizers.Adam(1e-3, bias_correction=True)
        parameters = {str(number): p for number, p in enumerate(parameters)}
        optimizer.init(parameters)
        state = {"parameters": parameters, "optimizer": optimizer.state}

        def update(*inputs):
            value, gradients = mx.value_and_grad(lambda p: loss(list(p.values()), *inputs))(state["parameters"])
            state["parameters"] = optimizer.apply_gradients(gradients, state["parameters"])
            return value

        update = mx.compile(update, inputs=state, outputs=state)

        def run():
            value = update(*inputs)
            mx.eval(value, state)
            return value

        return run

    def matmul(self, a, b, transposed):
        if transposed == "left":
            return self._forward(lambda a, b: mx.swapaxes(a, -1, -2) @ b, a, b)
        if transposed == "right":
            return self._forward(lambda a, b: a @ mx.swapaxes(b, -1, -2), a, b)
        return self._forward(lambda a, b: a @ b, a, b)

    def linear_gelu(self, x, weight, bias, _):
        return self._forward(_gelu_linear, x, weight, bias)

    def linear_gelu_gradients(self, x, weight, bias, seed):
        return self._gradients(_gelu_linear, (x, weight, bias), seed)

    def convolution(self, x, weight, _):
        x, weight = x.transpose(0, 2, 3, 1), weight.transpose(0, 2, 3, 1)
        run = self._forward(lambda x, w: mx.conv2d(x, w, padding=1), x, weight)
        return lambda: run().transpose(0, 3, 1, 2)

    def chain(self, x):
        return self._forward(lambda x: mx.tanh(nn.gelu_approx(2 * x + 1)), x)

    def softmax(self, x, _):
        return self._forward(lambda x: mx.softmax(x, -1), x)

    def softmax_gradients(self, x, seed):
        return self._gradients(lambda x: mx.softmax(x, -1), (x,), seed)

    def layer_norm(self, x, weight, bias, _):
        return self._forward(_layer_norm, x, weight, bias)

    def layer_norm_gradients(self, x, weight, bias, seed):
        return self._gradients(_layer_norm, (x, weight, bias), seed)

    def rms_norm(self, x, weight, *_):
        return self._forward(_rms_norm, x, weight)

    def rms_norm_gradients(self, x, weight, _, seed):
        return self._gradients(_rms_norm, (x, weight), seed)

    def cross_entropy(self, logits, targets):
        return self._forward(_cross_entropy, logits, targets)

    def cross_entropy_gradient(self, logits, targets):
        return self._forward(mx.value_and_grad(_cross_entropy), logits, targets)

    def sum(self, x):
        return self._forward(mx.sum, x)

    def mean(self, x):
        return self._forward(mx.mean, x)

    def variance(self, x):
        return self._forward(lambda x: mx.var(x, ddof=1), x)

    def argmax(self, x):
        return self._forward(mx.argmax, x)

    def sum_columns(self, x):
        return self._forward(lambda x: x.sum(0), x)

    def cumsum(self, x):
        return self._forward(lambda x: mx.cumsum(x, -1), x)

    def sort(self, x):
        return self._forward(mx.sort, x)

    def topk(self, x, count):
        # In order, largest first: mx.topk gives them in none.
        return self._forward(lambda x: -mx.sort(-mx.topk(x, count)), x)

    def _attend(self, causal):
        mask = "causal" if causal else None
        return lambda q, k, v: mx.fast.scaled_dot_product_attention(
            q[None], k[None], v[None], scale=0.125, mask=mask)[0]

    def attention(self, q, k, v, _, causal=False):
        return self._forward(self._attend(causal), q, k, v)

    def attention_gradients(self, q, k, v, seed, causal=False):
        return self._gradients(self._attend(causal), (q, k, v), seed)

    def embedding(self, table, ids, _):
        return self._forward(lambda table, ids: table[ids], table, ids)

    def embedding_gradient(self, table, ids, seed):
        return self._gradients(lambda table: table[ids], (table,), seed)

    def adamw(self, *arrays):
        count = len(arrays) // 2
        state, gradients = (
            {str(number): array for number, array in enumerate(part)} for part in (arrays[:count], arrays[count:])
        )
        optimizer = mlx.optimizers.AdamW(1e-3, bias_correction=True)
        optimizer.init(state)

        def run():
            nonlocal state
            state = optimizer.apply_gradients(gradients, state)
            mx.eval(state, optimizer.state)
            return state["0"], state["4"]

        return run

    def mlp_step(self, x, y, *parameters):
        def loss(p, x, y):
            return _cross_entropy(nn.relu(x @ p[0].T + p[1]) @ p[2].T + p[3], y)

        return self._step(loss, parameters, x, y)

    def lenet_step(self, x, y, *parameters):
        def channels_last(p):
            return p.transpose(0, 2, 3, 1)

        def loss(p, x, y):
            h = _max_pool(nn.relu(mx.conv2d(channels_last(x), channels_last(p[0]), padding=2) + p[1]))
            h = _max_pool(nn.relu(mx.conv2d(h, channels_last(p[2])) + p[3]))
            h = nn.relu(h.transpose(0, 3, 1, 2).reshape(64, -1) @ p[4].T + p[5])
            return _cross_entropy(nn.relu(h @ p[6].T + p[7]) @ p[8].T + p[9], y)

        return self._step(loss, parameters, x, y)
