package import LazyOps

/// Makes random graphs from public tensor calls: elementwise ops, movement, reductions, contractions, look-ups, updates
/// and gradients.
package struct RandomGraphs {
  var random: SplitMix64
  private let extents: [Int]
  private let maximumRank: Int
  private let limit: Int
  private let drawsLengths: Bool

  /// - Parameters:
  ///   - extents: what the extents of leaves are chosen from.
  ///   - maximumRank: the most axes a leaf has.
  ///   - limit: the most elements of a tensor that others are made from.
  ///   - drawsLengths: whether some tensors are cut at run-time lengths.
  package init(
    seed: UInt64, extents: [Int] = [1, 2, 3, 4, 5, 7, 8, 17], maximumRank: Int = 3, limit: Int = 600,
    drawsLengths: Bool = false
  ) {
    random = SplitMix64(seed: seed)
    self.extents = extents
    self.maximumRank = maximumRank
    self.limit = limit
    self.drawsLengths = drawsLengths
  }

  /// Returns one to three tensors that share a random history over small leaves and what is in `beginnings`.
  package mutating func make(from beginnings: [Tensor] = []) -> [Tensor] {
    var pool: [Tensor] = beginnings + (0..<2).map { _ in leaf(shape()) }
    for _ in 0..<below(8) + 2 {
      let source = pool[below(pool.count)]
      let made =
        switch below(drawsLengths ? 11 : 9) {
        case 9, 10: cut(source)
        case 8: anyElementwiseOp()
        case 0...2: elementwise(source, pool)
        case 3: whole(source, pool)
        case 4, 5: moved(source, pool)
        case 6: contracted(source, pool)
        case _: lookedUp(source, pool)
        }
      if made.elementCount <= limit { pool.append(made) }
    }
    return Array(pool.suffix(below(3) + 1))
  }

  /// Returns a random number from 0 to `count` - 1.
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  mutating func extent() -> Int { extents[below(extents.count)] }

  /// Returns a shape of no more elements than the limit; now and then an axis has none.
  mutating func shape() -> Shape {
    var extents = (0..<below(maximumRank + 1)).map { _ in extent() }
    if !extents.isEmpty, below(24) == 0 { extents[below(extents.count)] = 0 }
    while extents.reduce(1, *) > limit { extents[extents.indices.max { extents[$0] < extents[$1] }!] /= 2 }
    return Shape(extents)
  }

  /// Returns a leaf of a random dtype: quarters from -2 to 2, or whole numbers.
  mutating func leaf(_ shape: Shape) -> Tensor {
    let numbers = (0..<shape.elementCount).map { _ in Int.random(in: -8...8, using: &random) }
    switch below(20) {
    case 0: return Tensor(shape: shape, numbers, dtype: .int32)
    case 1: return Tensor(shape: shape, numbers.map { $0 > 0 })
    case 2: return Tensor.full(shape, 0.75)
    case 3: return Tensor(shape: shape, numbers)
    case 4: return Tensor(shape: shape, numbers.map { UInt8($0 & 255) })
    case 5: return Tensor(shape: shape, numbers.map { UInt32($0 + 8) })
    case 6: return Tensor(shape: shape, numbers.map { Double($0) / 4 }, dtype: .float64)
    case 8: return Tensor(shape: shape, numbers.map { Int8($0 * 15) })
    case 9: return Tensor(shape: shape, numbers.map { Int16($0 * 4000) })
    case 10: return Tensor(shape: shape, numbers.map { UInt16(($0 & 15) * 4000) })
    case 11: return Tensor(shape: shape, numbers.map { UInt64(bitPattern: Int64($0)) })
    case 12, 13:
      return Tensor(shape: shape, numbers.map { Double($0) / 4 }, dtype: below(2) == 0 ? .float16 : .bfloat16)
    case 7: return Tensor.argument(Double(below(9)) / 4 - 1).broadcast(to: shape)
    case _: return Tensor(shape: shape, numbers.map { Float($0) / 4 })
    }
  }

  /// Returns the tensor in a dtype that has a common one with that of another.
  func joinable(_ x: Tensor, _ other: Tensor) -> Tensor {
    DType.promoted(x.dtype, other.dtype) == nil ? x.cast(to: other.dtype) : x
  }

  /// Returns a float32 leaf.
  mutating func realLeaf(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { _ in Float(below(17) - 8) / 8 })
  }

  /// Returns a row of the op tables on fresh leaves. Their elements are exact, so that rounding and remainders agree.
  private mutating func anyElementwiseOp() -> Tensor {
    let shape = shape()
    let x = leaf(shape)
    if Bool.random(using: &random) {
      let ops = UnaryOp.allCases.filter { $0.accepts(x.dtype) }
      return Tensor(.unary(ops[below(ops.count)]), [x], shape: shape, dtype: x.dtype)
    }
    let y = leaf(shape).cast(to: x.dtype)
    let ops = BinaryOp.allCases.filter { $0.accepts(x.dtype) }
    let op = ops[below(ops.count)]
    return Tensor(.binary(op), [x, y], shape: shape, dtype: op.result(of: x.dtype))
  }

  private mutating func elementwise(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    let numeric = x.dtype == .bool ? x.cast(to: .int32) : x
    switch below(22) {
    case 0: return numeric + 1.5
    case 1: return -numeric
    case 2: return numeric.abs().sqrt()
    case 3: return (numeric * 0.25).exp()
    case 4: return numeric.tanh()
    case 5: return numeric.relu()
    case 6:
      // A decimal beyond the range of an integer has no meaning as one.
      let bounded = x.dtype.isFloatingPoint ? x.clamp(min: 0.0, max: 200.0) : x
      return bounded.cast(to: DType.allCases[below(DType.allCases.count)])
    case 7: return numeric .> 0.5
    case 8: return numeric.sin()
    case 9: return numeric.sigmoid()
    case 10: return numeric.dtype.isInteger ? (numeric & 7) << 2 : numeric.clamp(min: -1.0, max: 1.5)
    default:
      let other = pool.filter { Shape.broadcast($0.shape, x.shape) != nil }.randomElement(using: &random) ?? x
      let second = joinable(other.dtype == .bool ? other.cast(to: .int32) : other, numeric)
      switch below(9) {
      case 0: return numeric + second
      case 1: return numeric * second
      case 2: return numeric - second
      case 3: return Tensor.maximum(numeric, second)
      case 4: return Tensor.where(numeric .< second, numeric, second)
      case 5: return Tensor.minimum(numeric, second)
      case 6 where numeric.dtype.isInteger && second.dtype.isInteger: return numeric % second
      case 7 where numeric.dtype.isInteger && second.dtype.isInteger: return numeric.floorDivided(by: second)
      default: return numeric / (second.abs() + 1)
      }
    }
  }

  private mutating func moved(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    guard x.rank > 0 else { return x.broadcast(to: [3, 2]) }
    let axis = below(x.rank)
    let extent = x.shape[axis]
    switch below(15) {
    case 0: return x.transpose(0, axis)
    case 1: return x.flip(axes: [axis])
    case 2: return x.reshape([x.elementCount])
    case 3: return x.unsqueezed(at: axis)
    case 4: return x.pad((0..<x.rank).map { _ in (low: below(3), high: 1) }, value: 0)
    case 5: return x.dtype == .bool ? x : x.pad(axis: axis, low: 1, high: below(3), value: 3)
    case 6: return extent >= 2 ? x.window(axis: axis, size: 2, stride: 1 + axis % 2) : x
    case 7: return Tensor.concatenate([x, x], axis: axis)
    case 8, 9: return joined(x, pool, axis: axis)
    case 10: return extent >= 2 ? x.split([1, extent - 1], axis: axis)[1] : x
    case 11: return x.roll(below(5) - 2, axis: axis)
    case 12: return x.tile((0..<x.rank).map { $0 == axis ? 2 : 1 })
    case 13: return x.stride((0..<x.rank).map { $0 == axis ? [-1, 2, -3, 3][below(4)] : 1 })
    default: return x.repeated(2, axis: axis)
    }
  }

  /// Returns a tensor joined with another one, which may be of another dtype and extent.
  private mutating func joined(_ x: Tensor, _ pool: [Tensor], axis: Int) -> Tensor {
    let fitting = pool.filter { other in
      other.rank == x.rank && (0..<x.rank).allSatisfy { $0 == axis || other.shape[$0] == x.shape[$0] }
    }
    var extents = x.shape.dimensions
    extents[axis] = 1 + below(3)
    let last = joinable(leaf(Shape(extents)), x)
    let middle = joinable(joinable(fitting.randomElement(using: &random) ?? last, x), last)
    return Tensor.concatenate(Bool.random(using: &random) ? [x, middle, last] : [middle, x], axis: axis)
  }
}

/// A small seeded generator (Steele, Lea and Flood 2014).
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
