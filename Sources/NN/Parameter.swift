public import LazyOps
import LazyRuntime

/// A tensor that training changes: weights, biases.
///
/// It is a `TensorCell` whose tensor is a leaf of the graph that tracks gradients. Assigning puts another leaf in its
/// place, computed and without history; what was made from the old one keeps the old values. Modules share a parameter by holding the same object.
public final class Parameter: Sendable {
  /// The extents of the axes, which never change.
  public let shape: Shape
  /// The type of the elements, which never changes.
  public let dtype: DType
  private let cell: TensorCell

  /// Creates a parameter that begins as `initial`, which is floating point and need not be computed yet.
  public init(_ initial: Tensor) {
    Tensor.require(
      initial.dtype.isFloatingPoint, "Parameter", "only floating-point tensors have gradients, not \(initial.dtype)")
    shape = initial.shape
    dtype = initial.dtype
    cell = TensorCell(initial, tracksGradient: true)
  }

  /// The tensor as it is now: a target for `gradients(with:)`. A value to be assigned has the parameter's shape and
  /// dtype, and is computed at once.
  public var value: Tensor {
    get { cell.value }
    set { cell.value = newValue }
  }

  /// Returns the tensor as it is now: `x.matmul(weight())`.
  public func callAsFunction() -> Tensor { value }

  /// Assigns several parameters, whose new values are computed in one schedule.
  public static func assign(_ values: [(parameter: Parameter, value: Tensor)]) {
    TensorCell.assign(values.map { ($0.parameter.cell, $0.value) })
  }
}

extension Parameter: CustomStringConvertible {
  /// The type and shape: `Parameter(float32[10, 30])`.
  public var description: String { "Parameter(\(dtype)\(shape))" }
}
