/// The places in an array that an index range runs through: `offset + index[0] * strides[0] + ...`.
///
/// Every movement op is one of these, read from or written to.
struct StridedView {
  var offset = 0
  var extents: [Int]
  var strides: [Int]

  /// All places of a row-major array, in order.
  init(_ shape: Shape) {
    extents = shape.dimensions
    strides = shape.strides
  }

  /// Axis `i` of the result is axis `order[i]` of this view.
  func permuted(_ order: [Int]) -> StridedView {
    var view = self
    view.extents = order.map { extents[$0] }
    view.strides = order.map { strides[$0] }
    return view
  }

  /// The places of the axes of extent 1 again and again.
  func expanded(to shape: Shape) -> StridedView {
    var view = self
    view.extents = shape.dimensions
    for axis in strides.indices where extents[axis] != shape[axis] { view.strides[axis] = 0 }
    return view
  }

  /// The places in a region.
  func sliced(_ ranges: [AxisRange]) -> StridedView {
    var view = self
    for (axis, range) in ranges.enumerated() {
      view.offset += range.start * strides[axis]
      view.extents[axis] = range.count
      view.strides[axis] = range.step * strides[axis]
    }
    return view
  }

  /// The places of sliding windows.
  func windowed(_ geometry: WindowGeometry) -> StridedView {
    var view = self
    view.extents[geometry.axis] = geometry.windowCount(over: extents[geometry.axis])
    view.strides[geometry.axis] = strides[geometry.axis] * geometry.stride
    view.extents.append(geometry.size)
    view.strides.append(strides[geometry.axis] * geometry.dilation)
    return view
  }

  /// Calls `body` with each place, the last axis running fastest.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) {
    guard !extents.contains(0) else { return }
    let (count, step) = (extents.last ?? 1, strides.last ?? 0)
    var index = [Int](repeating: 0, count: extents.count)
    var base = offset
    while true {
      var place = base
      for _ in 0..<count {
        body(place)
        place += step
      }
      var axis = extents.count - 2
      while axis >= 0 {
        index[axis] += 1
        base += strides[axis]
        if index[axis] < extents[axis] { break }
        base -= strides[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
