"""The workloads in PyTorch: eager, with the fused functions it offers, or as formulas for `torch.compile`."""

import gpt2_torch
import torch
import torch.nn.functional as F

VERSION = torch.__version__


class Peer:
    """Each method that is named as a kind of workload takes the inputs as tensors and returns one run."""

    def __init__(self, threads, compiled):
        torch.set_num_threads(threads)
        self.compiled = compiled

    def prepare(self, kind, arrays, options):
        make = getattr(self, kind, None)
        return make and make(*(torch.from_numpy(array) for array in arrays), **options)

    def outputs(self, result):
        return [x.detach().numpy() for x in (result if isinstance(result, (tuple, list)) else (result,))]

    # What the methods below are made of.

    def _forward(self, function, *inputs):
        function = torch.compile(function, dynamic=False) if self.compiled else function

        @torch.no_grad()
        def run():
            return function(*inputs)

        return run

    def _gradients(self, function, inputs, seed=None):
        """Returns the result and the gradients of all inputs that are numbers."""
        wanted = [x.requires_grad_() for x in inputs if x.is_floating_point()]
        function = torch.compile(function, dynamic=False) if self.compiled else function

        def run():
            y = function(*inputs)
            return [y, *torch.autograd.grad(y, wanted, seed)]

        return run

    def _step(self, loss, parameters, *inputs):
        parameters = [x.requires_grad_() for x in parameters]
        optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
        loss = torch.compile(loss, dynamic=False) if self.compiled else loss

        def run():
            result = loss(*inputs)
            optimizer.zero_grad()
            result.backward()
            optimizer.step()
            return result

        return run

    # The workloads.

    def matmul(self, a, b, transposed):
        if transposed == "left":
            return self._forward(lambda a, b: a.mT @ b, a, b)
        if transposed == "right":
            return self._forward(lambda a, b: a @ b.mT, a, b)
        return self._forward(lambda a, b: a @ b, a, b)

    def linear_gelu(self, x, weight, bias, _):
        return self._forward(lambda *inputs: F.gelu(F.linear(*inputs)), x, weight, bias)

    def linear_gelu_gradients(self, x, weight, bias, seed):
        return self._gradients(lambda *inputs: F.gelu(F.linear(*inputs)), (x, weight, bias), seed)

    def convolution(self, x, weight, _):
        return self._forward(lambda x, weight: F.conv2d(x, weight, padding=1), x, weight)

    def convolution_gradients(self, x, weight, seed):
        return self._gradients(lambda x, weight: F.conv2d(x, weight, padding=1), (x, weight), seed)

    def strided_convolution_gradients(self, x, weight, seed):
        return self._gradients(lambda x, weight: F.conv2d(x, weight, stride=2, padding=1), (x, weight), seed)

    def chain(self, x):
        return self._forward(lambda x: torch.tanh(F.gelu(2 * x + 1, approximate="tanh")), x)

    def softmax(self, x, _):
        return self._forward(lambda x: torch.softmax(x, -1), x)

    def softmax_gradients(self, x, seed):
        return self._gradients(lambda x: torch.softmax(x, -1), (x,), seed)

    def layer_norm(self, x, weight, bias, _):
        return self._forward(lambda *inputs: F.layer_norm(inputs[0], (768,), *inputs[1:]), x, weight, bias)

    def layer_norm_gradients(self, x, weight, bias, seed):
        return self._gradients(lambda *inputs: F.layer_norm(inputs[0], (768,), *inputs[1:]), (x, weight, bias), seed)

    def rms_norm(self, x, weight, *_):
        return self._forward(lambda x, weight: F.rms_norm(x, (768,), weight, 1e-6), x, weight)

    def rms_norm_gradients(self, x, weight, _, seed):
        return self._gradients(lambda x, weight: F.rms_norm(x, (768,), weight, 1e-6), (x, weight), seed)

    def cross_entropy(self, logits, targets):
        return self._forward(F.cross_entropy, logits, targets)

    def cross_entropy_gradient(self, logits, targets):
        return self._gradients(F.cross_entropy, (logits, targets))

    def sum(self, x):
        return self._forward(torch.sum, x)

    def mean(self, x):
        return self._forward(torch.mean, x)

    def variance(self, x):
        return self._forward(torch.var, x)

    def argmax(self, x):
        return self._forward(torch.argmax, x)

    def sum_columns(self, x):
        return self._forward(lambda x: x.sum(0), x)

    def cumsum(self, x):
        return self._forward(lambda x: torch.cumsum(x, -1), x)

    def sort(self, x):
        return self._forward(lambda x: torch.sort(x)[0], x)

    def topk(self, x, count):
        return self._forward(lambda x: torch.topk(x, count)[0], x)

    def _attend(self, causal):
        if not self.compiled:
            return lambda q, k, v: F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=causal)[0]
        mask = torch.ones(1024, 1024, dtype=torch.bool).tril()

        def attend(q, k, v):
            scores = q @ k.mT * 0.125
            if causal:
                scores = scores.masked_fill(~mask, float("-inf"))
            return torch.softmax(scores, -1) @ v

        return attend

    def attention(self, q, k, v, _, causal=False):
        return self._forward(self._attend(causal), q, k, v)

    def attention_gradients(self, q, k, v, seed, causal=False):
        return self._gradients(self._attend(causal), (q, k, v), seed)

    def embedding(self, table, ids, _):
        return self._forward(F.embedding, ids, table)

    def embedding_gradient(self, table, ids, seed):
        return self._gradients(F.embedding, (ids, table), seed)

    def adamw(self, *arrays):
        parameters = [x.requires_grad_() for x in arrays[: len(arrays) // 2]]
        for parameter, gradient in zip(parameters, arrays[len(arrays) // 2 :]):
            parameter.grad = gradient
        optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=1e-2, fused=True)

        def run():
            optimizer.step()
            return parameters[0], parameters[4]

        return None if self.compiled else run

    def mlp_step(self, x, y, w1, b1, w2, b2):
        def loss(x, y):
            return F.cross_entropy(F.linear(F.relu(F.linear(x, w1, b1)), w2, b2), y)

        return self._step(loss, [w1, b1, w2, b2], x, y)

    def lenet_step(self, x, y, *p):
        def loss(x, y):
            h = F.max_pool2d(F.relu(F.conv2d(x, p[0], p[1], padding=2)), 2)
            h = F.max_pool2d(F.relu(F.conv2d(h, p[2], p[3])), 2).flatten(1)
            h = F.relu(F.linear(h, p[4], p[5]))
            return F.cross_entropy(F.linear(F.relu(F.linear(h, p[6], p[7])), p[8], p[9]), y)

        return self._step(loss, p, x, y)

    def _gpt2(self, arrays, dtype=torch.float32):
        """Returns the model with these weights, which it does not copy, and what is called."""
        model = gpt2_torch.GPT2(*gpt2_torch.SIZES["gpt2"])
        layers = ("ln_1", "c_attn", "c_proj", "ln_2", "c_fc", "c_out")
        names = [f"h.{n}.{layer}" for n in range(12) for layer in layers] + ["ln_f"]
        named = dict(model.named_parameters())
        order = ["wte", "wpe"] + [f"{name}.{part}" for name in names for part in ("weight", "bias")]
        for name, array in zip(order, arrays, strict=True):
            named[name].data = array.to(dtype)
        return model, torch.compile(model) if self.compiled else model

    def gpt2_training(self, ids, targets, *arrays):
        model, compiled = self._gpt2(arrays)
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim < 2]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}]
        optimizer = torch.optim.AdamW(groups, lr=3e-4, betas=(0.9, 0.95), fused=True)

        def run():
            optimizer.zero_grad()
            loss = F.cross_entropy(compiled(ids).flatten(0, 1), targets.flatten())
            loss.backward()
            optimizer.step()
            return loss

        return run

    def gpt2_prefill(self, ids, *arrays):
        model, compiled = self._gpt2(arrays)
        memory = gpt2_torch.caches(model)
        return torch.no_grad()(lambda: compiled(ids, memory, 0, True)[:, -1])

    def gpt2_decoding(self, ids, *arrays, dtype="float32"):
        # Compiling anew for every position says nothing.
        if self.compiled:
            return None
        model, _ = self._gpt2(arrays, getattr(torch, dtype))
        memory = gpt2_torch.caches(model)
        position = ids.shape[1]

        @torch.no_grad()
        def run():
            nonlocal position
            token = torch.tensor([[position * 7919 % 50257]])
            logits = model(token, memory, position, True)[:, -1]
            position = position + 1 if position < 1000 else ids.shape[1]
            return logits.float()

        with torch.no_grad():
            model(ids, memory, 0, True)
        return run
