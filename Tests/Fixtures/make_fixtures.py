"""Writes Tests/Fixtures/pytorch.json: what PyTorch computes, gradients included, which the tests compare with.

    python3 Tests/Fixtures/make_fixtures.py

made with torch 2.13.0.

The file holds each tensor once, in a list; cases name them by their places. A case has a name, which the test maps to a
call; input tensors; parameters; the expected result; the gradients of
sum(result * weights) with respect to floating-point inputs (null for others), where weight i is (7 i mod 11 - 5) / 4; and
the tolerance: 0 for equality to the bit (all NaN are alike), else the relative error allowed; with "scale": true it is
relative to the largest element and not to each one.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

inf, nan = math.inf, math.nan
cases = []
places = {}


def short(x, digits, dtype):
    """The fewest digits that give the number back, or as many as are asked for."""
    for count in range(1, digits):
        candidate = "%.*g" % (count, x)
        if torch.tensor(float(candidate), dtype=dtype).item() == x:
            return candidate
    return "%.*g" % (digits, x)


def text(tensor, digits=None):
    """The elements as text, with the digits that tell them apart unless given."""
    digits = digits if digits and tensor.dtype == torch.float32 else 17 if tensor.dtype == torch.float64 else 9
    flat = tensor.detach().flatten().tolist()
    if tensor.dtype.is_floating_point:
        return " ".join(short(x, digits, tensor.dtype) for x in flat)
    return " ".join(str(int(x)) for x in flat)


def encode(tensor, digits=None):
    """The tensor's place in the list."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    record = json.dumps({"dtype": dtype, "shape": list(tensor.shape), "values": text(tensor, digits)}, separators=(",", ":"))
    return places.setdefault(record, len(places))


def case(name, function, *inputs, tolerance=4e-6, scale=False, gradient=True, note=None, **parameters):
    """Records function(*inputs, **parameters) under a name."""
    tensors = [x.detach().clone() for x in inputs]
    differentiable = gradient and any(x.dtype.is_floating_point for x in tensors)
    if differentiable:
        for x in tensors:
            x.requires_grad_(x.dtype.is_floating_point)
    result = function(*tensors, **parameters)
    digits = 7 if tolerance >= 1e-6 else None
    record = {"name": name, "inputs": [encode(x) for x in inputs], "parameters": parameters, "result": encode(result, digits)}
    record["tolerance"] = tolerance
    if scale:
        record["scale"] = True
    if differentiable and result.dtype.is_floating_point and result.requires_grad:
        weights = torch.tensor([(7 * i % 11 - 5) / 4 for i in range(result.numel())], dtype=result.dtype)
        (result * weights.reshape(result.shape)).sum().backward()
        record["gradients"] = [
            None if not x.dtype.is_floating_point else encode(torch.zeros_like(x) if x.grad is None else x.grad, digits)
            for x in tensors]
    if note:
        record["note"] = note
    cases.append(record)


def numbers(*shape, step=0.37, phase=0.0, dtype=torch.float32):
    """Numbers without a pattern, from -2 to 2, rounded so that they are short as text."""
    count = math.prod(shape)
    values = [round(2 * math.sin(phase + 1 + step * i * (1 + 0.13 * i % 3)), 2) for i in range(count)]
    return torch.tensor(values, dtype=dtype).reshape(shape)


def t(values, dtype=torch.float32):
    return torch.tensor(values, dtype=dtype)


awkward = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3.0, -3.0, 1e-3, -1e-3, 1e-7, -1e-7, 1e-30, -1e-30,
           1e-40, -1e-40, 7.25, -7.25, 20.0, -20.0, 80.0, -80.0, 1e4, -1e4, 123456.0, 3e38, -3e38, inf, -inf, nan]

# Elementwise functions.

# PyTorch's sign of NaN is 0 and of -0 is 0; here both stay, as in NumPy. Its gradient of |x| follows from it.
plain = [x for x in awkward if not math.isnan(x) and math.copysign(1, x) == (-1 if x < 0 else 1)]
exact = {"abs": torch.abs, "sign": torch.sign, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round,
         "trunc": torch.trunc, "negate": torch.neg, "square": torch.square, "isNaN": torch.isnan,
         "isInfinite": torch.isinf, "isFinite": torch.isfinite}
rounded = {"sqrt": torch.sqrt, "reciprocal": torch.reciprocal, "rsqrt": torch.rsqrt, "exp": torch.exp,
           "exp2": torch.exp2, "expm1": torch.expm1, "log": torch.log, "log2": torch.log2, "log10": torch.log10,
           "log1p": torch.log1p, "sin": torch.sin, "cos": torch.cos, "tan": torch.tan, "sinh": torch.sinh,
           "cosh": torch.cosh, "tanh": torch.tanh, "erf": torch.erf}
activations = {"relu": F.relu, "leakyReLU": F.leaky_relu, "elu": F.elu, "selu": F.selu, "gelu": lambda x: F.gelu(x.double()).to(x.dtype),
               "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "sigmoid": lambda x: torch.sigmoid(x.double()).to(x.dtype if x.dtype.is_floating_point else torch.float32),
               "logSigmoid": F.logsigmoid, "softplus": F.softplus, "silu": F.silu, "mish": F.mish,
               "softsign": F.softsign, "hardtanh": F.hardtanh, "hardSigmoid": F.hardsigmoid,
               "hardSwish": F.hardswish}
# In float32 PyTorch's own gelu is off by 1e-4 in the left tail, and NaN for infinity; the gradient of its sigmoid is off too.
for name, function in exact.items():
    for dtype in (torch.float32, torch.float64):
        case(name, function, t(plain if name == "sign" else awkward, dtype), tolerance=0, gradient=name in ("floor", "negate"))
for name, function in rounded.items():
    case(name, function, t(awkward), gradient=False)
    case(name, function, t([x for x in awkward if abs(x) < 1e3], torch.float64), tolerance=1e-13, gradient=False)
    case(name, function, t([0.1, 0.9, 1.0, 2.5, 7.0, 1e-3]))
for name in ("exp", "sin", "cos", "tanh", "erf", "expm1", "sinh"):
    case(name, rounded[name], t([-0.5, 0.0, 1.25, -3.0]))
for name, function in activations.items():
    case(name, function, t([x for x in awkward if name != "gelu" or abs(x) < 2.6 or abs(x) > 10]), gradient=False, tolerance=2e-5)
    case(name, function, t([-4.0, -2.5, -1.5, -0.7, -0.1, 0.1, 0.5, 1.5, 2.5, 4.0]), scale=True)
    case(name, function, t([-30.0, -15.0, 15.0, 30.0, 50.0]), tolerance=2e-5, scale=True)
for name in ("relu", "leakyReLU", "elu", "gelu", "sigmoid", "logSigmoid", "silu", "hardtanh", "hardSwish", "softsign"):
    case(name, activations[name], t([0.0]), tolerance=2e-5, note="the derivative at 0")
for dtype in (torch.int32, torch.int64, torch.uint8):
    whole = t([0, 1, 3, 100, 250], dtype)
    for name in ("exp", "sqrt", "sigmoid", "reciprocal", "log"):
        case(name, (rounded | activations)[name], whole)
    case("square", torch.square, whole, tolerance=0)
for name in ("abs", "square"):
    case(name, exact[name], t([x for x in plain if abs(x) < 1e5]), tolerance=1e-6)
