import Foundation
import LazyOps
import Testing

@Suite struct TensorElementwiseTests {
  @Test func functionsOfNumbers() throws {
    let x = Tensor([-1.5, -0.5, 0, 0.5, 2.5])
    let numbers = [-1.5, -0.5, 0, 0.5, 2.5]
    func check(_ tensor: Tensor, _ function: (Double) -> Double, _ name: Comment) throws {
      try expect(tensor, numbers.map(function), [5], dtype: .float32, comment: name)
    }
    try check(x.abs(), { abs($0) }, "abs")
    try check(x.sign(), { $0 == 0 ? 0 : $0 < 0 ? -1 : 1 }, "sign")
    try check(x.square(), { $0 * $0 }, "square")
    try check(x.sqrt(), { $0.squareRoot() }, "sqrt")
    try check(x.rsqrt(), { 1 / $0.squareRoot() }, "rsqrt")
    try check(x.reciprocal(), { 1 / $0 }, "reciprocal")
    try check(x.exp(), { exp($0) }, "exp")
    try check(x.exp2(), { exp2($0) }, "exp2")
    try check(x.expm1(), { expm1($0) }, "expm1")
    try check(x.log(), { log($0) }, "log")
    try check(x.log2(), { log2($0) }, "log2")
    try check(x.log10(), { log10($0) }, "log10")
    try check(x.log1p(), { log1p($0) }, "log1p")
    try check(x.sin(), { sin($0) }, "sin")
    try check(x.cos(), { cos($0) }, "cos")
    try check(x.tan(), { tan($0) }, "tan")
    try check(x.sinh(), { sinh($0) }, "sinh")
    try check(x.cosh(), { cosh($0) }, "cosh")
    try check(x.tanh(), { tanh($0) }, "tanh")
    try check(x.erf(), { erf($0) }, "erf")
    try check(x.floor(), { $0.rounded(.down) }, "floor")
    try check(x.ceil(), { $0.rounded(.up) }, "ceil")
    try check(x.round(), { $0.rounded(.toNearestOrEven) }, "round")
    try check(x.trunc(), { $0.rounded(.towardZero) }, "trunc")
  }

  @Test func integersBecomeFloat32WhereRealNumbersAreMeant() throws {
    try expect(Tensor([1, 4]).sqrt(), [1, 2], dtype: .float32)
    try expect(Tensor([true]).exp(), [2.7182817], dtype: .float32)
    try expect(Tensor([-1, 4]).abs(), [1, 4], dtype: .int64)
    try expect(Tensor([-1, 4]).floor(), [-1, 4], dtype: .int64)
    try expect(Tensor([1, 2]).sigmoid(), [0.7310586, 0.8807971], dtype: .float32)
    #expect(Tensor([1.0], dtype: .float64).gelu().dtype == .float64)
  }

  @Test func casts() throws {
    let x = Tensor([-1.7, 0, 300.9])
    try expect(x.cast(to: .int32), [-1, 0, 300], dtype: .int32)
    try expect(x.cast(to: .uint8), [255, 0, 44], dtype: .uint8)
    try expect(x.cast(to: .bool), [1, 0, 1], dtype: .bool)
    #expect(x.cast(to: .float32).node === x.node)
    try expect(Tensor([1.0, -2]).bitcast(to: .uint32), [1_065_353_216, 3_221_225_472], dtype: .uint32)
    try expect(Tensor([UInt32(0x4048_0000)]).bitcast(to: .float32), [3.125], dtype: .float32)
  }

  static let points = [-100, -3.5, -1, 0, 0.5, 2, 100]

