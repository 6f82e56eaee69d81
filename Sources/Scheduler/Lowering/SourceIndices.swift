package import LazyOps

/// Where an element of a movement op's result comes from: index expressions into the source, and the mask outside which
/// there is no source element and the result is zero.
///
/// A position that is on its axis only where the mask holds is handed to a function `bounded` with the axis's extent.
/// It may answer with a variable that stands for the position and has the bounds the mask guarantees, so that what is
/// made of it simplifies: the numbers computed elsewhere are never used.
package struct SourceIndices {
  /// Stands for a position, which lies below a count wherever it matters.
  package typealias Bounded = (_ position: Index, _ count: Int) -> Index

  package var indices: [Index]
  package var mask: Mask = .always

  /// Rewrites `indices` into the result of `op`, of shape `result`, to indices into its source, of shape `source`;
  /// nil for ops that are no pure movement.
  package init?(_ op: Op, at indices: [Index], result: Shape, source: Shape, bounded: Bounded) {
    switch op {
    case .reshape:
      self.init(SourceIndices.unflatten(SourceIndices.flatten(indices, result), source))
    case .permute(let order):
      var moved = indices
      for (axis, from) in order.enumerated() { moved[from] = indices[axis] }
      self.init(moved)
    case .expand:
      self.init(indices.enumerated().map { source[$0] == 1 ? .constant(0) : $1 })
    case .slice(let ranges):
      self.init(zip(indices, ranges).map { $0 * $1.step + $1.start })
    case .pad(let ranges):
      self.init(inside: ranges, at: indices, of: result, bounded: bounded)
    case .window(let geometry):
      var moved = Array(indices.dropLast())
      moved[geometry.axis] = indices[geometry.axis] * geometry.stride + indices[indices.count - 1] * geometry.dilation
      self.init(moved)
    case .detach, .barrier:
      self.init(indices)
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .reduce, .overlapAdd,
      .scan, .radixPass, .concatenate, .gather, .scatterAdd, .put, .update:
      return nil
    }
  }

  private init(_ indices: [Index]) { self.indices = indices }

  /// Maps indices into an array of shape `whole` to indices into the part that lies at `ranges` of it.
  package init(inside ranges: [AxisRange], at indices: [Index], of whole: Shape, bounded: Bounded) {
    self.indices = []
    for (axis, (index, range)) in zip(indices, ranges).enumerated() {
      guard !range.isWhole(whole[axis]) else {
        self.indices.append(index)
        continue
      }
      // A range that runs backwards covers the same positions as one from its other end.
      let offset = range.step > 0 ? index - range.start : -index + range.start
      let step = abs(range.step)
      let position = offset.floorDivide(by: step)
      self.indices.append(bounded(position, range.count))
      if step > 1 { mask = mask.and(Condition(offset.modulo(step), in: 0..<1)) }
      mask = mask.and(Condition(position, in: 0..<range.count))
    }
  }

  /// How many windows an element of an `overlapAdd` result can lie in: the turns of its sum.
  package static func turns(of geometry: WindowGeometry) -> Int {
    geometry.dilation == 1 ? geometry.size.ceilDivided(by: geometry.stride) : geometry.size
  }

  /// Rewrites an index of an `overlapAdd` result and a turn of its sum to indices into its source.
  ///
  /// Element j lies in window i at offset k where j = i * stride + k * dilation. Without dilation k is j modulo the
  /// stride, plus a multiple of it: only offsets that exist are visited. With it every offset is tried.
  package init(
    overlapping geometry: WindowGeometry, at indices: [Index], turn: Index, source: Shape, bounded: Bounded
  ) {
    let element = indices[geometry.axis]
    var (offset, window) = (turn, element - turn * geometry.dilation)
    if geometry.dilation == 1 {
      offset = element.modulo(geometry.stride) + turn * geometry.stride
      window = element.floorDivide(by: geometry.stride) - turn
      mask = mask.and(Condition(offset, in: 0..<geometry.size))
    } else {
      if geometry.stride > 1 { mask = mask.and(Condition(window.modulo(geometry.stride), in: 0..<1)) }
      window = window.floorDivide(by: geometry.stride)
    }
    self.indices = indices
    self.indices[geometry.axis] = bounded(window, source[geometry.axis])
    self.indices.append(bounded(offset, geometry.size))
    mask = mask.and(Condition(window, in: 0..<source[geometry.axis]))
  }

  /// Returns the position in row-major order of the element at `indices`.
  package static func flatten(_ indices: [Index], _ shape: Shape) -> Index {
    zip(indices, shape.strides).reduce(.constant(0)) { $0 + $1.0 * $1.1 }
  }

  /// Returns the indices of the element at a position in row-major order.
  package static func unflatten(_ position: Index, _ shape: Shape) -> [Index] {
    zip(shape.strides, shape.dimensions).enumerated().map { axis, pair in
      let (stride, extent) = pair
      // What has no elements is never read: where it is padded, say, only a mask that never holds leads here.
      if extent <= 1 { return .constant(0) }
      let quotient = position.floorDivide(by: Swift.max(stride, 1))
      return axis == 0 ? quotient : quotient.modulo(extent)
    }
  }
}
