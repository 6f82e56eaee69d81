/// A lazy n-dimensional array: a value whose elements are computed when they are asked for.
///
/// Operations on tensors build a graph and return at once. Reading a tensor (`realize()`, `floats`, `item`) fuses what
/// is pending into kernels and runs them.
public struct Tensor: Sendable {
  /// The vertex of the graph this tensor names.
  package let node: Node

  package init(node: Node) { self.node = node }

  package init(
    _ op: Op, _ sources: [Tensor] = [], shape: Shape, dtype: DType, argument: Scalar? = nil
  ) {
    node = Node(op, sources.map { $0.node }, shape: shape, dtype: dtype, argument: argument)
  }

  /// The extents of the axes.
  public var shape: Shape { node.shape }

  /// The type of the elements.
  public var dtype: DType { node.dtype }

  /// The number of axes.
  public var rank: Int { node.shape.rank }

  /// The number of elements.
  public var elementCount: Int { node.shape.elementCount }

  /// Whether the elements are in memory already.
  public var isRealized: Bool { node.storage != nil }
}

extension Tensor {
  /// Stops the program with a message in the form of the house: `[op] what was wrong`.
  package static func misuse(_ op: String, _ message: String) -> Never { fatalError("[\(op)] \(message)") }

  /// Stops with `message` unless `condition` holds.
  package static func require(_ condition: Bool, _ op: String, _ message: @autoclosure () -> String) {
    if !condition { misuse(op, message()) }
  }

  /// Returns `axis` counted from the front: -1 is the last axis. An axis out of range is a programmer's error.
  package func resolve(axis: Int, _ op: String) -> Int {
    let resolved = axis < 0 ? axis + rank : axis
    Tensor.require(0..<rank ~= resolved, op, "axis \(axis) is out of range for shape \(shape)")
    return resolved
  }
}
