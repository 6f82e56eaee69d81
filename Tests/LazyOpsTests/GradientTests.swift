import LazyOps
import Testing

/// Numbers without a pattern that could hide a mistake: in -2...2, no two alike nearby.
func unevenNumbers(_ count: Int) -> [Double] { (0..<count).map { Double(($0 * 37 + 11) % 101) / 25 - 2 } }

/// Returns the sum of the elements, each with another weight, so that a gradient at the wrong place shows.
func weightedSum(_ x: Tensor) -> Tensor {
  let weights = hostTensor(unevenNumbers(x.elementCount).map { $0 + 0.3 }, x.shape)
  let axes = Array(0..<x.rank)
  return Primitive.reduce(.sum, Primitive.binary(.multiply, x, weights), axes: axes)
}

/// Expects that the gradients of the weighted sum of `function` agree with central differences at `numbers`.
func expectGradient(
  at numbers: [Double], _ shape: Shape, tolerance: Double = 2e-6, _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation, _ function: (Tensor) -> Tensor
) throws {
  let x = hostLeaf(shape)
  let output = weightedSum(function(x))
  func evaluate(_ tensor: Tensor, _ numbers: [Double]) throws -> [Double] {
    try evaluateOnHost([tensor], [(x, HostArray(numbers, shape, .float64))])[0].doubles
  }
  let gradient = output.gradients(with: [x])[0]
  #expect(gradient.shape == shape, "\(name)", sourceLocation: sourceLocation)
  let found = try evaluate(gradient, numbers)
  for place in numbers.indices {
    let step = 1e-5
    var (above, below) = (numbers, numbers)
    above[place] += step
    below[place] -= step
    let slope = (try evaluate(output, above)[0] - evaluate(output, below)[0]) / (2 * step)
    let isClose = abs(found[place] - slope) <= tolerance * max(1, abs(slope))
    #expect(isClose, "\(name) at \(place): \(found[place]), not \(slope)", sourceLocation: sourceLocation)
  }
}

/// Expects right gradients of `function` and of its gradient.
func expectGradients(
  at numbers: [Double], _ shape: Shape, _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
  _ function: (Tensor) -> Tensor
) throws {
  try expectGradient(at: numbers, shape, name, sourceLocation: sourceLocation, function)
  try expectGradient(at: numbers, shape, tolerance: 2e-5, "gradient of \(name)", sourceLocation: sourceLocation) { x in
    // The sum of squares: a gradient that is the same everywhere has no gradient of its own to check.
    let gradient = weightedSum(function(x)).gradients(with: [x])[0]
    return Primitive.binary(.multiply, gradient, x)
  }
}

@Suite struct GradientTests {
  /// Where a function is differentiable, away from jumps.
  static func domain(of op: UnaryOp) -> [Double] {
    switch op {
    case .negate, .absolute, .sign, .exp, .exp2, .expm1, .sin, .cos, .tan, .tanh, .erf, .reciprocal, .not:
      [-1.3, 0.4, 2]
    case .sqrt, .log, .log2: [0.3, 1, 2.7]
    case .log1p: [-0.6, 0.2, 3]
    case .floor, .ceiling, .round, .truncate: [-1.3, 0.2, 1.7]
    }
  }

  @Test(arguments: UnaryOp.allCases.filter { $0.accepts(.float64) }) func unary(op: UnaryOp) throws {
    try expectGradients(at: Self.domain(of: op), [3], op.rawValue) { Primitive.unary(op, $0) }
  }

  /// Pairs at which a function is differentiable.
  static func domain(of op: BinaryOp) -> (left: [Double], right: [Double]) {
    switch op {
    case .power: ([0.5, 1.5, 2.2], [2, -1.5, 0.7])
    case .floorDivide, .remainder: ([3.4, -3.4, 0.4], [1.1, 0.7, -2.5])
    case .add, .subtract, .multiply, .divide, .maximum, .minimum, .equal, .notEqual, .less, .lessEqual, .and, .or, .xor,
      .shiftLeft, .shiftRight:
      ([-1.2, 0.7, 2.1], [0.6, -1.9, 1.4])
    }
  }

  @Test(arguments: BinaryOp.allCases.filter { $0.accepts(.float64) && !$0.isComparison })
  func binary(op: BinaryOp) throws {
    let (left, right) = Self.domain(of: op)
    try expectGradients(at: left, [3], "left of \(op)") { Primitive.binary(op, $0, hostTensor(right, [3])) }
    try expectGradients(at: right, [3], "right of \(op)") { Primitive.binary(op, hostTensor(left, [3]), $0) }
    // Both at once: the mixed second derivatives.
    try expectGradients(at: left + right, [2, 3], "both of \(op)") { x in
      let rows = [0, 1].map { row in
        Primitive.slice(x, [AxisRange(start: row, count: 1), AxisRange(start: 0, count: 3)])
      }
      return Primitive.binary(op, rows[0], rows[1])
    }
  }

