extension Op: CustomStringConvertible {
  /// The op with what it is parameterised by: `add`, `reduce_sum([1])`, `slice(0:2, 5:2:-1)`.
  public var description: String {
    switch self {
    case .buffer: "buffer"
    case .constant(let value): "constant(\(value))"
    case .argument: "argument"
    case .length(let bound): "length(\(bound))"
    case .iota(let axis): "iota(\(axis))"
    case .unary(let op): op.rawValue
    case .binary(let op): op.rawValue
    case .select: "select"
    case .cast: "cast"
    case .bitcast: "bitcast"
    case .detach: "detach"
    case .barrier: "barrier"
    case .reduce(let op, let axes): "reduce_\(op.rawValue)(\(axes))"
    case .scan(let op, let axis): "scan_\(op.rawValue)(\(axis))"
    case .radixPass(let digit): "radixPass(\(digit))"
    case .reshape: "reshape"
    case .permute(let order): "permute(\(order))"
    case .expand: "expand"
    case .slice(let ranges): "slice(\(text(ranges)))"
    case .pad(let ranges): "pad(\(text(ranges)))"
    case .window(let geometry): "window(\(geometry))"
    case .overlapAdd(let geometry): "overlapAdd(\(geometry))"
    case .concatenate(let axis): "concatenate(\(axis))"
    case .gather(let axis): "gather(\(axis))"
    case .scatterAdd(let axis): "scatterAdd(\(axis))"
    case .put(let axis): "put(\(axis))"
    case .update(let ranges): "update(\(text(ranges)))"
    }
  }
}

extension RadixDigit: CustomStringConvertible {
  /// The axis and the bits: `axis 0, bits 11..<22`.
  public var description: String { "axis \(axis), bits \(shift)..<\(shift + bits)" }
}

extension AxisRange: CustomStringConvertible {
  /// Start, end and step in Python's notation, the step only where it is not 1: `0:4`, `3:-1:-1`.
  public var description: String {
    "\(start):\(start + step * count)" + (step == 1 ? "" : ":\(step)")
  }
}

extension WindowGeometry: CustomStringConvertible {
  /// The axis, size, stride and dilation: `axis 1, size 3, stride 2, dilation 1`.
  public var description: String { "axis \(axis), size \(size), stride \(stride), dilation \(dilation)" }
}

private func text(_ ranges: [AxisRange]) -> String { ranges.map(\.description).joined(separator: ", ") }