case("abs", torch.abs, t([-5, 0, 5, -2**31], torch.int32), tolerance=0)
case("sign", torch.sign, t([-5, 0, 5, -2**31], torch.int32), tolerance=0)
case("negate", torch.neg, t([0, 1, 255], torch.uint8), tolerance=0)
case("negate", torch.neg, t([-2**31, 5], torch.int32), tolerance=0)
for dtype in (torch.uint8, torch.int32, torch.float32):
    case("absOfNegated", lambda x: torch.abs(torch.neg(x)), t([0, 1, 2, 127, 128, 255], dtype), tolerance=0, gradient=False)
case("logicalNot", torch.logical_not, t([True, False], torch.bool), tolerance=0)
case("bitwiseNot", torch.bitwise_not, t([0, 5, -7], torch.int32), tolerance=0)
case("bitwiseNot", torch.bitwise_not, t([0, 5, 255], torch.uint8), tolerance=0)

# Pairs of elements.

few = [0.0, -0.0, 1.0, -7.5, 1e-40, 3e38, inf, -inf, nan]
pairs = torch.cartesian_prod(t(few), t(few))
left, right = pairs[:, 0].contiguous(), pairs[:, 1].contiguous()
arithmetic = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div,
              "maximum": torch.maximum, "minimum": torch.minimum}
comparisons = {"equal": torch.eq, "notEqual": torch.ne, "less": torch.lt, "lessEqual": torch.le,
               "greater": torch.gt, "greaterEqual": torch.ge}
for name, function in (arithmetic | comparisons).items():
    # Of 0 and -0 neither is the larger: which of them is the maximum is left open.
    decided = [i for i in range(len(pairs)) if not (name in ("maximum", "minimum") and left[i] == right[i] == 0)]
    case(name, function, left[decided], right[decided], tolerance=0, gradient=False)
    case(name, function, t([[1, -2, 3]], torch.int32), t([[2], [-2]], torch.int32), tolerance=0)
    case(name, function, t([2**62, -2**62, 2**53 + 1], torch.int64), t([2**62, 5, 2**53], torch.int64), tolerance=1e-7
         if name == "divide" else 0)
    case(name, function, t([1, 200, 255], torch.uint8), t([2, 100, 255], torch.uint8), tolerance=0)
for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
    case(name, arithmetic[name], numbers(3, 1, 4), numbers(2, 1, phase=2))
case("maximum", torch.maximum, t([1.0, 2.0, 3.0]), t([1.0, 5.0, -1.0]), note="a tie shares the gradient")
case("minimum", torch.minimum, t([1.0, 2.0, 3.0]), t([1.0, 5.0, -1.0]), note="a tie shares the gradient")
divisors = [0.0, -0.0, 1.0, 2.5, -7.5, 0.3, inf, -inf, nan]
pairs = torch.cartesian_prod(t(divisors), t(divisors))
left, right = pairs[:, 0].contiguous(), pairs[:, 1].contiguous()
division = {"floorDivide": lambda a, b: torch.div(a, b, rounding_mode="floor"), "remainder": torch.remainder}
for name, function in division.items():
    case(name, function, left, right, tolerance=0, gradient=False)
    case(name, function, left.double(), right.double(), tolerance=0, gradient=False)
    case(name, function, t([7, -7, 7, -7, 6, -6, 0]), t([2, 2, -2, -2, 3, -3, 5]), tolerance=0)
    for dtype in (torch.int32, torch.int64):
        case(name, function, t([7, -7, 7, -7, 6, -6, 0, 5], dtype), t([2, 2, -2, -2, 3, -3, 5, -9], dtype), tolerance=0)
    case(name, function, t([7, 200, 255, 0], torch.uint8), t([2, 7, 255, 3], torch.uint8), tolerance=0)
    case(name, lambda a, divisor, f=function: f(a, t(divisor, a.dtype)), t([7, -7, 0, 5], torch.int32), tolerance=0,
         divisor=-3)
    case(name, lambda a, divisor, f=function: f(a, t(divisor)), t([7.0, -7.0, 0.5, -0.25]), tolerance=0, divisor=2.5)
case("remainder", torch.remainder, numbers(6), t([0.7, -0.7, 1.5, -1.5, 0.3, 2.0]), tolerance=1e-5, scale=True)

bases = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, inf, -inf, nan]
exponents = [0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -2.5, inf, -inf, nan]
pairs = torch.cartesian_prod(t(bases), t(exponents))
case("power", torch.pow, pairs[:, 0].contiguous(), pairs[:, 1].contiguous(), gradient=False)
case("power", torch.pow, t([0.5, 1.5, 2.0, 3.0]), t([2.0, -1.5, 0.5, 0.0]))
case("power", torch.pow, t([0.0, 0.0, 2.0]), t([2.0, 0.0, 0.0]))
for exponent in (2.0, 3.0, 0.5, -1.0, 0.0, 1.0, 2.5, -2.0, 4.0):
    case("powerOf", lambda x, exponent: x.pow(exponent), t([0.5, 1.5, 2.0, 3.0]), exponent=exponent)
    case("powerOf", lambda x, exponent: x.pow(exponent), t(bases), exponent=exponent, gradient=False)
case("power", torch.pow, t([2, -3, 5, 0], torch.int32), t([3, 3, 0, 0], torch.int32), tolerance=0)
case("power", torch.pow, t([2, -3, 5, 10], torch.int64), t([40, 3, 0, 18], torch.int64), tolerance=0)
for dtype in (torch.int32, torch.int64):
    bits = t([0, 1, -1, 0x55, -1000], dtype), t([3, 1, 2, 4, 5], dtype)
    case("bitwiseAnd", torch.bitwise_and, *bits, tolerance=0)
    case("bitwiseOr", torch.bitwise_or, *bits, tolerance=0)
    case("bitwiseXor", torch.bitwise_xor, *bits, tolerance=0)
    case("shiftLeft", torch.bitwise_left_shift, *bits, tolerance=0)
    case("shiftRight", torch.bitwise_right_shift, *bits, tolerance=0)
bits = t([0, 1, 200, 0x55], torch.uint8), t([3, 1, 2, 4], torch.uint8)
case("shiftLeft", torch.bitwise_left_shift, *bits, tolerance=0)
case("shiftRight", torch.bitwise_right_shift, *bits, tolerance=0)
truths = t([True, True, False, False], torch.bool), t([True, False, True, False], torch.bool)
case("logicalAnd", torch.logical_and, *truths, tolerance=0)
case("logicalOr", torch.logical_or, *truths, tolerance=0)
case("logicalXor", torch.logical_xor, *truths, tolerance=0)
case("equal", torch.eq, *truths, tolerance=0)
case("add", torch.add, *truths, tolerance=0)
case("multiply", torch.mul, *truths, tolerance=0)

# Promotion: every pair of dtypes, and of a scalar tensor with a vector.

dtypes = [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64]
for a in dtypes:
    for b in dtypes:
        case("add", torch.add, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)
        case("multiply", torch.mul, t(3, a), t([0, 1, 2], b), tolerance=0, gradient=False)
        case("divide", torch.div, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)
        case("cast", lambda x, dtype: x.to(getattr(torch, dtype)), t([0, 1, 2, 100, 255], a), tolerance=0, gradient=False,
             dtype=str(b).removeprefix("torch."))
    case("addInteger", lambda x, number: x + number, t([0, 1, 3], a), tolerance=0, gradient=False, number=2)
    case("addDecimal", lambda x, number: x + number, t([0, 1, 3], a), tolerance=0, gradient=False, number=1.5)
    case("addTruth", lambda x: x + True, t([0, 1, 3], a), tolerance=0, gradient=False)
cast = lambda x, dtype: x.to(getattr(torch, dtype))
for dtype in ("int32", "int64"):
    case("cast", cast, t([0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 100.7, -100.7, 1e6]), tolerance=0, dtype=dtype)
