/// Compound assignment makes a new tensor and puts it in the variable; other copies of the old one do not change.
extension Tensor {
  /// Replaces a tensor by its sum with another.
  public static func += (a: inout Tensor, b: Tensor) { a = a + b }
  /// Replaces a tensor by its sum with a number.
  public static func += (a: inout Tensor, b: some TensorScalar) { a = a + b }

  /// Replaces a tensor by its difference from another.
  public static func -= (a: inout Tensor, b: Tensor) { a = a - b }
  /// Replaces a tensor by its difference from a number.
  public static func -= (a: inout Tensor, b: some TensorScalar) { a = a - b }

  /// Replaces a tensor by its product with another.
  public static func *= (a: inout Tensor, b: Tensor) { a = a * b }
  /// Replaces a tensor by its product with a number.
  public static func *= (a: inout Tensor, b: some TensorScalar) { a = a * b }

  /// Replaces a tensor by its quotient by another.
  public static func /= (a: inout Tensor, b: Tensor) { a = a / b }
  /// Replaces a tensor by its quotient by a number.
  public static func /= (a: inout Tensor, b: some TensorScalar) { a = a / b }

  /// Replaces a tensor by its remainder by another.
  public static func %= (a: inout Tensor, b: Tensor) { a = a % b }
  /// Replaces a tensor by its remainder by a number.
  public static func %= (a: inout Tensor, b: some TensorScalar) { a = a % b }
}
