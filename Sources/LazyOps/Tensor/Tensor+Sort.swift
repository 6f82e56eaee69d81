/// Elements in order. Equal ones stay in the order in which they stand, a NaN counts as larger than all else, and -0
/// equals 0.
extension Tensor {
  /// Returns the elements sorted along an axis, and the `int64` indices at which they stood.
  public func sort(axis: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
    let axis = resolve(axis: axis, "sort")
    let order = sorted(axis: axis, descending)
    return (Primitive.gather(self, order, axis: axis), order.cast(to: .int64))
  }

  /// Returns the indices, as `int64`, of the elements in sorted order along an axis.
  public func argsort(axis: Int = -1, descending: Bool = false) -> Tensor {
    sorted(axis: resolve(axis: axis, "argsort"), descending).cast(to: .int64)
  }

  /// Returns the `k` largest elements along an axis, the largest first, or the smallest, and their `int64` indices. Which
  /// of equal ones are taken is not specified.
  public func topk(_ k: Int, axis: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
    let axis = resolve(axis: axis, "topk")
    requireConstant("topk")
    Tensor.require(
      0...shape[axis] ~= k, "topk", "\(k) is not a number of elements along axis \(axis) of shape \(shape)")
    var selection = KeySelection(bits: dtype.byteCount * 8, count: k)
    let order = rows(along: axis).first(k, descending: largest, &selection)
    let indices = order.unrows(along: axis, of: shape.replacing(axis, by: k))
    return (Primitive.gather(self, indices, axis: axis), indices.cast(to: .int64))
  }

  /// The order of the elements along an axis as `int32`.
  private func sorted(axis: Int, _ descending: Bool) -> Tensor {
    requireConstant("sort")
    Tensor.require(
      shape[axis] <= Int(Int32.max), "sort", "axis \(axis) of shape \(shape) is too long")
    return rows(along: axis).sortKeys(descending: descending).order.unrows(along: axis, of: shape)
  }

  /// The lines along an axis as rows. [a..., n, b...] -> [a * b, n]
  private func rows(along axis: Int) -> Tensor {
    let moved = transpose(axis, rank - 1)
    let count = shape.elementCount / Swift.max(shape[axis], 1)
    return Primitive.reshape(moved, to: shape[axis] == 0 ? [0, 0] : [count, shape[axis]])
  }

  /// Rows as lines along an axis of a shape: the inverse of `rows`.
  private func unrows(along axis: Int, of shape: Shape) -> Tensor {
    var extents = shape.dimensions
    extents.swapAt(axis, shape.rank - 1)
    return Primitive.reshape(self, to: Shape(extents)).transpose(axis, shape.rank - 1)
  }
}

// Rows of keys. [rows, n]
extension Tensor {
  /// Unsigned integers that stand in the same order as the elements, or in the opposite one.
  private func sortKeys(descending: Bool) -> Tensor {
    let ascending: Tensor
    if let (bits, isSigned) = dtype.integerWidth {
      let unsigned = Primitive.bitcast(self, to: .unsigned(bits: bits))
      ascending = isSigned ? unsigned ^ unsigned.top : unsigned
    } else if dtype == .bool {
      ascending = cast(to: .uint8)
    } else {
      // The bits of a positive number grow with it, those of a negative one with its magnitude.
      let bits = Primitive.bitcast(Tensor.where(self .== 0, 0, self), to: .unsigned(bits: dtype.byteCount * 8))
      let ordered = Tensor.where(bits .< bits.top, bits | bits.top, ~bits)
      ascending = Tensor.where(isNaN(), bits.number(.max), ordered)
    }
    return descending ? ~ascending : ascending
  }

  /// The number whose highest bit alone is set.
  private var top: Tensor { number(1 << UInt64(dtype.byteCount * 8 - 1)) }

  /// A number, or as many of its low bits as the dtype has, everywhere.
  private func number(_ value: UInt64) -> Tensor { Primitive.constant(Scalar(value), shape, dtype) }