  @Test(arguments: BinaryOp.allCases.filter { $0.isComparison }) func comparisonsHaveNoGradient(op: BinaryOp) throws {
    let x = hostTensor([1, 2], [2])
    let y = weightedSum(Primitive.cast(Primitive.binary(op, x, x), to: .float64))
    #expect(try hostNumbers(y.gradients(with: [x])[0]) == [0, 0])
  }

  @Test(arguments: ReduceOp.allCases, [[], [0], [1], [2], [0, 2], [0, 1, 2]])
  func reductions(op: ReduceOp, axes: [Int]) throws {
    try expectGradients(at: unevenNumbers(12).map { $0 + 0.1 }, [2, 3, 2], "\(op) over \(axes)") {
      Primitive.reduce(op, $0, axes: axes)
    }
  }

  static let region = [AxisRange(start: 3, step: -2, count: 2), AxisRange(start: 1, count: 2)]
  static let geometry = WindowGeometry(axis: 0, size: 2, stride: 1, dilation: 2)

  /// Each op that is not in a table of its own, by a function of a tensor of shape [4, 3].
  static let others: [(name: String, function: @Sendable (Tensor) -> Tensor)] = [
    ("detach", { Primitive.binary(.add, $0, Primitive.detach(hostTensor(unevenNumbers(12), [4, 3]))) }),
    ("reshape", { Primitive.reshape($0, to: [2, 6]) }),
    ("permute", { Primitive.permute(Primitive.reshape($0, to: [2, 2, 3]), [2, 0, 1]) }),
    ("expand", { Primitive.expand(Primitive.reshape($0, to: [4, 1, 3, 1]), to: [4, 2, 3, 5]) }),
    ("slice", { Primitive.slice($0, region) }),
    (
      "pad",
      {
        Primitive.pad(
          $0, [AxisRange(start: 1, step: 2, count: 4), AxisRange(start: 3, step: -1, count: 3)], to: [9, 4])
      }
    ),
    ("window", { Primitive.window($0, geometry) }),
    ("window with stride", { Primitive.window($0, WindowGeometry(axis: 0, size: 1, stride: 2)) }),
    ("overlapAdd", { Primitive.overlapAdd(Primitive.reshape($0, to: [2, 3, 2]), geometry, to: [4, 3]) }),
    ("concatenate", { Primitive.concatenate([hostTensor([1, 2, 3], [1, 3]), $0, $0], axis: 0) }),
    ("cast", { Primitive.cast($0, to: .float64) }),
    (
      "select",
      { x in
        let condition = hostTensor((0..<12).map { Double($0 % 3 % 2) }, [4, 3], .bool)
        return Primitive.select(condition, x, Primitive.unary(.exp, x))
      }
    ),
    ("gather", { Primitive.gather($0, hostTensor([2, 0, 0, 1, 1, 2, 0, 0], [4, 2], .int32), axis: 1) }),
    (
      "target of scatterAdd",
      { x in
        Primitive.scatterAdd(x, hostTensor([3, 1, 1], [1, 3], .int64), hostTensor([1, 2, 3], [1, 3]), axis: 0)
      }
    ),
    (
      "values of scatterAdd",
      { x in
        let index = hostTensor([1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1], [4, 3], .int64)
        return Primitive.scatterAdd(hostTensor(unevenNumbers(8), [4, 2]), index, x, axis: 1)
      }
    ),
    (
      "target of put",
      { Primitive.put($0, hostTensor([2, 0, 2], [3], .int64), hostTensor(unevenNumbers(9), [3, 3]), axis: 0) }
    ),
    (
      "values of put, one of them replaced",
      { Primitive.put(hostTensor(unevenNumbers(9), [3, 3]), hostTensor([2, 0, 2, 1], [4], .int32), $0, axis: 0) }
    ),
    ("target of update", { Primitive.update($0, region, hostTensor([1, 2, 3, 4], [2, 2])) }),
    (
      "value of update",
      { x in
        let ranges = [AxisRange(start: 6, step: -2, count: 4), AxisRange(start: 0, count: 3)]
        return Primitive.update(hostTensor(unevenNumbers(24), [8, 3]), ranges, x)
      }
    ),
  ]

  @Test(arguments: others.indices) func otherOps(number: Int) throws {
    let (name, function) = Self.others[number]
    try expectGradients(at: unevenNumbers(12), [4, 3], name) { function(Primitive.unary(.sin, $0)) }
  }

  @Test func tiesShareEvenly() throws {
    let x = hostTensor([3, 1, 3, 2, 2, 2], [2, 3])
    let maximum = Primitive.reduce(.sum, Primitive.reduce(.maximum, x, axes: [1]), axes: [0])
    #expect(try hostNumbers(maximum.gradients(with: [x])[0]) == [0.5, 0, 0.5, 1 / 3.0, 1 / 3.0, 1 / 3.0])
    let (a, b) = (hostTensor([1, 2, 3], [3]), hostTensor([2, 2, 2], [3]))
    for (op, left, right) in [(BinaryOp.maximum, [0, 0.5, 1], [1, 0.5, 0]), (.minimum, [1, 0.5, 0], [0, 0.5, 1])] {
      let sum = Primitive.reduce(.sum, Primitive.binary(op, a, b), axes: [0])
      #expect(try sum.gradients(with: [a, b]).map(hostNumbers) == [left, right])
    }
  }