small = t([-0.3, 0.3, -0.0, 0.0, -1.5, 2.5])
case("castThere", lambda x: x.to(torch.int64).to(torch.float32), small, tolerance=0, gradient=False)
case("castThereScalar", lambda x: 1 / x.to(torch.int64).to(torch.float32), t(-0.3), tolerance=0, gradient=False)
case("cast", cast, t([0.0, -0.0, nan, inf, 1e-40, -3.0]), tolerance=0, dtype="bool")
case("cast", cast, t([-1, 256, 257, -300], torch.int32), tolerance=0, dtype="uint8")
case("cast", cast, t([2**32 + 5, -2**40, 2**31], torch.int64), tolerance=0, dtype="int32")
case("cast", cast, t([2**53 + 1, -2**62, 16777217], torch.int64), tolerance=0, dtype="float32")
case("cast", cast, t([2**53 + 1, -2**62, 16777217], torch.int64), tolerance=0, dtype="float64")
case("cast", cast, t([0.1, 1e300, -1e-300, 1e-46], torch.float64), tolerance=0, dtype="float32", gradient=False)
case("cast", cast, t([0.1, 2.5], torch.float64), tolerance=0, dtype="float32")

# Choice.

case("where", torch.where, t([True, False, True], torch.bool), t([1.0, nan, 3.0]), t([[nan, 5.0, 6.0], [7.0, 8.0, inf]]), tolerance=0)
case("where", torch.where, t([[True], [False]], torch.bool), t([1, 2, 3], torch.int32), t([4, 5, 6], torch.int64), tolerance=0)
case("clamp", torch.clamp, t(awkward[:-1]), tolerance=0, min=-1.5, max=2.5)
case("clamp", torch.clamp, t(awkward[:-1]), tolerance=0, min=-1.0)
case("clamp", torch.clamp, t(awkward[:-1]), tolerance=0, max=3.0)
case("clamp", torch.clamp, t(awkward[:-1]), tolerance=0, min=2.0, max=-2.0)
case("clamp", torch.clamp, t([nan, 1.0]), tolerance=0, gradient=False, min=-1.5, max=0.5)
case("clampInteger", torch.clamp, t([-5, 0, 3, 9], torch.int32), tolerance=0, min=-1, max=4)

# Reductions.

reductions = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin,
              "logSumExp": torch.logsumexp}
x = numbers(2, 3, 4)
for name, function in reductions.items():
    for axes in ([0], [1], [-1], [0, 2], [0, 1, 2], [2, 1]):
        case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), x, scale=True, axes=axes, keep=False)
    case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), x, scale=True, axes=[1], keep=True)
    case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), x, scale=True, axes=[0, -1], keep=True)
    special = t([[1.0, nan, 2.0], [inf, 1.0, -inf], [-inf, -inf, -inf], [inf, 2.0, inf], [-0.0, -0.0, -0.0]])
    case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), special, axes=[1], keep=False,
         gradient=False)
    ties = t([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [-1.0, -1.0, 5.0, 4.0]])
    case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), ties, axes=[1], keep=False)
    if name not in ("max", "min"):
        for shape in ((0,), (2, 0), (0, 3)):
            case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), torch.zeros(shape), axes=[-1],
                 keep=False)
            case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), torch.zeros(shape), axes=[0],
                 keep=True)