  /// Values and derivatives at `points`; PyTorch gives the same.
  static let activations: [(name: String, function: @Sendable (Tensor) -> Tensor, values: [Double], slopes: [Double])] =
    [
      ("relu", { $0.relu() }, [0, 0, 0, 0, 0.5, 2, 100], [0, 0, 0, 0, 1, 1, 1]),
      ("leakyReLU", { $0.leakyReLU() }, [-1, -0.035, -0.01, 0, 0.5, 2, 100], [0.01, 0.01, 0.01, 0.01, 1, 1, 1]),
      ("elu", { $0.elu() }, [-1, -0.9698026, -0.6321206, 0, 0.5, 2, 100], [0, 0.03019738, 0.3678794, 1, 1, 1, 1]),
      (
        "selu", { $0.selu() }, [-1.758099, -1.705009, -1.111331, 0, 0.5253505, 2.101402, 105.0701],
        [0, 0.05309, 0.6467686, 1.758099, 1.050701, 1.050701, 1.050701]
      ),
      (
        "gelu", { $0.gelu() }, [0, -0.0008142018, -0.1586553, 0, 0.3457312, 1.9545, 100],
        [0, -0.00282176, -0.08331547, 0.5, 0.8674951, 1.085232, 1]
      ),
      (
        "geluTanh", { $0.geluTanh() }, [0, -0.0006161977, -0.158808, 0, 0.345714, 1.954598, 100],
        [0, -0.002422644, -0.08296408, 0.5, 0.8673699, 1.086099, 1]
      ),
      (
        "silu", { $0.silu() }, [0, -0.1025928, -0.2689414, 0, 0.3112297, 1.761594, 100],
        [0, -0.07027335, 0.07232949, 0.5, 0.7399612, 1.090784, 1]
      ),
      (
        "mish", { $0.mish() }, [0, -0.1040958, -0.3034015, 0, 0.3752452, 1.943959, 100],
        [0, -0.07276041, 0.05921676, 0.6, 0.8864244, 1.069318, 1]
      ),
      (
        "softplus", { $0.softplus() }, [0, 0.02975042, 0.3132617, 0.6931472, 0.974077, 2.126928, 100],
        [0, 0.02931223, 0.2689414, 0.5, 0.6224593, 0.8807971, 1]
      ),
      ("hardtanh", { $0.hardtanh() }, [-1, -1, -1, 0, 0.5, 1, 1], [0, 0, 0, 1, 1, 0, 0]),
      (
        "hardSigmoid", { $0.hardSigmoid() }, [0, 0, 0.3333333, 0.5, 0.5833333, 0.8333333, 1],
        [0, 0, 0.1666667, 0.1666667, 0.1666667, 0.1666667, 0]
      ),
      (
        "hardSwish", { $0.hardSwish() }, [0, 0, -0.3333333, 0, 0.2916667, 1.666667, 100],
        [0, 0, 0.1666667, 0.5, 0.6666667, 1.166667, 1]
      ),
      (
        "softsign", { $0.softsign() }, [-0.990099, -0.7777778, -0.5, 0, 0.3333333, 0.6666667, 0.990099],
        [9.80296e-05, 0.04938272, 0.25, 1, 0.4444444, 0.1111111, 9.80296e-05]
      ),
      (
        "logSigmoid", { $0.logSigmoid() }, [-100, -3.52975, -1.313262, -0.6931472, -0.474077, -0.126928, 0],
        [1, 0.9706878, 0.7310586, 0.5, 0.3775407, 0.1192029, 0]
      ),
      (
        "sigmoid", { $0.sigmoid() }, [0, 0.02931223, 0.2689414, 0.5, 0.6224593, 0.8807971, 1],
        [0, 0.02845302, 0.1966119, 0.25, 0.2350037, 0.1049936, 0]
      ),
    ]

  @Test func activationsAndTheirDerivatives() throws {
    let x = Tensor(Self.points)
    for (name, function, values, slopes) in Self.activations {
      let y = function(x)
      try expect(y, values, [7], dtype: .float32, comment: "\(name)")
      try expect(y.sum().gradients(with: [x])[0], slopes, [7], tolerance: 3e-6, comment: "derivative of \(name)")
      try expect(function(Tensor([Double.nan])), [.nan], comment: "\(name) of NaN")
    }
  }

  @Test func sigmoidKeepsItsRelativePrecision() throws {
    let x = Tensor([-80.0])
    let found = try hostNumbers(x.sigmoid())[0]
    #expect(abs(found / exp(-80.0) - 1) < 1e-5)
    try expect(x.sigmoid().log().sum().gradients(with: [x])[0], [1])
  }
}
