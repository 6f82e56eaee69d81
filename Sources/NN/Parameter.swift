public import LazyOps
import LazyRuntime
import Synchronization

/// A tensor that training changes: weights, biases.
///
/// It holds a leaf of the graph that tracks gradients. Assigning puts another leaf in its place, computed and without
/// history; what was made from the old one keeps the old values. Modules share a parameter by holding the same object.
public final class Parameter: Sendable {
  /// The extents of the axes, which never change.
  public let shape: Shape
  /// The type of the elements, which never changes.
  public let dtype: DType
  private let leaf: Mutex<Tensor>

  /// Creates a parameter that begins as `initial`, which is floating point and need not be computed yet.
  public init(_ initial: Tensor) {
    Tensor.require(
      initial.dtype.isFloatingPoint, "Parameter", "only floating-point tensors have gradients, not \(initial.dtype)")
    shape = initial.shape
    dtype = initial.dtype
    // A pending value stays pending, so that all parameters of a model are computed in one schedule.
    leaf = Mutex(initial.node.storage == nil ? Parameter.pendingLeaf(initial) : initial.asLeaf(tracksGradient: true))
  }

  /// The tensor as it is now: a target for `gradients(with:)`. A value to be assigned has the parameter's shape and
  /// dtype, and is computed at once.
  public var value: Tensor {
    get { leaf.withLock { $0 } }
    set { Parameter.assign([(self, newValue)]) }
  }

  /// Returns the tensor as it is now: `x.matmul(weight())`.
  public func callAsFunction() -> Tensor { value }

  /// Assigns several parameters, whose new values are computed in one schedule.
  public static func assign(_ values: [(parameter: Parameter, value: Tensor)]) {
    for (parameter, value) in values {
      Tensor.require(
        value.shape == parameter.shape && value.dtype == parameter.dtype, "Parameter",
        "a value of \(value.dtype)\(value.shape) for a parameter of \(parameter.dtype)\(parameter.shape)")
    }
    Tensor.realize(values.map(\.value))
    for (parameter, value) in values {
      let new = value.asLeaf(tracksGradient: true)
      // The old leaf must outlive the lock: its deinit may reach other nodes.
      let old = parameter.leaf.withLock { leaf in
        defer { leaf = new }
        return leaf
      }
      withExtendedLifetime(old) {}
    }
  }

  /// Returns a tensor that is yet to be computed, as a node where gradients end.
  private static func pendingLeaf(_ pending: Tensor) -> Tensor {
    Tensor(node: Node(.detach, [pending.node], shape: pending.shape, dtype: pending.dtype, tracksGradient: true))
  }
}

extension Parameter: CustomStringConvertible {
  /// The type and shape: `Parameter(float32[10, 30])`.
  public var description: String { "Parameter(\(dtype)\(shape))" }
}
