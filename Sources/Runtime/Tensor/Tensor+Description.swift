public import LazyOps

extension Tensor: CustomStringConvertible {
  /// The elements as nested lists, with shape and type; long axes are cut in the middle. Computes the tensor.
  public var description: String {
    if shape.isVariable { return compacted().description }
    let values: [String] =
      switch dtype {
      case .float16, .bfloat16, .float32, .float64: doubles.map { Tensor.text($0, dtype) }
      case .bool: bools.map { "\($0)" }
      case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64: ints.map { "\($0)" }
      case .uint64: unsignedInts.map { "\($0)" }
      }
    let width = values.map(\.count).max() ?? 0
    let padded = values.map { String(repeating: " ", count: width - $0.count) + $0 }
    return "Tensor(\(text(padded[...], axis: 0)), \(dtype)\(shape))"
  }

  /// The most entries of an axis that are printed whole, and how many of a longer one at each end.
  private static let shown = (whole: 8, ends: 3)

  private func text(_ values: ArraySlice<String>, axis: Int) -> String {
    if axis == rank { return values.first ?? "" }
    let step = shape[axis] == 0 ? 0 : values.count / shape[axis]
    let part = { (index: Int) in
      text(values.dropFirst(index * step).prefix(step), axis: axis + 1)
    }
    let count = shape[axis]
    var parts: [String]
    if count <= Tensor.shown.whole {
      parts = (0..<count).map(part)
    } else {
      parts = (0..<Tensor.shown.ends).map(part) + ["..."] + ((count - Tensor.shown.ends)..<count).map(part)
    }
    let isLast = axis == rank - 1
    return "[" + parts.joined(separator: isLast ? ", " : ",\n" + String(repeating: " ", count: axis + 8)) + "]"
  }

  private static func text(_ value: Double, _ dtype: DType) -> String {
    if value == value.rounded(), value.magnitude < 1e6 { return "\(Int(value)).0" }
    guard value.isFinite else { return "\(value)" }
    if value.magnitude >= 1e-4 && value.magnitude < 1e6 {
      let scaled = (value * 1e4).rounded() / 1e4
      return "\(scaled)"
    }
    return dtype == .float64 ? "\(value)" : "\(Float(value))"
  }
}