case("max", lambda x, axes, keep: torch.amax(x, dim=axes, keepdim=keep), torch.zeros(0, 3), axes=[1], keep=False)
for axis in (0, 1, 2):
    case("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), x, tolerance=1e-5, axis=axis, keep=axis == 1)
case("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), t([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]]),
     axis=1, keep=False, note="the gradient beside one and two zeros")
case("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), torch.zeros(2, 0), axis=1, keep=False)
case("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), t([[3, 5], [-7, 2**20]], torch.int32), axis=1,
     keep=False, tolerance=0)
for dtype in (torch.bool, torch.uint8, torch.int32, torch.int64):
    case("sum", lambda x, axes, keep: torch.sum(x, dim=axes, keepdim=keep), t([[0, 1, 200], [1, 1, 250]], dtype), axes=[1],
         keep=False, tolerance=0)
    case("max", lambda x, axes, keep: torch.amax(x, dim=axes, keepdim=keep), t([[0, 1, 200], [1, 1, 250]], dtype), axes=[1],
         keep=False, tolerance=0)
    case("min", lambda x, axes, keep: torch.amin(x, dim=axes, keepdim=keep), t([[0, 1, 200], [1, 1, 250]], dtype), axes=[1],
         keep=False, tolerance=0)
case("max", lambda x, axes, keep: torch.amax(x, dim=axes, keepdim=keep), t([[-2**63, -2**62], [2**62, 2**62 + 1]], torch.int64),
     axes=[1], keep=False, tolerance=0)
logic = t([[0.0, -0.0, 0.0], [0.0, nan, 0.0], [1.0, 1e-40, -2.0]])
for x_ in (logic, logic > 0, t([[0, 0], [0, 7], [256, 512]], torch.int32), torch.zeros(2, 0), torch.zeros(0, 2)):
    for axis in (0, 1):
        case("any", lambda x, axis: torch.any(x, dim=axis), x_, axis=axis, tolerance=0)
        case("all", lambda x, axis: torch.all(x, dim=axis), x_, axis=axis, tolerance=0)
arguments = [t([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0], [1.0, nan, 5.0, nan], [-inf, -inf, -inf, -inf], [inf, 0.0, inf, -inf],
                [-0.0, 0.0, -0.0, 0.0]]), t([[3, 1, 3], [-1, -5, -5]], torch.int32), t([[3, 1, 3], [1, 5, 5]], torch.uint8),
             t([[2**53, 2**53 + 1, 2**53], [-1, -2**62, -2**62]], torch.int64)]


def first(function, x, axis):
    """The first index of the extreme: PyTorch itself promises none of several."""
    extreme = function(x, dim=axis, keepdim=True)
    hit = (x == extreme) | (x.isnan() if x.dtype.is_floating_point else False)
    places = torch.arange(x.shape[axis]).reshape([-1 if i == axis % x.dim() else 1 for i in range(x.dim())])
    return torch.where(hit, places, x.shape[axis]).amin(dim=axis)


for x_ in arguments:
    for axis in (0, -1):
        case("argmax", lambda x, axis: first(torch.amax, x, axis), x_, axis=axis, tolerance=0)
        case("argmin", lambda x, axis: first(torch.amin, x, axis), x_, axis=axis, tolerance=0)
zeros = t([[2.0, -0.5, 0.0, 3.0, 0.0, 4.0], [1.5, 2.0, -1.0, 0.5, 3.0, 0.0], [0.0, 1.0, 2.0, -3.0, 0.25, 2.0]])
for x_ in (numbers(2, 3, 4), zeros, t([[3, 100, -7, 2]] * 3, torch.int8), logic > 0, torch.zeros(2, 0)):
    for axis in range(x_.dim()):
        case("cumsum", lambda x, axis: torch.cumsum(x, dim=axis), x_, axis=axis, scale=x_.dtype == torch.float32)
        case("cumprod", lambda x, axis: torch.cumprod(x, dim=axis), x_, axis=axis, scale=x_.dtype == torch.float32)
for x_ in [numbers(2, 3, 4)] + arguments:
    for axis in (0, -1):
        case("cummax", lambda x, axis: torch.cummax(x, dim=axis).values, x_, axis=axis, tolerance=1e-9)
        case("cummin", lambda x, axis: torch.cummin(x, dim=axis).values, x_, axis=axis, tolerance=1e-9)
        for descending in (False, True):
            case("argsort", lambda x, axis, descending: torch.argsort(x, dim=axis, descending=descending, stable=True), x_, axis=axis,
                 descending=descending, tolerance=0)
            case("sort", lambda x, axis, descending: torch.sort(x, dim=axis, descending=descending, stable=True).values, x_, axis=axis,
                 descending=descending, tolerance=0)
for dtype in (torch.float16, torch.bfloat16, torch.float64):
    case("argsort", lambda x, axis, descending: torch.argsort(x, dim=axis, descending=descending, stable=True), arguments[0].to(dtype),
         axis=-1, descending=False, tolerance=0)
case("topk", lambda x, k, largest: torch.topk(x, k, largest=largest).values, numbers(3, 40), k=3, largest=True, tolerance=0, gradient=False)
case("topk", lambda x, k, largest: torch.topk(x, k, largest=largest).values, numbers(2, 300), k=5, largest=False, tolerance=0, gradient=False)
for correction in (0, 1, 2):
    case("variance", lambda x, axes, correction: torch.var(x, dim=axes, correction=correction), x, axes=[0, 2], correction=correction,
         scale=True)
    case("standardDeviation", lambda x, axes, correction: torch.std(x, dim=axes, correction=correction), x, axes=[1],
         correction=correction, scale=True)
case("variance", lambda x, axes, correction: torch.var(x, dim=axes, correction=correction), torch.ones(3, 1), axes=[1], correction=1,
     gradient=False)
for order in (2.0, 1.0, 0.0, 3.0, inf, -inf):
    if math.isfinite(order):
        case("norm", lambda x, order: torch.linalg.vector_norm(x, order, dim=1), numbers(2, 3, 4), order=order, scale=True)
    else:
        case("norm" + ("Most" if order > 0 else "Least"), lambda x, order=order: torch.linalg.vector_norm(x, order, dim=1),
             numbers(2, 3, 4))
case("norm", lambda x, order: torch.linalg.vector_norm(x, order, dim=1), torch.zeros(2, 3), order=2.0)

# Softmax, losses and norms.

rows = t([[1.0, 2.0, 3.0], [-inf, 0.0, 1.0], [-inf, -inf, -inf], [1000.0, 1001.0, -1000.0], [inf, 1.0, 2.0], [nan, 1.0, 2.0],
          [3e38, -3e38, 0.0], [-5.0, -5.0, -5.0]])
for name, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
    case(name, lambda x, axis, f=function: f(x, dim=axis), rows, axis=1, gradient=False)
    for axis in (0, 1, -1):
        case(name, lambda x, axis, f=function: f(x, dim=axis), numbers(2, 5, 3), axis=axis, scale=True, tolerance=1e-5)
    case(name, lambda x, axis, f=function: f(x, dim=axis), rows[:2], axis=1, tolerance=1e-5)
    for shape in ((0,), (2, 0), (0, 3)):
        case(name, lambda x, axis, f=function: f(x, dim=axis), torch.zeros(shape), axis=-1)
    case(name, lambda x, axis, f=function: f(x, dim=axis), numbers(2, 70), axis=1, scale=True, tolerance=1e-5)
    case(name, lambda x, axis, f=function: f(x, dim=axis), numbers(4, 3, dtype=torch.float64), axis=1, tolerance=1e-13, scale=True)
classes = t([1, 0, 3, 2], torch.int64)
logits = numbers(4, 5) * 3
for reduction in ("mean", "sum", "none"):
    case("crossEntropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction), logits, classes, reduction=reduction,
         tolerance=1e-5, scale=True)
    case("crossEntropySmooth", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction, label_smoothing=0.1), logits, classes,
         reduction=reduction, tolerance=1e-5, scale=True)
    case("crossEntropyIgnoring", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction, ignore_index=0), logits, classes,
         reduction=reduction, tolerance=1e-5, scale=True)
    case("crossEntropyIgnoring", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction, ignore_index=0),
         numbers(2, 3, 2), t([[0, 2], [1, 0]], torch.int64), reduction=reduction, tolerance=1e-5, scale=True)
    case("crossEntropySmoothIgnoring", lambda x, y, reduction: F.cross_entropy(
        x, y, reduction=reduction, ignore_index=0, label_smoothing=0.2), logits, classes, reduction=reduction, tolerance=1e-5, scale=True)
    case("crossEntropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction), numbers(2, 3, 2), t([[0, 2], [1, 1]], torch.int64),
         reduction=reduction, tolerance=1e-5, scale=True)
    case("crossEntropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction), logits, torch.softmax(numbers(4, 5, phase=3), 1),
         reduction=reduction, tolerance=1e-5, scale=True)
    case("negativeLogLikelihood", lambda x, y, reduction: F.nll_loss(x, y, reduction=reduction), logits, classes, reduction=reduction)
    case("meanSquaredError", lambda x, y, reduction: F.mse_loss(x, y, reduction=reduction), logits, logits.flip(0), reduction=reduction)
    case("meanAbsoluteError", lambda x, y, reduction: F.l1_loss(x, y, reduction=reduction), logits, logits.flip(1) * 0.5,
         reduction=reduction)
    case("huberLoss", lambda x, y, reduction: F.huber_loss(x, y, reduction=reduction), logits, logits.flip(0) * 0.5, reduction=reduction)
    case("binaryCrossEntropyWithLogits", lambda x, y, reduction: F.binary_cross_entropy_with_logits(x, y, reduction=reduction),
         t([-100.0, -1.0, 0.0, 2.0, 100.0]), t([0.0, 1.0, 0.5, 0.25, 0.0]), reduction=reduction, tolerance=1e-5)
case("crossEntropySmooth", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction, label_smoothing=0.1), logits,
     torch.softmax(numbers(4, 5, phase=3), 1), reduction="mean", tolerance=1e-5, scale=True)
case("crossEntropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction), numbers(5), t(2, torch.int64), reduction="mean",
     tolerance=1e-5, scale=True)
x = numbers(3, 4, 5)
case("layerNorm", lambda x: F.layer_norm(x, [5]), x, tolerance=2e-5, scale=True)
case("layerNorm", lambda x, w, b: F.layer_norm(x, [5], w, b), x, numbers(5, phase=1), numbers(5, phase=2), tolerance=2e-5, scale=True)
case("layerNorm2", lambda x, w, b: F.layer_norm(x, [4, 5], w, b), x, numbers(4, 5, phase=1), numbers(4, 5, phase=2), tolerance=2e-5,
     scale=True)
case("layerNorm", lambda x: F.layer_norm(x, [3]), t([[5.0, 5.0, 5.0], [1e4, 1e4 + 1, 1e4 + 2]]), tolerance=2e-5, scale=True, gradient=False)
case("rmsNorm", lambda x, w: F.rms_norm(x, [5], w, 1e-6), x, numbers(5, phase=1), tolerance=2e-5, scale=True)
case("rmsNorm", lambda x: F.rms_norm(x, [5], None, 1e-6), x, tolerance=2e-5, scale=True)
x = numbers(2, 6, 3, 2)
for groups in (1, 2, 3, 6):
    case("groupNorm", lambda x, w, b, groups: F.group_norm(x, groups, w, b), x, numbers(6, phase=1), numbers(6, phase=2), groups=groups,
         tolerance=2e-5, scale=True)
case("batchNorm", lambda x, m, v, w, b: F.batch_norm(x, m.detach(), v.detach(), w, b), x, numbers(6, phase=3), numbers(6, phase=3).abs() + 0.5,
     numbers(6, phase=1), numbers(6, phase=2), tolerance=2e-5, scale=True, gradient=False)
