"""The workloads in tinygrad on its processor backend, each a function captured by TinyJit."""

import importlib.metadata
import os

os.environ.setdefault("DEV", "CPU")

from tinygrad import Context, Device, Tensor, TinyJit, dtypes
from tinygrad.nn.optim import Adam, AdamW

VERSION = importlib.metadata.version("tinygrad")


class Peer:
    """Each method that is named as a kind of workload takes the inputs as tensors and returns one run."""

    def __init__(self, threads):
        # It takes the cores this process is bound to.
        del threads

    def prepare(self, kind, arrays, options):
        make = getattr(self, kind, None)
        return make and make(*(Tensor(array).realize() for array in arrays), **options)

    def outputs(self, result):
        return [x.numpy() for x in (result if isinstance(result, (tuple, list)) else (result,))]

    def _forward(self, function, *inputs):
        @TinyJit
        def captured(*inputs):
            outputs = function(*inputs)
            outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
            Tensor.realize(*outputs)
            return outputs

        def run():
            result = captured(*inputs)
            Device[Device.DEFAULT].synchronize()
            return result

        # Only the second call is captured.
        run(), run()
        return run

    def _gradients(self, function, inputs, seed=None):
        wanted = [x for x in inputs if dtypes.is_float(x.dtype)]

        def both(*_):
            y = function(*inputs)
            return [y, *y.gradient(*wanted, gradient=seed)]

        return self._forward(both)

    def _step(self, loss, parameters, *inputs):
        optimizer = Adam(list(parameters), lr=1e-3)

        @TinyJit
        def update(*inputs):
            with Context(TRAINING=1):
                optimizer.zero_grad()
                value = loss(*inputs).backward()
                return value.realize(*optimizer.schedule_step())

        def run():
            value = update(*inputs)
            Device[Device.DEFAULT].synchronize()
            # The next run writes its own over it.
            return value.clone().realize()

        return run

    def matmul(self, a, b, transposed):
        if transposed == "left":
            return self._forward(lambda a, b: a.transpose(-1, -2) @ b, a, b)
        if transposed == "right":
            return self._forward(lambda a, b: a @ b.transpose(-1, -2), a, b)
        return self._forward(lambda a, b: a @ b, a, b)

    def _linear(self, x, weight, bias):
        y = x.linear(weight.T, bias)
        return 0.5 * y * (1 + (y * 0.5**0.5).erf())

    def linear_gelu(self, x, weight, bias, _):
        return self._forward(self._linear, x, weight, bias)

    def linear_gelu_gradients(self, x, weight, bias, seed):
        return self._gradients(self._linear, (x, weight, bias), seed)

    def convolution(self, x, weight, _):
        return self._forward(lambda x, w: x.conv2d(w, padding=1), x, weight)

    def convolution_gradients(self, x, weight, seed):
        return self._gradients(lambda x, w: x.conv2d(w, padding=1), (x, weight), seed)

    def strided_convolution_gradients(self, x, weight, seed):
        return self._gradients(lambda x, w: x.conv2d(w, stride=2, padding=1), (x, weight), seed)

    def chain(self, x):
        return self._forward(lambda x: (2 * x + 1).gelu().tanh(), x)

    def softmax(self, x, _):
        return self._forward(lambda x: x.softmax(-1), x)

    def softmax_gradients(self, x, seed):
        return self._gradients(lambda x: x.softmax(-1), (x,), seed)

    def layer_norm(self, x, weight, bias, _):
        return self._forward(lambda x, w, b: x.layernorm() * w + b, x, weight, bias)

    def layer_norm_gradients(self, x, weight, bias, seed):
        return self._gradients(lambda x, w, b: x.layernorm() * w + b, (x, weight, bias), seed)

    def _rms_norm(self, x, weight):
        return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * weight

    def rms_norm(self, x, weight, *_):
        return self._forward(self._rms_norm, x, weight)

    def rms_norm_gradients(self, x, weight, _, seed):
        return self._gradients(self._rms_norm, (x, weight), seed)

    def cross_entropy(self, logits, targets):
        return self._forward(lambda x, y: x.cross_entropy(y), logits, targets)

    def cross_entropy_gradient(self, logits, targets):
        return self._gradients(lambda x, y: x.cross_entropy(y), (logits, targets))

    def sum(self, x):
        return self._forward(lambda x: x.sum(), x)

    def mean(self, x):
        return self._forward(lambda x: x.mean(), x)

    def variance(self, x):
        return self._forward(lambda x: x.var(), x)

    def argmax(self, x):
        return self._forward(lambda x: x.argmax(), x)

    def sum_columns(self, x):
        return self._forward(lambda x: x.sum(0), x)

    def cumsum(self, x):
        return self._forward(lambda x: x.cumsum(-1), x)

    def sort(self, x):
        return self._forward(lambda x: x.sort()[0], x)

    def topk(self, x, count):
        return self._forward(lambda x: x.topk(count)[0], x)

    def attention(self, q, k, v, _, causal=False):
        return self._forward(lambda q, k, v: q.scaled_dot_product_attention(k, v, is_causal=causal), q, k, v)

    def attention_gradients(self, q, k, v, seed, causal=False):
        return self._gradients(
            lambda q, k, v: q.scaled_dot_product_attention(k, v, is_causal=causal), (q, k, v), seed)

    def embedding(self, table, ids, _):
        return self._forward(lambda table, ids: table[ids], table, ids)

    def embedding_gradient(self, table, ids, seed):
        return self._gradients(lambda table, ids: table[ids], (table, ids), seed)

    def adamw(self, *arrays):
        count = len(arrays) // 2
        parameters = arrays[:count]
        for parameter, gradient in zip(parameters, arrays[count:]):
            parameter.grad = gradient
        optimizer = AdamW(list(parameters), lr=1e-3, weight_decay=1e-2)

        @TinyJit
        def update():
            with Context(TRAINING=1):
                Tensor.realize(*optimizer.schedule_step())

        def run():
            update()
            Device[Device.DEFAULT].synchronize()
            return parameters[0], parameters[4]

        return run

    def mlp_step(self, x, y, w1, b1, w2, b2):
        def loss(x, y):
            return x.linear(w1.T, b1).relu().linear(w2.T, b2).cross_entropy(y)

        return self._step(loss, [w1, b1, w2, b2], x, y)

    def lenet_step(self, x, y, *p):
        def loss(x, y):
            h = x.conv2d(p[0], p[1], padding=2).relu().max_pool2d(2)
            h = h.conv2d(p[2], p[3]).relu().max_pool2d(2).flatten(1)
            h = h.linear(p[4].T, p[5]).relu().linear(p[6].T, p[7]).relu()
            return h.linear(p[8].T, p[9]).cross_entropy(y)

        return self._step(loss, p, x, y)
