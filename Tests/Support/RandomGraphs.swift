package import LazyOps

/// Makes random graphs from public tensor calls: elementwise ops, movement, reductions, contractions, look-ups.
package struct RandomGraphs {
  private var random: SplitMix64

  package init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Returns one to three tensors that share a random history over small leaves.
  package mutating func make() -> [Tensor] {
    var pool: [Tensor] = (0..<2).map { _ in leaf(shape()) }
    for _ in 0..<Int.random(in: 2...9, using: &random) {
      let source = pool[Int.random(in: 0..<pool.count, using: &random)]
      let made = Bool.random(using: &random) ? elementwise(source, pool) : moved(source, pool)
      if made.elementCount <= 600 { pool.append(made) }
    }
    return Array(pool.suffix(Int.random(in: 1...3, using: &random)))
  }

  private mutating func shape() -> Shape {
    let rank = Int.random(in: 0...3, using: &random)
    return Shape((0..<rank).map { _ in [1, 2, 3, 4, 5, 7, 8, 17].randomElement(using: &random)! })
  }

  private mutating func leaf(_ shape: Shape) -> Tensor {
    let numbers = (0..<shape.elementCount).map { _ in Float(Int.random(in: -8...8, using: &random)) / 4 }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return Tensor(shape: shape, numbers.map { Int32($0 * 4) })
    case 1: return Tensor(shape: shape, numbers.map { $0 > 0 })
    case 2: return Tensor.full(shape, 0.75)
    case 3: return Tensor(shape: shape, numbers.map { Int64($0 * 4) })
    default: return Tensor(shape: shape, numbers)
    }
  }

  private mutating func elementwise(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    let numeric = x.dtype == .bool ? x.cast(to: .int32) : x
    switch Int.random(in: 0..<14, using: &random) {
    case 0: return numeric + 1.5
    case 1: return -numeric
    case 2: return numeric.abs().sqrt()
    case 3: return (numeric * 0.25).exp()
    case 4: return numeric.tanh()
    case 5: return numeric.relu()
    case 6: return x.cast(to: [.float32, .int32, .int64, .bool, .float64].randomElement(using: &random)!)
    case 7: return numeric .> 0.5
    case 8: return numeric.sin()
    default:
      let other = pool.filter { Shape.broadcast($0.shape, x.shape) != nil }.randomElement(using: &random) ?? x
      let second = other.dtype == .bool ? other.cast(to: .int32) : other
      switch Int.random(in: 0..<6, using: &random) {
      case 0: return numeric + second
      case 1: return numeric * second
      case 2: return numeric - second
      case 3: return Tensor.maximum(numeric, second)
      case 4: return Tensor.where(numeric .< second, numeric, second)
      default: return numeric / (second.abs() + 1)
      }
    }
  }

  private mutating func moved(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    guard x.rank > 0 else { return x.broadcast(to: [3, 2]) }
    let axis = Int.random(in: 0..<x.rank, using: &random)
    let numeric = x.dtype == .bool ? x.cast(to: .int32) : x
    switch Int.random(in: 0..<16, using: &random) {
    case 0: return x.transpose(0, axis)
    case 1: return x.flip(axes: [axis])
    case 2: return x.reshape([-1])
    case 3: return x.unsqueezed(at: axis)
    case 4: return x.pad((0..<x.rank).map { _ in (low: Int.random(in: 0...2, using: &random), high: 1) }, value: 0)
    case 5: return numeric.sum(axis: axis)
    case 6: return x.shape[axis] > 0 ? numeric.max(axis: axis, keepDimensions: true) : x
    case 7: return x.dtype.isFloatingPoint ? x.softmax(axis: axis) : x
    case 8: return numeric.sum()
    case 9: return x.shape[axis] >= 2 ? x.window(axis: axis, size: 2, stride: 1 + axis % 2) : x
    case 10: return Tensor.concatenate([x, x], axis: axis)
    case 11: return x.shape[axis] >= 2 ? x.split([1, x.shape[axis] - 1], axis: axis)[1] : x
    case 12: return x.rank == 2 && x.dtype == .float32 ? x.matmul(x.transpose(0, 1)) : x
    case 13: return x.dtype == .float32 ? x - x.mean(axis: axis, keepDimensions: true) : x
    case 14:
      let rows = Tensor((0..<3).map { _ in Int64.random(in: 0..<Int64(Swift.max(1, x.shape[axis])), using: &random) })
      return x.shape[axis] > 0 ? x.take(rows, axis: axis) : x
    default: return x.argmax(axis: axis)
    }
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
