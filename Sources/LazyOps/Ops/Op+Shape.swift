extension Op {
  /// Restates the op's rule for sources, shape and dtype.
  ///
  /// - Returns: what is wrong with a node that has these, or nil.
  package func verify(sources: [(shape: Shape, dtype: DType)], shape: Shape, dtype: DType) -> String? {
    if let count = sourceCount, sources.count != count { return "has \(sources.count) sources, not \(count)" }
    let first = sources.first ?? (shape, dtype)
    switch self {
    case .buffer, .constant, .argument:
      return nil
    case .length(let bound):
      return fault(unless: bound > 0, "has no room") ?? expect(([], .int64), shape, dtype)
    case .iota(let axis):
      return fault(unless: dtype.isInteger, "counts in integers")
        ?? fault(unless: 0..<shape.rank ~= axis, "axis is out of range")
    case .unary(let op):
      return fault(unless: op.accepts(first.dtype), "does not take \(first.dtype)")
        ?? expect(first, shape, dtype)
    case .binary(let op):
      return fault(unless: op.accepts(first.dtype), "does not take \(first.dtype)")
        ?? fault(unless: sources[1] == first, "operands differ")
        ?? expect((first.shape, op.result(of: first.dtype)), shape, dtype)
    case .select:
      return fault(unless: first.dtype == .bool, "condition is \(first.dtype)")
        ?? fault(unless: sources[1] == sources[2], "values differ")
        ?? fault(unless: sources[1].shape == first.shape, "condition has another shape than the values")
        ?? expect(sources[1], shape, dtype)
    case .cast:
      return expect((first.shape, dtype), shape, dtype)
    case .bitcast:
      return fault(unless: first.dtype.byteCount == dtype.byteCount, "widths differ")
        ?? expect((first.shape, dtype), shape, dtype)
    case .detach, .barrier:
      if sources.isEmpty { return "has no sources" }
      return expect(first, shape, dtype)
    case .reduce(let op, let axes):
      return fault(unless: op.accepts(first.dtype), "does not take \(first.dtype)")
        ?? fault(unless: zip(axes, axes.dropFirst()).allSatisfy { $0 < $1 }, "axes are not in ascending order")
        ?? fault(unless: axes.allSatisfy { 0..<first.shape.rank ~= $0 }, "axis is out of range")
        ?? expect((first.shape.removing(axes), first.dtype), shape, dtype)
    case .scan(let op, let axis):
      return fault(unless: op.accepts(first.dtype), "does not take \(first.dtype)")
        ?? fault(unless: 0..<shape.rank ~= axis, "axis is out of range")
        ?? expect(first, shape, dtype)
    case .radixPass(let digit):
      return fault(unless: first.dtype.integerWidth?.isSigned == false, "keys are \(first.dtype)")
        ?? fault(unless: 0..<shape.rank ~= digit.axis, "axis is out of range")
        ?? fault(
          unless: digit.shift >= 0 && 1...16 ~= digit.bits && digit.shift + digit.bits <= first.dtype.byteCount * 8,
          "keys have no such bits")
        ?? fault(unless: sources[1] == (first.shape, .int32), "order does not fit the keys")
        ?? expect((first.shape, .int32), shape, dtype)
    case .reshape, .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate:
      return checkMovement(sources, shape) ?? expect((shape, first.dtype), shape, dtype)
    case .gather(let axis):
      return checkIndex(sources[1], axis: axis, of: first.shape)
        ?? expect((sources[1].shape, first.dtype), shape, dtype)
    case .scatterAdd(let axis):
      return checkIndex(sources[1], axis: axis, of: first.shape)
        ?? fault(unless: first.dtype != .bool, "does not take bool")
        ?? fault(unless: sources[2] == (sources[1].shape, first.dtype), "values do not fit index and target")
        ?? expect(first, shape, dtype)
    case .put(let axis):
      let index = sources[1]
      return fault(unless: index.dtype == .int32 || index.dtype == .int64, "index is \(index.dtype)")
        ?? fault(unless: 0..<first.shape.rank ~= axis, "axis is out of range")
        ?? fault(unless: index.shape.rank == 1, "index \(index.shape) is no list")
        ?? fault(
          unless: sources[2] == (first.shape.replacing(axis, by: index.shape[0]), first.dtype),
          "values do not fit index and target")
        ?? expect(first, shape, dtype)
    case .update(let ranges):
      return checkRegion(ranges, in: first.shape)
        ?? fault(unless: sources[1] == (Shape(ranges.map(\.count)), first.dtype), "value does not fit the region")
        ?? expect(first, shape, dtype)
    }
  }

  /// How many sources a node has; nil for any number but none.
  package var sourceCount: Int? {
    switch self {
    case .buffer, .constant, .argument, .length, .iota: 0
    case .unary, .cast, .bitcast, .detach, .reduce, .scan, .reshape, .permute, .expand, .slice, .pad, .window,
      .overlapAdd:
      1
    case .binary, .gather, .update, .radixPass: 2
    case .select, .scatterAdd, .put: 3
    case .barrier, .concatenate: nil
    }
  }

  /// Whether the op is a scalar that is handed to the kernels when they run: an `argument` or a `length`.
  package var isScalarLeaf: Bool {
    if case .length = self { return true }
    return self == .argument
  }

  /// Whether each element of the result depends on the elements at the same place in the sources alone.
  package var isElementwise: Bool {
    switch self {
    case .unary, .binary, .select, .cast, .bitcast, .detach, .barrier: true
    case .buffer, .constant, .argument, .length, .iota, .reduce, .scan, .radixPass, .reshape, .permute, .expand, .slice,
      .pad,
      .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
      false
    }
  }

  private func checkMovement(_ sources: [(shape: Shape, dtype: DType)], _ shape: Shape) -> String? {
    guard let source = sources.first?.shape else { return "has no sources" }
    switch self {
    case .reshape:
      return fault(unless: source.elementCount == shape.elementCount, "\(source) has not as many elements")
    case .permute(let order):
      return fault(unless: order.sorted() == Array(0..<source.rank), "not an order of the axes of \(source)")
        ?? fault(unless: shape.dimensions == order.map { source[$0] }, "shape does not follow from \(source)")
    case .expand:
      return fault(unless: source.rank == shape.rank, "\(source) has another rank")
        ?? fault(
          unless: zip(source.dimensions, shape.dimensions).allSatisfy { $0 == $1 || $0 == 1 },
          "\(source) has other extents that are not 1")
    case .slice(let ranges):
      return checkRegion(ranges, in: source)
        ?? fault(unless: shape.dimensions == ranges.map(\.count), "shape is not that of the region")
    case .pad(let ranges):
      return checkRegion(ranges, in: shape)
        ?? fault(unless: source.dimensions == ranges.map(\.count), "\(source) is not the shape of the region")
    case .window(let geometry):
      return checkWindows(geometry, windows: shape, over: source)
    case .overlapAdd(let geometry):
      return checkWindows(geometry, windows: source, over: shape)
    case .concatenate(let axis):
      return fault(unless: 0..<shape.rank ~= axis, "axis is out of range")
        ?? fault(
          unless: sources.allSatisfy { $0.dtype == sources[0].dtype && $0.shape.isEqual(to: shape, exceptAt: axis) },
          "sources differ elsewhere than on the axis")
        ?? fault(unless: sources.reduce(0) { $0 + $1.shape[axis] } == shape[axis], "extents do not add up")
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .scan, .radixPass, .gather, .scatterAdd, .put, .update:
      preconditionFailure("bug: \(self) is no movement")
    }
  }
}

