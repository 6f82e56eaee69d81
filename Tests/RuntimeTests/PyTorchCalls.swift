import LazyOps

/// The call each name in the fixtures stands for.
enum PyTorchCalls {
  typealias Call = @Sendable (FixtureArguments) -> Tensor

  static let all: [String: Call] = [functions, activations, pairs, reductions, losses, contractions, places, movement]
    .reduce(into: [:]) { $0.merge($1) { _, _ in fatalError("a name stands for two calls") } }

  static let functions: [String: Call] = [
    "abs": { $0.x.abs() }, "absOfNegated": { (-$0.x).abs() }, "sign": { $0.x.sign() }, "floor": { $0.x.floor() },
    "ceil": { $0.x.ceil() },
    "round": { $0.x.round() }, "trunc": { $0.x.trunc() }, "negate": { -$0.x }, "square": { $0.x.square() },
    "isNaN": { $0.x.isNaN() }, "isInfinite": { $0.x.isInfinite() }, "isFinite": { $0.x.isFinite() },
    "sqrt": { $0.x.sqrt() }, "reciprocal": { $0.x.reciprocal() }, "rsqrt": { $0.x.rsqrt() },
    "exp": { $0.x.exp() }, "exp2": { $0.x.exp2() }, "expm1": { $0.x.expm1() }, "log": { $0.x.log() },
    "log2": { $0.x.log2() }, "log10": { $0.x.log10() }, "log1p": { $0.x.log1p() }, "sin": { $0.x.sin() },
    "cos": { $0.x.cos() }, "tan": { $0.x.tan() }, "sinh": { $0.x.sinh() }, "cosh": { $0.x.cosh() },
    "tanh": { $0.x.tanh() }, "erf": { $0.x.erf() }, "logicalNot": { .!$0.x }, "bitwiseNot": { ~$0.x },
    "cast": { $0.x.cast(to: DType(named: $0.text("dtype"))) },
    "bitcast": { $0.x.bitcast(to: DType(named: $0.text("dtype"))) },
    "castThere": { $0.x.cast(to: .int64).cast(to: .float32) },
    "castThereScalar": { 1 / $0.x.cast(to: .int64).cast(to: .float32) },
    "clamp": { $0.x.clamp(min: $0.decimal("min"), max: $0.decimal("max")) },
    "clampInteger": { $0.x.clamp(min: $0.integer("min"), max: $0.integer("max")) },
  ]

  static let activations: [String: Call] = [
    "relu": { $0.x.relu() }, "leakyReLU": { $0.x.leakyReLU() }, "elu": { $0.x.elu() }, "selu": { $0.x.selu() },
    "gelu": { $0.x.gelu() }, "geluTanh": { $0.x.geluTanh() }, "sigmoid": { $0.x.sigmoid() },
    "logSigmoid": { $0.x.logSigmoid() }, "softplus": { $0.x.softplus() }, "silu": { $0.x.silu() },
    "mish": { $0.x.mish() }, "softsign": { $0.x.softsign() }, "hardtanh": { $0.x.hardtanh() },
    "hardSigmoid": { $0.x.hardSigmoid() }, "hardSwish": { $0.x.hardSwish() },
    "softmax": { $0.x.softmax(axis: $0.axis) }, "logSoftmax": { $0.x.logSoftmax(axis: $0.axis) },
    "softmaxTwice": { $0.x.softmax(axis: 0).softmax(axis: 1) },
    "layer": { ($0.x.matmul($0.y) + $0.z).gelu().mean() },
    "normalized": { ($0.x / $0.x.norm(axis: 1, keepDimensions: true)).cos().sum(axis: 0) },
    "masked": { Tensor.where($0.x .> 0, $0.x.log(), Tensor.zeros(like: $0.x)).sum(axis: 1) },
  ]

  static let pairs: [String: Call] = [
    "add": { $0.x + $0.y }, "subtract": { $0.x - $0.y }, "multiply": { $0.x * $0.y }, "divide": { $0.x / $0.y },
    "maximum": { Tensor.maximum($0.x, $0.y) }, "minimum": { Tensor.minimum($0.x, $0.y) },
    "equal": { $0.x .== $0.y }, "notEqual": { $0.x .!= $0.y }, "less": { $0.x .< $0.y },
    "lessEqual": { $0.x .<= $0.y }, "greater": { $0.x .> $0.y }, "greaterEqual": { $0.x .>= $0.y },
    "floorDivide": { $0.inputs.count > 1 ? $0.x.floorDivided(by: $0.y) : floorDivided($0) },
    "remainder": { $0.inputs.count > 1 ? $0.x % $0.y : remainder($0) },
    "power": { $0.x.pow($0.y) }, "powerOf": { $0.x.pow($0.decimal("exponent")!) },
    "bitwiseAnd": { $0.x & $0.y }, "bitwiseOr": { $0.x | $0.y }, "bitwiseXor": { $0.x ^ $0.y },
    "shiftLeft": { $0.x << $0.y }, "shiftRight": { $0.x >> $0.y },
    "logicalAnd": { $0.x .& $0.y }, "logicalOr": { $0.x .| $0.y }, "logicalXor": { $0.x .^ $0.y },
    "addInteger": { $0.x + $0.integer("number") }, "addDecimal": { $0.x + $0.decimal("number")! },
    "addTruth": { $0.x + true }, "where": { Tensor.where($0.x, $0.y, $0.z) },
  ]

