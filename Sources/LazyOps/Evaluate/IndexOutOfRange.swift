/// The error of a data-dependent index that names no element.
public struct IndexOutOfRange: Error, Hashable, Sendable, CustomStringConvertible {
  /// The op that was given the index: `gather`, `scatterAdd`, `put`.
  public let op: String
  /// The index.
  public let index: Int
  /// The extent of the axis it should be on.
  public let extent: Int

  /// Creates the error.
  public init(op: String, index: Int, extent: Int) {
    (self.op, self.index, self.extent) = (op, index, extent)
  }

  /// The op, the index and what it may be.
  public var description: String {
    extent == 0
      ? "[\(op)] index \(index) into an axis of no elements"
      : "[\(op)] index \(index) is out of range: the axis has \(extent) elements, 0 to \(extent - 1)"
  }
}