/// Returns `message` unless `condition` holds.
private func fault(unless condition: Bool, _ message: @autoclosure () -> String) -> String? {
  condition ? nil : message()
}

private func expect(_ wanted: (shape: Shape, dtype: DType), _ shape: Shape, _ dtype: DType) -> String? {
  fault(unless: wanted == (shape, dtype), "is not \(wanted.dtype)\(wanted.shape)")
}

private func checkRegion(_ ranges: [AxisRange], in shape: Shape) -> String? {
  fault(unless: ranges.count == shape.rank, "region has not the rank of \(shape)")
    ?? fault(
      unless: zip(ranges, shape.dimensions).allSatisfy { range, extent in
        range.step != 0 && range.count >= 0
          && (range.count == 0
            || (0..<extent ~= range.start && 0..<extent ~= range.start + (range.count - 1) * range.step))
      }, "region leaves \(shape)")
}

private func checkWindows(_ geometry: WindowGeometry, windows: Shape, over shape: Shape) -> String? {
  guard 0..<shape.rank ~= geometry.axis else { return "axis is out of range" }
  guard geometry.size > 0, geometry.stride > 0, geometry.dilation > 0 else { return "geometry is not positive" }
  return fault(unless: windows == shape.windowed(by: geometry), "\(windows) are not the windows over \(shape)")
}

private func checkIndex(_ index: (shape: Shape, dtype: DType), axis: Int, of data: Shape) -> String? {
  fault(unless: index.dtype == .int32 || index.dtype == .int64, "index is \(index.dtype)")
    ?? fault(unless: 0..<data.rank ~= axis, "axis is out of range")
    ?? fault(unless: index.shape.isEqual(to: data, exceptAt: axis), "index \(index.shape) does not fit \(data)")
}

extension Shape {
  /// Returns the shape without `axes`.
  package func removing(_ axes: [Int]) -> Shape {
    Shape(extents: (0..<rank).filter { !axes.contains($0) }.map { extents[$0] })
  }

  /// Returns the shape with the extent of `axes` replaced by 1.
  package func collapsing(_ axes: [Int]) -> Shape {
    Shape(extents: (0..<rank).map { axes.contains($0) ? .constant(1) : extents[$0] })
  }

  /// Returns the shape with another extent at `axis`.
  package func replacing(_ axis: Int, by extent: Int) -> Shape { replacing(axis, by: .constant(extent)) }

  /// Returns the shape with another extent at `axis`.
  package func replacing(_ axis: Int, by extent: Extent) -> Shape {
    Shape(extents: (0..<rank).map { $0 == axis ? extent : extents[$0] })
  }

  /// Returns the shape of the windows `geometry` takes from this shape.
  package func windowed(by geometry: WindowGeometry) -> Shape {
    let count = geometry.windowCount(over: self[geometry.axis])
    return Shape(extents: replacing(geometry.axis, by: count).extents + [.constant(geometry.size)])
  }

  /// Returns whether ranks are equal, and extents but for that at `axis`.
  package func isEqual(to other: Shape, exceptAt axis: Int) -> Bool {
    rank == other.rank && (0..<rank).allSatisfy { $0 == axis || extents[$0] == other.extents[$0] }
  }
}