  private static func floorDivided(_ a: FixtureArguments) -> Tensor {
    a.x.dtype.isInteger ? a.x.floorDivided(by: a.integer("divisor")) : a.x.floorDivided(by: a.decimal("divisor")!)
  }

  private static func remainder(_ a: FixtureArguments) -> Tensor {
    a.x.dtype.isInteger ? a.x % a.integer("divisor") : a.x % a.decimal("divisor")!
  }

  static let reductions: [String: Call] = [
    "sum": { $0.x.sum(axes: $0.axes, keepDimensions: $0.keep) },
    "mean": { $0.x.mean(axes: $0.axes, keepDimensions: $0.keep) },
    "max": { $0.x.max(axes: $0.axes, keepDimensions: $0.keep) },
    "min": { $0.x.min(axes: $0.axes, keepDimensions: $0.keep) },
    "logSumExp": { $0.x.logSumExp(axes: $0.axes, keepDimensions: $0.keep) },
    "product": { $0.x.product(axis: $0.axis, keepDimensions: $0.keep) },
    "any": { $0.x.any(axis: $0.axis) }, "all": { $0.x.all(axis: $0.axis) },
    "cumsum": { $0.x.cumsum(axis: $0.axis) }, "cumprod": { $0.x.cumprod(axis: $0.axis) },
    "cummax": { $0.x.cummax(axis: $0.axis) }, "cummin": { $0.x.cummin(axis: $0.axis) },
    "argsort": { $0.x.argsort(axis: $0.axis, descending: $0.flag("descending")) },
    "sort": { $0.x.sort(axis: $0.axis, descending: $0.flag("descending")).values },
    "topk": { $0.x.topk($0.integer("k"), largest: $0.flag("largest")).values },
    "argmax": { $0.x.argmax(axis: $0.axis) }, "argmin": { $0.x.argmin(axis: $0.axis) },
    "variance": { $0.x.variance(axes: $0.axes, correction: $0.integer("correction")) },
    "standardDeviation": { $0.x.standardDeviation(axes: $0.axes, correction: $0.integer("correction")) },
    "norm": { $0.x.norm(order: $0.decimal("order")!, axis: 1) },
    "normMost": { $0.x.norm(order: .infinity, axis: 1) },
    "normLeast": { $0.x.norm(order: -.infinity, axis: 1) },
  ]

  static let losses: [String: Call] = [
    "crossEntropy": { $0.x.crossEntropy($0.y, reduction: $0.reduction) },
    "crossEntropySmooth": { $0.x.crossEntropy($0.y, reduction: $0.reduction, labelSmoothing: 0.1) },
    "crossEntropyIgnoring": { $0.x.crossEntropy($0.y, reduction: $0.reduction, ignoring: 0) },
    "crossEntropySmoothIgnoring": {
      $0.x.crossEntropy($0.y, reduction: $0.reduction, labelSmoothing: 0.2, ignoring: 0)
    },
    "negativeLogLikelihood": { $0.x.negativeLogLikelihood($0.y, reduction: $0.reduction) },
    "meanSquaredError": { $0.x.meanSquaredError($0.y, reduction: $0.reduction) },
    "meanAbsoluteError": { $0.x.meanAbsoluteError($0.y, reduction: $0.reduction) },
    "huberLoss": { $0.x.huberLoss($0.y, reduction: $0.reduction) },
    "binaryCrossEntropyWithLogits": { $0.x.binaryCrossEntropyWithLogits($0.y, reduction: $0.reduction) },
    "layerNorm": { $0.x.layerNorm(weight: $0.inputs.count > 1 ? $0.y : nil, bias: $0.last) },
    "layerNorm2": { $0.x.layerNorm(axes: [-2, -1], weight: $0.y, bias: $0.z) },
    "rmsNorm": { $0.x.rmsNorm(weight: $0.inputs.count > 1 ? $0.y : nil) },
    "groupNorm": { $0.x.groupNorm(groups: $0.integer("groups"), weight: $0.y, bias: $0.z) },
    "batchNorm": { $0.x.batchNorm(mean: $0.y, variance: $0.z, weight: $0.inputs[3], bias: $0.inputs[4]) },
    "batchNormTraining": {
      let (mean, variance) = $0.x.channelStatistics()
      return $0.x.batchNorm(mean: mean, variance: variance, weight: $0.y, bias: $0.z)
    },
  ]

