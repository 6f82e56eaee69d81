package import LazyOps

/// Where an element of a movement op's result comes from: index expressions into the source, and the mask outside which
/// there is no source element and the result is zero.
package struct SourceIndices {
  package var indices: [Index]
  package var mask: Mask = .always

  /// Rewrites `indices` into the result of `op`, of shape `result`, to indices into its source, of shape `source`;
  /// nil for ops that are no pure movement.
  package init?(_ op: Op, at indices: [Index], result: Shape, source: Shape) {
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
      self.init(inside: ranges, at: indices, of: result)
    case .window(let geometry):
      var moved = Array(indices.dropLast())
      moved[geometry.axis] = indices[geometry.axis] * geometry.stride + indices[indices.count - 1] * geometry.dilation
      self.init(moved)
    case .detach:
      self.init(indices)
    case .buffer, .constant, .argument, .iota, .unary, .binary, .select, .cast, .bitcast, .reduce, .overlapAdd,
      .concatenate, .gather, .scatterAdd, .update:
      return nil
    }
  }

  private init(_ indices: [Index]) { self.indices = indices }

  /// Maps indices into an array of shape `whole` to indices into the part that lies at `ranges` of it.
  package init(inside ranges: [AxisRange], at indices: [Index], of whole: Shape) {
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
      self.indices.append(position)
      if step > 1 { mask = mask.and(Condition(offset.modulo(step), in: 0..<1)) }
      mask = mask.and(Condition(position, in: 0..<range.count))
    }
  }

  /// Rewrites an index of an `overlapAdd` result and the offset `k` in a window to indices into its source.
  package init(overlapping geometry: WindowGeometry, at indices: [Index], window k: Index, source: Shape) {
    let offset = indices[geometry.axis] - k * geometry.dilation
    let position = offset.floorDivide(by: geometry.stride)
    self.indices = indices
    self.indices[geometry.axis] = position
    self.indices.append(k)
    if geometry.stride > 1 { mask = mask.and(Condition(offset.modulo(geometry.stride), in: 0..<1)) }
    mask = mask.and(Condition(position, in: 0..<source[geometry.axis]))
  }

  /// Returns the position in row-major order of the element at `indices`.
  package static func flatten(_ indices: [Index], _ shape: Shape) -> Index {
    zip(indices, shape.strides).reduce(.constant(0)) { $0 + $1.0 * $1.1 }
  }

  /// Returns the indices of the element at a position in row-major order.
  package static func unflatten(_ position: Index, _ shape: Shape) -> [Index] {
    zip(shape.strides, shape.dimensions).enumerated().map { axis, pair in
      let (stride, extent) = pair
      if extent == 1 { return .constant(0) }
      let quotient = position.floorDivide(by: Swift.max(stride, 1))
      return axis == 0 ? quotient : quotient.modulo(extent)
    }
  }
}