case("batchNormTraining", lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), x, numbers(6, phase=1), numbers(6, phase=2),
     tolerance=3e-5, scale=True)

# Contractions.

for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4)),
             ((5, 2, 3), (3,)), ((5, 2, 3), (5, 3, 4)), ((5, 1, 2, 3), (2, 3, 2)), ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)),
             ((2, 3), (3, 0)), ((0,), (0,)), ((0, 2, 3), (0, 3, 1)), ((7, 17), (17, 5)), ((1, 33), (33, 1)), ((19, 1), (1, 7)),
             ((3, 2, 4), (1, 4, 5))):
    case("matmul", torch.matmul, numbers(*a), numbers(*b, phase=2), tolerance=1e-5, scale=True)
case("matmul", torch.matmul, numbers(3, 4, dtype=torch.float64), numbers(4, 2, dtype=torch.float64), tolerance=1e-13, scale=True)
case("matmul", torch.matmul, t([[1, -2], [3, 4]], torch.int32), t([[5, 6], [7, -8]], torch.int32), tolerance=0)
case("matmul", torch.matmul, t([[1, -2**40], [3, 4]], torch.int64), t([[5, 6], [7, -8]], torch.int64), tolerance=0)
case("matmul", torch.matmul, t([[1.0, 0.0], [inf, 1.0]]), t([[nan, 1.0], [0.0, inf]]), tolerance=0, gradient=False)
case("linear", F.linear, numbers(2, 3, 4), numbers(5, 4, phase=1), numbers(5, phase=2), tolerance=1e-5, scale=True)
case("linear", F.linear, numbers(4), numbers(5, 4, phase=1), tolerance=1e-5, scale=True)
case("outer", torch.outer, numbers(3), numbers(4, phase=1))
for equation, *shapes in (("ij,jk->ik", (2, 3), (3, 4)), ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)),
                          ("ij,ij->i", (2, 3), (2, 3)), ("i,j->ij", (2,), (3,)), ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
                          ("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)), ("bhid,bhjd->bhij", (1, 2, 3, 2), (1, 2, 4, 2)),
                          ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)), ("ijk->j", (2, 3, 4)), ("ij,kj", (2, 3), (4, 3)),
                          ("abc,cd->abd", (2, 3, 2), (2, 3)), ("iij->j", (3, 3, 2)), ("ij,j->", (2, 3), (3,))):
    case("einsum", lambda *xs, equation: torch.einsum(equation, *xs), *(numbers(*s, phase=i) for i, s in enumerate(shapes)),
         equation=equation, tolerance=1e-5, scale=True)

# Convolution and pooling.