  static let contractions: [String: Call] = [
    "matmul": { $0.x.matmul($0.y) }, "outer": { $0.x.outer($0.y) },
    "linear": { $0.x.linear($0.y, bias: $0.last) },
    "einsum": { a in
      let equation = a.text("equation")
      return switch a.inputs.count {
      case 1: Tensor.einsum(equation, a.x)
      case 2: Tensor.einsum(equation, a.x, a.y)
      case _: Tensor.einsum(equation, a.x, a.y, a.z)
      }
    },
    "conv1d": {
      $0.x.conv1d(
        $0.y, bias: $0.last, stride: $0.integer("stride"), padding: $0.integer("padding"),
        dilation: $0.integer("dilation"), groups: $0.integer("groups"))
    },
    "conv2d": {
      $0.x.conv2d(
        $0.y, bias: $0.last, stride: $0.integer("stride"), padding: $0.integer("padding"),
        dilation: $0.integer("dilation"), groups: $0.integer("groups"))
    },
    "convTranspose2d": {
      $0.x.convTranspose2d(
        $0.y, bias: $0.last, stride: $0.integer("stride"), padding: $0.integer("padding"),
        outputPadding: $0.integer("outputPadding"), dilation: $0.integer("dilation"), groups: $0.integer("groups"))
    },
    "maxPool2d": {
      $0.x.maxPool2d($0.integer("size"), stride: $0.integer("stride"), padding: $0.integer("padding"))
    },
    "avgPool2d": {
      $0.x.avgPool2d($0.integer("size"), stride: $0.integer("stride"), padding: $0.integer("padding"))
    },
    "attention": { Tensor.scaledDotProductAttention($0.x, $0.y, $0.z) },
    "attentionCausal": { Tensor.scaledDotProductAttention($0.x, $0.y, $0.z, isCausal: true) },
    "attentionMasked": { Tensor.scaledDotProductAttention($0.x, $0.y, $0.z, mask: $0.inputs[3]) },
  ]

  static let places: [String: Call] = [
    "gather": { $0.x.gather($0.y, axis: $0.axis) }, "take": { $0.x.take($0.y, axis: $0.axis) },
    "scatterAdd": { $0.x.scatterAdd($0.y, $0.z, axis: $0.axis) }, "embedding": { $0.x.embedding($0.y) },
    "oneHot": { $0.x.oneHot($0.integer("count")) },
    "x[1]": { $0.x[1] }, "x[-1]": { $0.x[-1] }, "x[1:3]": { $0.x[1..<3] }, "x[1:, 0]": { $0.x[1..., 0] },
    "x[..., -1]": { $0.x[..., -1] }, "x[:, None, 2:-1]": { $0.x[0..., .newAxis, .slice(from: 2, to: -1)] },
    "x[::2, 1::2]": { $0.x[.slice(by: 2), .slice(from: 1, by: 2)] }, "x[0, ..., 1]": { $0.x[0, ..., 1] },
    "x[2:2]": { $0.x[2..<2] }, "x[:100, -2:]": { $0.x[..<100, (-2)...] },
    "x[[2, 0, 2]]": { $0.x[Tensor([2, 0, 2])] },
    "x[:, [[0, 1], [4, 4]]]": { $0.x[0..., Tensor([[0, 1], [4, 4]])] },
    "x[[0, 3], [1, 2]]": { $0.x[Tensor([0, 3]), Tensor([1, 2])] },
    "x[1] = y": { changed($0) { $0[1] = $1 } }, "x[-1] = y": { changed($0) { $0[-1] = $1 } },
    "x[:, 1:3] = y": { changed($0) { $0[0..., 1..<3] = $1 } },
    "x[::2, ::3] = y": { changed($0) { $0[.slice(by: 2), .slice(by: 3)] = $1 } },
    "x[...] = y": { changed($0) { $0[...] = $1 } }, "x[2:2] = y": { changed($0) { $0[2..<2] = $1 } },
    "x[1, 2] = y": { changed($0) { $0[1, 2] = $1 } },
  ]

  private static func changed(_ a: FixtureArguments, _ change: (inout Tensor, Tensor) -> Void) -> Tensor {
    var x = a.x
    change(&x, a.y)
    return x
  }

  static let movement: [String: Call] = [
    "concatenate": { Tensor.concatenate($0.inputs, axis: $0.axis) },
    "stack": { Tensor.stack($0.inputs, axis: $0.axis) },
    "split": { $0.x.split($0.integers("sizes"), axis: 1)[$0.integer("part")] },
    "chunk": { $0.x.chunk($0.integer("count"), axis: 1)[$0.integer("part")] },
    "pad": { $0.x.pad([(low: 0, high: 1), (low: 1, high: 2)], value: $0.decimal("value")!) },
    "flip": { $0.x.flip(axes: $0.axes) }, "roll": { $0.x.roll($0.integer("distance"), axis: 1) },
    "tile": { $0.x.tile($0.integers("counts")) }, "repeated": { $0.x.repeated($0.integer("count"), axis: 0) },
    "diagonal": { $0.x.diagonal() }, "tril": { $0.x.tril(diagonal: $0.integer("diagonal")) },
    "triu": { $0.x.triu(diagonal: $0.integer("diagonal")) }, "permute": { $0.x.permute($0.integers("order")) },
    "reshape": { $0.x.reshape($0.integers("extents")) },
    "broadcast": { $0.x.broadcast(to: Shape($0.integers("extents"))) },
    "window": { $0.x.window(axis: 1, size: $0.integer("size"), stride: $0.integer("stride")) },
  ]
}