  @Test func productsWithZeros() throws {
    let x = hostTensor([2, 3, 4, 2, 0, 4, 0, 0, 5, 1, -0.0, -1], [4, 3])
    let product = Primitive.reduce(.sum, Primitive.reduce(.product, x, axes: [1]), axes: [0])
    #expect(try hostNumbers(product.gradients(with: [x])[0]) == [12, 8, 6, 0, 8, 0, 0, 0, 0, 0, -1, 0])
  }

  @Test func powersOfZero() throws {
    let (a, b) = (hostTensor([0, 0, 0, 2], [4]), hostTensor([0, 1, 2, 0], [4]))
    let sum = Primitive.reduce(.sum, Primitive.binary(.power, a, b), axes: [0])
    let gradients = try sum.gradients(with: [a, b]).map(hostNumbers)
    #expect(gradients == [[0, 1, 0, 0], [0, 0, 0, 0.6931471805599453]])
  }

  @Test func targetsAreIdentities() throws {
    let x = hostTensor([2], [])
    let twin = hostTensor([2], [])
    let square = Primitive.binary(.multiply, x, x)
    let cube = Primitive.binary(.multiply, square, x)
    let gradients = cube.gradients(with: [x, twin, square, cube, x])
    #expect(try gradients.map { try hostNumbers($0)[0] } == [12, 0, 2, 1, 12])
    #expect(gradients.map(\.dtype) == [DType](repeating: .float64, count: 5))
  }

  @Test func aSeedWeighsTheOutput() throws {
    let x = hostTensor([1, 2, 3], [3])
    let y = Primitive.binary(.multiply, x, x)
    #expect(try hostNumbers(y.gradients(with: [x], seed: hostTensor([1, 0, -1], [3]))[0]) == [2, 0, -6])
  }

  @Test func detachedTensorsCut() throws {
    let x = hostTensor([3], [])
    #expect(try hostNumbers(Primitive.binary(.multiply, x, x.detached()).gradients(with: [x])[0]) == [3])
    let marked = Tensor(node: Node(.buffer, shape: [], dtype: .float64, tracksGradient: true))
    #expect(marked.tracksGradient)
    #expect(Primitive.binary(.add, x, marked).tracksGradient)
    #expect(!marked.detached().tracksGradient)
    #expect(!x.tracksGradient)
  }

  @Test func gradientsPassRealizedNodesThatTrack() throws {
    let elements = Storage(byteCount: 8)
    HostArray([3], [], .float64).write(to: elements.base)
    let x = Tensor(node: Node(.buffer, shape: [], dtype: .float64, storage: elements, tracksGradient: true))
    let square = Primitive.binary(.multiply, x, x)
    let nine = Storage(byteCount: 8)
    HostArray([9], [], .float64).write(to: nine.base)
    square.node.realize(into: nine)
    let gradients = Primitive.binary(.multiply, square, x).gradients(with: [x, square])
    #expect(try gradients.map { try hostNumbers($0)[0] } == [27, 3])
  }

  @Test func castsToHalfTheWidthAndBackPass() throws {
    let x = hostTensor([3], [], .float32)
    let y = Primitive.binary(.multiply, Primitive.cast(x, to: .float64), hostTensor([2], []))
    let gradient = y.gradients(with: [x])[0]
    #expect(gradient.dtype == .float32)
    #expect(try hostNumbers(gradient) == [2])
    let whole = Primitive.cast(Primitive.cast(x, to: .int32), to: .float32)
    #expect(try hostNumbers(whole.gradients(with: [x])[0]) == [0])
  }

  @Test func longChainsDoNotOverflowTheStack() throws {
    let x = hostTensor([1], [], .float32)
    let (zero, one) = (Primitive.constant(.real(0), [], .float32), Primitive.constant(.real(1), [], .float32))
    var y = x
    for step in 0..<100_000 {
      y = step % 2 == 0 ? Primitive.binary(.add, y, zero) : Primitive.binary(.multiply, y, one)
    }
    #expect(try hostNumbers(y.gradients(with: [x])[0]) == [1])
  }

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) {
      let x = Tensor(.buffer, shape: [2], dtype: .float32)
      _ = x.gradients(with: [x])
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor(.buffer, shape: [], dtype: .int32)
      _ = x.gradients(with: [])
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor(.buffer, shape: [], dtype: .float32)
      _ = x.gradients(with: [Tensor(.buffer, shape: [], dtype: .int32)])
    }
    await #expect(processExitsWith: .failure) {
      let x = Tensor(.buffer, shape: [], dtype: .float32)
      _ = x.gradients(with: [x], seed: Tensor(.buffer, shape: [2], dtype: .float32))
    }
  }
}
