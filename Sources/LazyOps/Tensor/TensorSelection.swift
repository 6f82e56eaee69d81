/// The meaning of the indices in brackets for one shape: a region, and what is made of it.
struct TensorSelection {
  /// The region of the tensor, one range an axis.
  private(set) var ranges: [AxisRange] = []
  /// The extents of the result: those of the region without the axes an integer was for, with new axes.
  private(set) var extents: [Extent] = []
  /// The axes of the tensor that are cut at run-time lengths.
  private(set) var lengths: [(axis: Int, length: Length)] = []
  /// The index tensors, and the axes of the result they are for.
  private(set) var tensors: [(axis: Int, index: Tensor)] = []
  /// The tensor of truth values among the indices, and the axes of the result it is for.
  private(set) var mask: (axes: Range<Int>, tensor: Tensor)?

  init(_ items: [TensorIndexItem], of shape: Shape) {
    var covered = 0
    var ellipses = 0
    for item in items {
      switch item.kind {
      case .element, .slice, .upTo: covered += 1
      case .tensor(let tensor): covered += tensor.dtype == .bool ? tensor.rank : 1
      case .ellipsis: ellipses += 1
      case .newAxis: continue
      }
    }
    Tensor.require(
      covered <= shape.rank, "subscript", "\(covered) indices for the \(shape.rank) axes of shape \(shape)")
    Tensor.require(ellipses <= 1, "subscript", "there is more than one ellipsis")
    for item in items {
      switch item.kind {
      case .element(let index): append(index, of: shape)
      case .slice(let from, let to, let step): append(from, to, step, of: shape)
      case .upTo(let length): append(length, of: shape)
      case .newAxis: extents.append(.constant(1))
      case .ellipsis: appendWhole(shape.rank - covered, of: shape)
      case .tensor(let tensor) where tensor.dtype == .bool:
        Tensor.require(mask == nil && tensor.rank > 0, "subscript", "there is one mask, and it has at least one axis")
        mask = (extents.count..<extents.count + tensor.rank, tensor)
        appendWhole(tensor.rank, of: shape)
      case .tensor(let index):
        tensors.append((extents.count, index))
        appendWhole(1, of: shape)
      }
    }
    appendWhole(shape.rank - ranges.count, of: shape)
    Tensor.require(
      mask == nil || tensors.isEmpty, "subscript", "a mask does not stand beside tensors of integers")
  }

  private mutating func appendWhole(_ count: Int, of shape: Shape) {
    for _ in 0..<count {
      extents.append(shape.extents[ranges.count])
      ranges.append(AxisRange(start: 0, count: shape[ranges.count]))
    }
  }

  private mutating func append(_ index: Int, of shape: Shape) {
    let extent = shape[ranges.count]
    Tensor.requireConstant(ranges.count, of: shape, "subscript")
    let place = index < 0 ? index + extent : index
    Tensor.require(
      0..<extent ~= place, "subscript", "index \(index) is out of range for axis \(ranges.count) of shape \(shape)")
    ranges.append(AxisRange(start: place, count: 1))
  }

  private mutating func append(_ length: Length, of shape: Shape) {
    let axis = ranges.count
    let extent = shape.extents[axis]
    Tensor.require(
      extent.length.map { $0 == length } ?? (length.bound <= extent.bound), "subscript",
      "a length of \(length) for axis \(axis) of shape \(shape)")
    ranges.append(AxisRange(start: 0, count: length.bound))
    extents.append(.variable(length))
    if extent.length == nil { lengths.append((axis, length)) }
  }

  private mutating func append(_ from: Int?, _ to: Int?, _ step: Int, of shape: Shape) {
    Tensor.require(step != 0, "subscript", "the step of a slice is 0")
    if from ?? 0 == 0 && to == nil && step == 1 { return appendWhole(1, of: shape) }
    Tensor.requireConstant(ranges.count, of: shape, "subscript")
    let extent = shape[ranges.count]
    // Backwards the places run from the last one to just before the first one.
    let (low, high) = step > 0 ? (0, extent) : (-1, extent - 1)
    func place(_ end: Int) -> Int { Swift.min(Swift.max(end < 0 ? end + extent : end, low), high) }
    let first = from.map(place) ?? (step > 0 ? low : high)
    let last = to.map(place) ?? (step > 0 ? high : low)
    let span = step > 0 ? last - first : first - last
    let stride = Int(step.magnitude)
    let count = Swift.max(0, (span + stride - 1) / stride)
    ranges.append(AxisRange(start: count == 0 ? 0 : first, step: step, count: count))
    extents.append(.constant(count))
  }
}
