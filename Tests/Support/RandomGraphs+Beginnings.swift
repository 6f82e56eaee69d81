package import LazyOps

/// What a random graph may begin with besides small leaves: each exercises one part of the compiler.
extension RandomGraphs {
  /// Returns a leaf of any dtype: quarters from -2 to 2, or whole numbers that every integer type holds.
  mutating func anyLeaf(_ shape: Shape) -> Tensor {
    let dtype = DType.allCases[below(DType.allCases.count)]
    let least = dtype.isFloatingPoint ? -8 : 0
    let numbers = (0..<shape.elementCount).map { _ in Double(Int.random(in: least...8, using: &random)) }
    let scaled = dtype.isFloatingPoint ? numbers.map { $0 / 4 } : numbers
    return Tensor(node: HostArray(scaled, shape, dtype).leaf)
  }

  /// Returns random numbers, drawn from a generator of their own.
  mutating func drawn() -> Tensor {
    let generator = RandomGenerator(seed: random.next())
    let shape = shape()
    switch below(5) {
    case 0: return .uniform(shape, low: -1, high: 1, using: generator)
    case 1: return .normal(shape, dtype: below(2) == 0 ? .float32 : .float64, using: generator)
    case 2: return .integers(-3..<9, shape, dtype: [.int32, .int64][below(2)], using: generator)
    case 3: return .bernoulli(0.4, shape, using: generator)
    default: return realLeaf(shape).dropout(0.5, using: generator)
    }
  }

  /// Returns a product of matrices whose extents are those of register tiles and cache blocks, or next to them.
  mutating func product() -> Tensor {
    let extents = [1, 2, 3, 4, 5, 7, 8, 13, 15, 16, 17, 31, 32, 33, 47, 64, 65]
    let (m, n, k) = (extents[below(17)], extents[below(17)], [extents[below(17)], 100, 131][below(3)])
    let a = below(2) == 0 ? realLeaf([m, k]) : realLeaf([k, m]).transpose(0, 1)
    let b = below(2) == 0 ? realLeaf([k, n]) : realLeaf([n, k]).transpose(0, 1)
    switch below(6) {
    case 0: return a.matmul(b)
    case 1: return (a.matmul(b) + realLeaf([n])).geluTanh()
    case 2: return a.tanh().matmul(b).softmax(axis: 1)
    case 3: return realLeaf([2, m, k]).matmul(b).relu()
    case 4:
      let (query, key, value) = (realLeaf([2, m, 8]), realLeaf([2, n, 8]), realLeaf([2, n, 5]))
      return .scaledDotProductAttention(query, key, value)
    default: return a.cast(to: .float64).matmul(b.cast(to: .float64)).sum(axis: below(2))
    }
  }

  /// Returns what is left of a long leaf after a reduction: of so many elements that it may be done in parts.
  mutating func longReduction() -> Tensor {
    let rows = [1, 3, 16, 61, 256, 1000][below(6)]
    let columns = max(1, (2000 << below(5)) / rows + below(5))
    let axis = below(2)
    // Of one sign: what cancels in a sum would have to be compared with the terms, not with it.
    let x = realLeaf([rows, columns]) + 1.25
    switch below(9) {
    case 0: return x.sum()
    case 1: return x.mean(axis: axis)
    case 2: return Tensor.stack([x.variance(axis: axis), x.mean(axis: axis)])
    case 3: return Tensor.stack([x.max(axis: axis), x.min(axis: axis), x.sum(axis: axis)])
    case 4: return x.argmax(axis: axis)
    case 5: return x.argmin()
    case 6: return x.logSoftmax(axis: axis).sum(axis: 1 - axis)
    case 7: return x.rmsNorm(axes: [axis]).sum(axis: axis)
    default: return (x.cast(to: .int32) * 3).sum(axis: axis)
    }
  }

  /// Returns a leaf after a chain of updates: rows, steps, regions that are read and written at once, and readers of a
  /// state in between.
  mutating func updated() -> Tensor {
    let (rows, columns) = (2 + below(7), 1 + below(9))
    var x = below(3) == 0 ? Tensor.zeros([rows, columns]) : realLeaf([rows, columns])
    var read: [Tensor] = []
    for _ in 0..<2 + below(5) {
      let row = below(rows)
      switch below(9) {
      case 0: x[row] = realLeaf([columns])
      case 6: x[Tensor([row, below(rows), row])] = realLeaf([3, columns])
      case 7: x[x .> 0.25] = realLeaf([])
      case 1: x[row] = x[below(rows)] + 1
      case 2: x[.slice(from: row)] = x[.slice(from: row)] * 0.5
      case 3: x[.slice(by: 2), below(columns)] = Tensor.argument(Double(below(9)) / 4)
      case 4: x[.slice(from: 1)] = x[.slice(to: -1)]
      case 5: read.append(x * 2)
      default: x[.slice(from: -1, by: -1)] = x.flip(axes: [1])
      }
    }
    return read.isEmpty ? x : Tensor.concatenate(read + [x], axis: 0)
  }
}

extension HostArray {
  /// A realized node that holds the elements.
  package var leaf: Node {
    let storage = Storage(byteCount: shape.elementCount * dtype.byteCount)
    write(to: storage.base)
    return Node(.buffer, shape: shape, dtype: dtype, storage: storage)
  }
}
