"""The workloads in JAX, each one jitted function; optimizers are written out."""

import jax
import jax.numpy as jnp
import numpy as np

VERSION = jax.__version__


def _adam(p, g, m, v, step, decay=0.0):
    m = m + (g - m) * 0.1
    v = v * 0.999 + g * g * 0.001
    divisor = jnp.sqrt(v) / jnp.sqrt(1 - 0.999**step) + 1e-8
    return p * (1 - 1e-3 * decay) - 1e-3 / (1 - 0.9**step) * m / divisor, m, v


def _cross_entropy(logits, targets):
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[:, None], 1).mean()


def _layer_norm(x, weight, bias):
    centered = x - x.mean(-1, keepdims=True)
    return centered * jax.lax.rsqrt((centered**2).mean(-1, keepdims=True) + 1e-5) * weight + bias


def _rms_norm(x, weight):
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-6) * weight


def _convolve(x, weight, padding=1):
    return jax.lax.conv_general_dilated(x, weight, (1, 1), [(padding, padding)] * 2)


def _max_pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


class Peer:
    """Each method that is named as a kind of workload takes the inputs as arrays and returns one run."""

    def __init__(self, threads):
        # XLA takes the cores this process is bound to.
        del threads

    def prepare(self, kind, arrays, options):
        make = getattr(self, kind, None)
        return make and make(*(jnp.asarray(array) for array in arrays), **options)

    def outputs(self, result):
        return [np.asarray(x) for x in jax.tree.leaves(result)]

    def _forward(self, function, *inputs):
        function = jax.jit(function)
        return lambda: jax.block_until_ready(function(*inputs))

    def _gradients(self, function, inputs, seed):
        @jax.jit
        def run(seed, *inputs):
            y, pull_back = jax.vjp(function, *inputs)
            return y, pull_back(seed)

        return lambda: jax.block_until_ready(run(seed, *inputs))

    def _step(self, loss, parameters, *inputs):
        @jax.jit
        def update(state, step, inputs):
            value, gradients = jax.value_and_grad(lambda p: loss(p, *inputs))([p for p, _, _ in state])
            return value, [_adam(p, g, m, v, step) for (p, m, v), g in zip(state, gradients)]

        state, step = [(p, jnp.zeros_like(p), jnp.zeros_like(p)) for p in parameters], 0

        def run():
            nonlocal state, step
            step += 1
            value, state = jax.block_until_ready(update(state, float(step), inputs))
            return value

        return run

    def matmul(self, a, b, transposed):
        if transposed == "left":
            return self._forward(lambda a, b: jnp.matmul(a.mT, b), a, b)
        if transposed == "right":
            return self._forward(lambda a, b: jnp.matmul(a, b.mT), a, b)
        return self._forward(jnp.matmul, a, b)

    def linear_gelu(self, x, weight, bias, _):
        return self._forward(lambda x, w, b: jax.nn.gelu(x @ w.T + b, approximate=False), x, weight, bias)

    def linear_gelu_gradients(self, x, weight, bias, seed):
        return self._gradients(lambda x, w, b: jax.nn.gelu(x @ w.T + b, approximate=False), (x, weight, bias), seed)

    def convolution(self, x, weight, _):
        return self._forward(_convolve, x, weight)

    def convolution_gradients(self, x, weight, seed):
        return self._gradients(_convolve, (x, weight), seed)

    def chain(self, x):
        return self._forward(lambda x: jnp.tanh(jax.nn.gelu(2 * x + 1, approximate=True)), x)

    def softmax(self, x, _):
        return self._forward(jax.nn.softmax, x)

    def softmax_gradients(self, x, seed):
        return self._gradients(jax.nn.softmax, (x,), seed)

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
        return self._forward(jax.value_and_grad(_cross_entropy), logits, targets)

    def sum(self, x):
        return self._forward(jnp.sum, x)

    def mean(self, x):
        return self._forward(jnp.mean, x)

    def variance(self, x):
        return self._forward(lambda x: jnp.var(x, ddof=1), x)

    def argmax(self, x):
        return self._forward(jnp.argmax, x)

    def sum_columns(self, x):
        return self._forward(lambda x: x.sum(0), x)

    def cumsum(self, x):
        return self._forward(lambda x: jnp.cumsum(x, -1), x)

    def sort(self, x):
        return self._forward(jnp.sort, x)

    def topk(self, x, count):
        return self._forward(lambda x: jax.lax.top_k(x, count)[0], x)

    def _attend(self, causal):
        def attend(q, k, v):
            scores = q @ k.mT * 0.125
            if causal:
                scores = jnp.where(jnp.tril(jnp.ones((1024, 1024), bool)), scores, -jnp.inf)
            return jax.nn.softmax(scores) @ v

        return attend

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
        gradients = arrays[count:]

        def update(state, step, gradients):
            return [_adam(p, g, m, v, step, decay=1e-2) for (p, m, v), g in zip(state, gradients)]

        update = jax.jit(update, donate_argnums=0)
        state, step = [(p, jnp.zeros_like(p), jnp.zeros_like(p)) for p in arrays[:count]], 0

        def run():
            nonlocal state, step
            step += 1
            state = jax.block_until_ready(update(state, float(step), gradients))
            return state[0][0], state[4][0]

        return run

    def mlp_step(self, x, y, *parameters):
        def loss(p, x, y):
            return _cross_entropy(jax.nn.relu(x @ p[0].T + p[1]) @ p[2].T + p[3], y)

        return self._step(loss, parameters, x, y)

    def lenet_step(self, x, y, *parameters):
        def loss(p, x, y):
            h = _max_pool(jax.nn.relu(_convolve(x, p[0], 2) + p[1][:, None, None]))
            h = _max_pool(jax.nn.relu(_convolve(h, p[2], 0) + p[3][:, None, None])).reshape(64, -1)
            h = jax.nn.relu(h @ p[4].T + p[5])
            return _cross_entropy(jax.nn.relu(h @ p[6].T + p[7]) @ p[8].T + p[9], y)

        return self._step(loss, parameters, x, y)