  /// The order of keys along each row, as `int32`.
  private var order: Tensor {
    switch KeySorting(bits: dtype.byteCount * 8, extent: shape[1]).method {
    case .counting: orderByCounting
    case .radix(let digit): orderByDigits(of: digit)
    }
  }

  /// The order by one radix pass for each digit, the lowest first.
  private func orderByDigits(of width: Int) -> Tensor {
    let bits = dtype.byteCount * 8
    let start = Primitive.iota(axis: 1, shape, .int32)
    return Swift.stride(from: 0, to: bits, by: width).reduce(start) { order, shift in
      Primitive.radixPass(self, order, RadixDigit(axis: 1, shift: shift, bits: Swift.min(width, bits - shift)))
    }
  }

  /// The order by counting how many keys come before each, which vector lanes do.
  private var orderByCounting: Tensor {
    let (rows, extent) = (shape[0], shape[1])
    let places = Primitive.iota(axis: 1, shape, .int32)
    func compared(_ x: Tensor) -> (other: Tensor, own: Tensor) {
      (Primitive.reshape(x, to: [rows, 1, extent]), Primitive.reshape(x, to: [rows, extent, 1]))
    }
    let (keys, place) = (compared(self), compared(places))
    let isBefore = keys.other .< keys.own .| (keys.other .== keys.own .& place.other .< place.own)
    let count = isBefore.cast(to: dtype.byteCount == 8 ? .int64 : .int32)
    let rank = Primitive.reduce(.sum, count, axes: [2]).cast(to: .int32)
    return Primitive.scatterAdd(Primitive.constant(.integer(0), shape, .int32), rank, places, axis: 1)
  }

  /// The indices of the first `k` elements in order along each row, as `int32`. [rows, n] -> [rows, k]
  ///
  /// They stand in those `k` blocks of a row whose first elements come first: what stands before an element of another
  /// block is one element of each of them at least. So only these blocks are looked at, and the blocks are found in the
  /// same way.
  private func first(_ k: Int, descending: Bool, _ selection: inout KeySelection) -> Tensor {
    let (rows, extent) = (shape[0], shape[1])
    guard let size = selection.blockSize(among: extent) else {
      return sortKeys(descending: descending).order.columns(0..<k)
    }
    // A floating-point minimum takes a NaN for the least of all.
    let needsKeys = dtype == .bool || (dtype.isFloatingPoint && !descending)
    let ordered = needsKeys ? sortKeys(descending: false) : self

    // A block is a column, so that neighbours are in different ones. What is left over is looked at in any case.
    let (blocks, rest) = extent.quotientAndRemainder(dividingBy: size)
    let whole = Primitive.reshape(ordered.columns(0..<blocks * size), to: [rows, size, blocks])
    let heads = Primitive.reduce(descending ? .maximum : .minimum, whole, axes: [1])
    let chosen = Primitive.reshape(heads.first(k, descending: descending, &selection), to: [rows, 1, k])
    let places = chosen + Primitive.iota(axis: 1, [rows, size, k], .int32) * Int32(blocks)
    let last = Primitive.iota(axis: 1, [rows, rest], .int32) + Int32(blocks * size)
    let candidates = Primitive.concatenate([Primitive.reshape(places, to: [rows, size * k]), last], axis: 1)
    let best = Primitive.gather(self, candidates, axis: 1).first(k, descending: descending, &selection)
    return Primitive.gather(candidates, best, axis: 1)
  }

  private func columns(_ range: Range<Int>) -> Tensor {
    Primitive.slice(
      self, [AxisRange(start: 0, count: shape[0]), AxisRange(start: range.lowerBound, count: range.count)])
  }
}

extension DType {
  /// The unsigned integers of a width.
  fileprivate static func unsigned(bits: Int) -> DType {
    switch bits {
    case 8: .uint8
    case 16: .uint16
    case 32: .uint32
    default: .uint64
    }
  }
}