for stride, padding, dilation, groups in ((1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 1), (3, 2, 1, 2), (2, 0, 2, 2)):
    options = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    case("conv1d", F.conv1d, numbers(2, 4, 8), numbers(4, 4 // groups, 3, phase=1), numbers(4, phase=2), tolerance=1e-5, scale=True,
         **options)
    case("conv2d", F.conv2d, numbers(1, 4, 5, 5), numbers(2, 4 // groups, 3, 2, phase=1), numbers(2, phase=2), tolerance=1e-5, scale=True,
         **options)
case("conv2d", F.conv2d, numbers(2, 3, 4, 4), numbers(3, 1, 3, 3, phase=1), tolerance=1e-5, scale=True, stride=1, padding=1, dilation=1,
     groups=3)
case("conv2d", F.conv2d, numbers(2, 3, 4, 4), numbers(2, 3, 1, 1, phase=1), tolerance=1e-5, scale=True, stride=1, padding=0, dilation=1,
     groups=1)
case("conv2d", F.conv2d, torch.zeros(0, 3, 4, 4), numbers(2, 3, 3, 3, phase=1), numbers(2), tolerance=1e-5, scale=True, stride=1,
     padding=1, dilation=1, groups=1)
for stride, padding, output_padding, dilation, groups in ((1, 0, 0, 1, 1), (2, 1, 1, 1, 1), (2, 0, 1, 2, 1), (3, 1, 2, 1, 2), (1, 2, 0, 2, 2)):
    case("convTranspose2d", lambda x, w, b, stride, padding, outputPadding, dilation, groups: F.conv_transpose2d(
        x, w, b, stride, padding, outputPadding, groups, dilation), numbers(1, 4, 3, 3), numbers(4, 4 // groups, 3, 2, phase=1),
        numbers(4, phase=2), tolerance=1e-5, scale=True, stride=stride, padding=padding, outputPadding=output_padding, dilation=dilation,
        groups=groups)
for size, stride, padding in ((2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 1, 0), (2, 3, 0)):
    case("maxPool2d", lambda x, size, stride, padding: F.max_pool2d(x, size, stride, padding), numbers(1, 2, 6, 5), size=size, stride=stride,
         padding=padding, tolerance=1e-6)
    case("avgPool2d", lambda x, size, stride, padding: F.avg_pool2d(x, size, stride, padding), numbers(1, 2, 6, 5), size=size, stride=stride,
         padding=padding, tolerance=1e-5, scale=True)
case("maxPool2d", lambda x, size, stride, padding: F.max_pool2d(x, size, stride, padding),
     t([[[[nan, 1.0, -inf, -inf], [2.0, 3.0, -inf, -inf], [1.0, 1.0, 0.0, -0.0], [1.0, 1.0, inf, 5.0]]]]), size=2, stride=2, padding=0,
     tolerance=0, gradient=False)
q, k, v = numbers(2, 2, 4, 3), numbers(2, 2, 5, 3, phase=1), numbers(2, 2, 5, 2, phase=2)
attention = F.scaled_dot_product_attention
case("attention", attention, q, k, v, tolerance=1e-5, scale=True)
case("attentionCausal", lambda q, k, v: attention(q, k, v, is_causal=True), q, q + 0.5, numbers(2, 2, 4, 2, phase=2), tolerance=1e-5, scale=True)
case("attentionCausal", lambda q, k, v: attention(q, k, v, is_causal=True), q, k, v, tolerance=1e-5, scale=True)
mask = t([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]], torch.bool)
case("attentionMasked", lambda q, k, v, m: attention(q, k, v, attn_mask=m), q, k, v, mask, tolerance=1e-5, scale=True)
case("attentionMasked", lambda q, k, v, m: attention(q, k, v, attn_mask=m), q, k, v, numbers(4, 5, phase=5), tolerance=1e-5, scale=True)

# Look-ups, indices and movement.

x = numbers(4, 3, 2)
for axis in (0, 1, 2):
    index = t([[0, 2, 1]], torch.int64).expand(4, 3)[:, :, None].expand(4, 3, 2) % x.shape[axis]
    case("gather", lambda x, index, axis: torch.gather(x, axis, index), x, index.contiguous(), axis=axis, tolerance=0)
    case("take", lambda x, index, axis: torch.index_select(x, axis, index), x, t([1, 0, 1, 1], torch.int64), axis=axis, tolerance=1e-6)
case("gather", lambda x, index, axis: torch.gather(x, axis, index), x, t([[[3]], [[0]]], torch.int64), axis=0, tolerance=0)
case("gather", lambda x, index, axis: torch.gather(x, axis, index), x, torch.zeros(4, 0, 2, dtype=torch.int64), axis=1, tolerance=0)
case("scatterAdd", lambda x, index, values, axis: torch.scatter_add(x, axis, index, values), x,
     torch.arange(24).reshape(4, 3, 2) * 5 % 3, numbers(4, 3, 2, phase=2), axis=1, tolerance=1e-6, scale=True)
case("scatterAdd", lambda x, index, values, axis: torch.scatter_add(x, axis, index, values), numbers(3, 2), t([[0, 2], [0, 2], [0, 1], [2, 2]],
     torch.int64), numbers(4, 2, phase=2), axis=0, tolerance=1e-6, scale=True)
case("scatterAdd", lambda x, index, values, axis: torch.scatter_add(x, axis, index, values), t([1, 2, 3], torch.int32), t([2, 2, 0, 2], torch.int64),
     t([10, 20, 30, 40], torch.int32), axis=0, tolerance=0)
case("embedding", lambda table, index: F.embedding(index, table), numbers(5, 3), t([[4, 0], [4, 2]], torch.int64), tolerance=1e-6)
case("oneHot", lambda x, count: F.one_hot(x, count).float(), t([[0, 2], [1, 1]], torch.int64), count=3, tolerance=0)
x = numbers(4, 5, 3)
indices = {
    "x[1]": lambda x: x[1], "x[-1]": lambda x: x[-1], "x[1:3]": lambda x: x[1:3], "x[1:, 0]": lambda x: x[1:, 0],
    "x[..., -1]": lambda x: x[..., -1], "x[:, None, 2:-1]": lambda x: x[:, None, 2:-1], "x[::2, 1::2]": lambda x: x[::2, 1::2],
    "x[0, ..., 1]": lambda x: x[0, ..., 1], "x[2:2]": lambda x: x[2:2], "x[:100, -2:]": lambda x: x[:100, -2:],
    "x[[2, 0, 2]]": lambda x: x[[2, 0, 2]], "x[:, [[0, 1], [4, 4]]]": lambda x: x[:, [[0, 1], [4, 4]]],
    "x[[0, 3], [1, 2]]": lambda x: x[[0, 3], [1, 2]],
}
for name, function in indices.items():
    case(name, function, x, tolerance=1e-6)


def assigned(region):
    def function(x, y):
        result = x.clone()
        result[region] = y
        return result
    return function


case("x[1] = y", assigned(1), numbers(3, 4), numbers(4, phase=1), tolerance=0)
case("x[:, 1:3] = y", assigned((slice(None), slice(1, 3))), numbers(3, 4), numbers(3, 1, phase=1), tolerance=1e-6)
case("x[::2, ::3] = y", assigned((slice(None, None, 2), slice(None, None, 3))), numbers(3, 4), numbers(2, 2, phase=1), tolerance=0)
case("x[...] = y", assigned(...), numbers(3, 4), numbers(4, phase=1), tolerance=1e-6)
case("x[2:2] = y", assigned(slice(2, 2)), numbers(3, 4), numbers(4, phase=1), tolerance=0)
case("x[1, 2] = y", assigned((1, 2)), t([[1, 2, 3], [4, 5, 6]], torch.int32), t(9.7), tolerance=0)
case("x[-1] = y", assigned(-1), t([[1, 2], [3, 4]], torch.int64), t([2**62, -1], torch.int64), tolerance=0)
a, b, c = numbers(2, 3), numbers(2, 1, phase=1), numbers(2, 2, phase=2)
case("concatenate", lambda *xs, axis: torch.cat(xs, dim=axis), a, b, c, axis=1, tolerance=0)
case("concatenate", lambda *xs, axis: torch.cat(xs, dim=axis), a, a * 2, axis=0, tolerance=0)
case("concatenate", lambda *xs, axis: torch.cat(xs, dim=axis), torch.zeros(0, 3), a, torch.zeros(0, 3), axis=0, tolerance=0)
case("concatenate", lambda *xs, axis: torch.cat(xs, dim=axis), torch.zeros(2, 0), torch.zeros(2, 0), axis=1, tolerance=0)
case("concatenate", lambda *xs, axis: torch.cat(xs, dim=axis), t([1, 2], torch.int32), t([1.5]), t([True], torch.bool), axis=0, tolerance=0)
case("stack", lambda *xs, axis: torch.stack(xs, dim=axis), a, a * 2, a + 1, axis=1, tolerance=0)
case("stack", lambda *xs, axis: torch.stack(xs, dim=axis), a, a * 2, axis=-1, tolerance=0)
case("stack", lambda *xs, axis: torch.stack(xs, dim=axis), t(1.0), t(2.0), axis=0, tolerance=0)
for part in range(3):
    case("split", lambda x, sizes, part: torch.split(x, sizes, dim=1)[part], numbers(2, 6), sizes=[1, 3, 2], part=part, tolerance=0)
    case("chunk", lambda x, count, part: torch.chunk(x, count, dim=1)[part], numbers(2, 7), count=3, part=part, tolerance=0)
case("pad", lambda x, value: F.pad(x, (1, 2, 0, 1), value=value), numbers(2, 3), value=0.0, tolerance=0)
case("pad", lambda x, value: F.pad(x, (1, 2, 0, 1), value=value), t([[nan, inf], [1.0, -0.0]]), value=-2.5, tolerance=0)
case("pad", lambda x, value: F.pad(x, (1, 2, 0, 1), value=value), torch.zeros(0, 2), value=3.0, tolerance=0)
for axes in ([0], [1], [0, 1]):
    case("flip", lambda x, axes: torch.flip(x, axes), numbers(3, 4), axes=axes, tolerance=0)
for distance in (1, -1, 3, 9, -10, 0):
    case("roll", lambda x, distance: torch.roll(x, distance, 1), numbers(2, 4), distance=distance, tolerance=0)
case("tile", lambda x, counts: torch.tile(x, counts), numbers(2, 3), counts=[2, 3], tolerance=1e-6)
case("tile", lambda x, counts: torch.tile(x, counts), numbers(2, 3), counts=[0, 1], tolerance=0)
case("repeated", lambda x, count: torch.repeat_interleave(x, count, dim=0), numbers(2, 3), count=3, tolerance=1e-6)
case("diagonal", lambda x: torch.diagonal(x, dim1=-2, dim2=-1), numbers(2, 3, 4), tolerance=0)
case("diagonal", lambda x: torch.diagonal(x, dim1=-2, dim2=-1), numbers(4, 3), tolerance=0)
for k in (-1, 0, 1):
    case("tril", lambda x, diagonal: torch.tril(x, diagonal), numbers(3, 4), diagonal=k, tolerance=0)
    case("triu", lambda x, diagonal: torch.triu(x, diagonal), t([[nan, 1.0, inf], [1.0, nan, 2.0]]), diagonal=k, tolerance=0, gradient=False)
case("permute", lambda x, order: torch.permute(x, order), numbers(2, 3, 4), order=[2, 0, 1], tolerance=0)
case("reshape", lambda x, extents: torch.reshape(x, extents), numbers(2, 3, 4), extents=[4, -1], tolerance=0)
case("reshape", lambda x, extents: torch.reshape(x, extents), torch.zeros(0, 3), extents=[3, 0, 2], tolerance=0)
case("broadcast", lambda x, extents: torch.broadcast_to(x, extents), numbers(3, 1), extents=[2, 3, 4], tolerance=1e-5, scale=True)
case("broadcast", lambda x, extents: torch.broadcast_to(x, extents), numbers(1, 3), extents=[0, 3], tolerance=0)
case("window", lambda x, size, stride: x.unfold(1, size, stride), numbers(2, 7), size=3, stride=2, tolerance=1e-6)
case("window", lambda x, size, stride: x.unfold(1, size, stride), numbers(2, 7), size=4, stride=1, tolerance=1e-6)

# Several ops together.

case("layer", lambda x, w, b: F.gelu(x @ w + b).mean(), numbers(5, 7), numbers(7, 6, phase=1), numbers(6, phase=2), tolerance=2e-5, scale=True)
case("normalized", lambda x: (x / x.norm(dim=1, keepdim=True)).cos().sum(0), numbers(4, 5), tolerance=2e-5, scale=True)
case("masked", lambda x: torch.where(x > 0, x.log(), torch.zeros_like(x)).sum(1), numbers(3, 4).abs() + 0.1, tolerance=2e-5, scale=True)
case("softmaxTwice", lambda x: torch.softmax(torch.softmax(x, 0), 1), numbers(6, 5), tolerance=2e-5, scale=True)

# The other dtypes. What PyTorch does not support is left out: arithmetic of uint16, uint32 and uint64 beside other
# integers, and much of it among themselves.

half = {torch.float16: 1.1e-3, torch.bfloat16: 8.5e-3}
narrow = [torch.int8, torch.int16]
unsigned = [torch.uint16, torch.uint32, torch.uint64]
everyday = dtypes + narrow + list(half)
for a in everyday:
    for b in everyday:
        if a in dtypes and b in dtypes:
            continue
        case("add", torch.add, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)
        case("multiply", torch.mul, t(3, a), t([0, 1, 2], b), tolerance=0, gradient=False)
        case("divide", torch.div, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)
        case("cast", cast, t([0, 1, 2, 100, 127], a), tolerance=0, gradient=False, dtype=str(b).removeprefix("torch."))
for a in narrow + unsigned + list(half):
    case("addDecimal", lambda x, number: x + number, t([0, 1, 3], a), tolerance=0, gradient=False, number=1.5)
    if a not in unsigned:
        case("addInteger", lambda x, number: x + number, t([0, 1, 3], a), tolerance=0, gradient=False, number=2)
        case("addTruth", lambda x: x + True, t([0, 1, 3], a), tolerance=0, gradient=False)
for a in unsigned:
    for b in list(half) + [torch.float32, torch.float64]:
        case("add", torch.add, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)
        case("multiply", torch.mul, t(3, a), t([0, 1, 2], b), tolerance=0, gradient=False)
        case("divide", torch.div, t([0, 1, 3], a), t([1, 1, 2], b), tolerance=0, gradient=False)


def where_supported(*arguments, **parameters):
    """Records a case unless PyTorch has no such function of the dtype."""
    try:
        case(*arguments, **parameters)
    except NotImplementedError:
        pass


# Integers wrap and are converted at the ends of their ranges.
for dtype in narrow + unsigned:
    info = torch.iinfo(dtype)
    ends = [info.min, info.min + 1, 1, 3, info.max - 1, info.max]
    ends, turned = t(ends, dtype), t(ends[::-1], dtype)
    for name in arithmetic:
        where_supported(name, arithmetic[name], ends, turned, tolerance=0)
    for name, function in comparisons.items():
        where_supported(name, function, ends, turned, tolerance=0)
    where_supported("bitwiseAnd", torch.bitwise_and, ends, turned, tolerance=0)
    where_supported("bitwiseOr", torch.bitwise_or, ends, turned, tolerance=0)
    where_supported("bitwiseXor", torch.bitwise_xor, ends, turned, tolerance=0)
    where_supported("bitwiseNot", torch.bitwise_not, ends, tolerance=0)
    for other in dtypes + narrow + unsigned + list(half):
        where_supported("cast", cast, ends, tolerance=0, dtype=str(other).removeprefix("torch."))
    where_supported("sum", lambda x, axes, keep: torch.sum(x, dim=axes, keepdim=keep), ends, axes=[0], keep=False, tolerance=0)
    where_supported("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), t([5, 3], dtype), axis=0, keep=False, tolerance=0)
    where_supported("any", lambda x, axis: torch.any(x, dim=axis), ends, axis=0, tolerance=0)
    where_supported("all", lambda x, axis: torch.all(x, dim=axis), ends, axis=0, tolerance=0)
    if dtype in narrow:
        where_supported("max", lambda x, axes, keep: torch.amax(x, dim=axes, keepdim=keep), ends, axes=[0], keep=False, tolerance=0)
        where_supported("min", lambda x, axes, keep: torch.amin(x, dim=axes, keepdim=keep), ends, axes=[0], keep=False, tolerance=0)
        where_supported("argmax", lambda x, axis: first(torch.amax, x, axis), ends, axis=0, tolerance=0)
        where_supported("argmin", lambda x, axis: first(torch.amin, x, axis), ends, axis=0, tolerance=0)
        for name in ("abs", "sign", "negate", "square"):
            where_supported(name, exact[name], ends, tolerance=0)
        for name in ("exp", "sqrt", "reciprocal"):
            where_supported(name, rounded[name], t([0, 1, 3, 100], dtype))
        for name, function in division.items():
            where_supported(name, function, t([7, -7, 7, -7, 6, -6, 0, 5], dtype), t([2, 2, -2, -2, 3, -3, 5, -9], dtype), tolerance=0)
        where_supported("power", torch.pow, t([2, -3, 5, 3], dtype), t([3, 3, 0, 7], dtype), tolerance=0)
        where_supported("shiftLeft", torch.bitwise_left_shift, t([1, -3, 5], dtype), t([3, 1, 2], dtype), tolerance=0)
        where_supported("shiftRight", torch.bitwise_right_shift, t([100, -3, 5], dtype), t([3, 1, 2], dtype), tolerance=0)
        where_supported("matmul", torch.matmul, t([[1, -2], [3, 100]], dtype), t([[5, 6], [7, -8]], dtype), tolerance=0)
for dtype in narrow:
    case("cast", cast, t([0.0, -0.0, 0.9, -0.9, 1.5, -1.5, 100.7, -100.7]), tolerance=0, dtype=str(dtype).removeprefix("torch."))
for dtype in unsigned:
    case("cast", cast, t([0.0, 0.9, 1.5, 65535.9, 100.7]), tolerance=0, dtype=str(dtype).removeprefix("torch."))
case("cast", cast, t([2.0**63, 2.0**63 + 2048, 1.8e19], torch.float64), tolerance=0, dtype="uint64")
pairs = [("int8", "uint8"), ("int16", "uint16"), ("int32", "uint32"), ("int64", "uint64"), ("float16", "int16"),
         ("bfloat16", "int16"), ("float16", "uint16"), ("bfloat16", "uint16"), ("float16", "bfloat16"), ("float32", "uint32"),
         ("float64", "uint64"), ("float64", "int64")]
for a, b in pairs + [(b, a) for a, b in pairs]:
    case("bitcast", lambda x, dtype: x.view(getattr(torch, dtype)), cast(t([0.0, 1.0, 3.0, 100.0, 127.0]), a), tolerance=0,
         gradient=False, dtype=b)

# 16-bit floating point: every op rounds to the nearest, of two the even one.
borders = [2049.0, 2050.0, 2051.0, 65504.0, 65519.0, 65520.0, 65536.0, 2.0**-14, 2.0**-24, 2.0**-25, 1.5 * 2.0**-25, 1.5 * 2.0**-24,
           2.0**-14 - 2.0**-25, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 257.0, 258.0, 259.0, 3.39e38, 1.5 * 2.0**-134, 2.0**-134]
borders += [-x for x in borders]
for dtype, unit in half.items():
    name_ = str(dtype).removeprefix("torch.")
    case("cast", cast, t(awkward + borders), tolerance=0, dtype=name_)
    case("cast", cast, t(awkward + borders + [1 + 2.0**-11 + 2.0**-40, 1 + 2.0**-8 + 2.0**-40], torch.float64), tolerance=0, gradient=False, dtype=name_)
    case("cast", cast, t([2049, 2051, 65519, 65520, 2**53 + 1, -2**62, 257, 259, 2**24 + 1], torch.int64), tolerance=0, dtype=name_)
    values = t(awkward + borders, dtype)
    for other in (torch.float32, torch.float64, torch.bool) + tuple(half):
        case("cast", cast, values, tolerance=0, gradient=False, dtype=str(other).removeprefix("torch."))
    for other in dtypes[1:4] + narrow + unsigned:
        whole = [0.0, 0.9, 1.5, 100.5] + ([] if other in unsigned or other == torch.uint8 else [-0.9, -1.5, -100.5])
        case("cast", cast, t(whole, dtype), tolerance=0, dtype=str(other).removeprefix("torch."))
    for name, function in exact.items():
        wanted = t(plain, dtype) if name == "sign" else values
        if name == "sign":
            wanted = wanted[wanted != 0]
        case(name, function, wanted, tolerance=0, gradient=name in ("floor", "negate"))
    few_ = t(few[:-4] + [60000.0, inf, -inf, nan, 0.1, 2.0**-20], dtype)
    pairs = torch.cartesian_prod(few_, few_)
    left, right = pairs[:, 0].contiguous(), pairs[:, 1].contiguous()
    for name, function in (arithmetic | comparisons).items():
        decided = [i for i in range(len(pairs)) if not (name in ("maximum", "minimum") and left[i] == right[i] == 0)]
        case(name, function, left[decided], right[decided], tolerance=0, gradient=False)
    for name in ("add", "subtract", "multiply", "divide", "maximum", "minimum"):
        case(name, arithmetic[name], numbers(3, 1, 4, dtype=dtype), numbers(2, 1, phase=2, dtype=dtype), tolerance=2 * unit, scale=True)
    case("remainder", torch.remainder, t([7, -7, 7, -7, 6.5, -6], dtype), t([2, 2, -2, -2, 3, -3], dtype), tolerance=0)
    case("floorDivide", division["floorDivide"], t([7, -7, 7, -7, 6.5, -6], dtype), t([2, 2, -2, -2, 3, -3], dtype), tolerance=0)
    case("power", torch.pow, t([0.5, 1.5, 2.0, 3.0], dtype), t([2.0, -1.5, 0.5, 0.0], dtype), tolerance=unit, gradient=False)
    for exponent in (2.0, 3.0, 0.5, -1.0, 2.5):
        case("powerOf", lambda x, exponent: x.pow(exponent), t([0.3, 1.7, 2.0, 3.0], dtype), tolerance=unit, gradient=False, exponent=exponent)
    for name, function in rounded.items():
        case(name, function, t([x for x in awkward if not 0 < abs(x) < 1e-4 and abs(x) < 1e4 or math.isinf(x)], dtype), tolerance=unit, gradient=False)
        case(name, function, t([0.1, 0.9, 1.0, 2.5, 7.0], dtype), tolerance=3 * unit, scale=True)
    for name, function in activations.items():
        case(name, function, t([-4.0, -2.5, -1.5, -0.7, -0.1, 0.1, 0.5, 1.5, 2.5, 4.0], dtype), tolerance=2 * unit, scale=True)
    x = numbers(2, 3, 4, dtype=dtype)
    for name, function in reductions.items():
        for axes in ([1], [0, 2], [0, 1, 2]):
            case(name, lambda x, axes, keep, f=function: f(x, dim=axes, keepdim=keep), x, scale=True, tolerance=2 * unit, axes=axes, keep=False)
    many = t([0.1] * 3000, dtype)
    for name in ("sum", "mean", "logSumExp"):
        case(name, lambda x, axes, keep, f=reductions[name]: f(x, dim=axes, keepdim=keep), many, tolerance=unit, gradient=False,
             axes=[0], keep=False, note="summed in more digits than the elements have")
    case("mean", lambda x, axes, keep: torch.mean(x, dim=axes, keepdim=keep), t([60000.0] * 3, dtype), tolerance=0, axes=[0], keep=False,
         note="the sum itself is too large for float16")
    case("product", lambda x, axis, keep: torch.prod(x, dim=axis, keepdim=keep), x, tolerance=3 * unit, scale=True, gradient=False, axis=2, keep=False)
    case("argmax", lambda x, axis: first(torch.amax, x, axis), x, axis=1, tolerance=0)
    case("variance", lambda x, axes, correction: torch.var(x, dim=axes, correction=correction), x, axes=[0, 2], correction=1, scale=True,
         tolerance=2 * unit)
    case("norm", lambda x, order: torch.linalg.vector_norm(x, order, dim=1), x, order=2.0, scale=True, tolerance=2 * unit)
    for name, function in (("softmax", torch.softmax), ("logSoftmax", torch.log_softmax)):
        case(name, lambda x, axis, f=function: f(x, dim=axis), numbers(2, 70, dtype=dtype), axis=1, scale=True, tolerance=2 * unit)
    case("crossEntropy", lambda x, y, reduction: F.cross_entropy(x, y, reduction=reduction), numbers(4, 5, dtype=dtype),
         t([1, 0, 3, 2], torch.int64), reduction="mean", scale=True, tolerance=3 * unit)
    case("meanSquaredError", lambda x, y, reduction: F.mse_loss(x, y, reduction=reduction), numbers(4, 5, dtype=dtype),
         numbers(4, 5, phase=1, dtype=dtype), reduction="mean", scale=True, tolerance=3 * unit)
    case("layerNorm", lambda x, w, b: F.layer_norm(x, [5], w, b), numbers(4, 5, dtype=dtype), numbers(5, phase=1, dtype=dtype),
         numbers(5, phase=2, dtype=dtype), scale=True, tolerance=4 * unit)
    case("matmul", torch.matmul, numbers(5, 40, dtype=dtype), numbers(40, 3, phase=1, dtype=dtype), scale=True, tolerance=2 * unit)
    case("linear", F.linear, numbers(2, 3, 4, dtype=dtype), numbers(5, 4, phase=1, dtype=dtype), numbers(5, phase=2, dtype=dtype),
         scale=True, tolerance=2 * unit)
    case("conv2d", F.conv2d, numbers(1, 3, 5, 5, dtype=dtype), numbers(2, 3, 3, 2, phase=1, dtype=dtype), numbers(2, phase=2, dtype=dtype),
         scale=True, tolerance=3 * unit, stride=1, padding=1, dilation=1, groups=1)
    case("where", torch.where, t([True, False, True], torch.bool), t([1.0, nan, 3.0], dtype), t([4.0, 5.0, 6.0], dtype), tolerance=0)
    case("clamp", torch.clamp, values[:20], tolerance=0, gradient=False, min=-1.5, max=2.5)
    case("gather", lambda x, y, axis: torch.gather(x, axis, y), numbers(3, 4, dtype=dtype), t([[0, 3], [1, 1], [2, 0]], torch.int64), axis=1,
         tolerance=2 * unit)
    case("scatterAdd", lambda x, y, z, axis: torch.scatter_add(x, axis, y, z), numbers(3, 4, dtype=dtype),
         t([[0, 3], [1, 1], [2, 0]], torch.int64), numbers(3, 2, phase=1, dtype=dtype), axis=1, scale=True, tolerance=2 * unit)

path = pathlib.Path(__file__).parent / "pytorch.json"
lines = ",\n".join(json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
path.write_text('{"tensors":[\n' + ",\n".join(places) + '\n],\n"cases":[\n' + lines + "\n]}\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
