public import LazyOps

/// What a captured function takes and returns: a tensor, or a value made of tensors and other such values.
///
/// Optionals, arrays and dictionaries of such values are such values too. A struct becomes one by naming its parts:
///
///     struct Batch: TensorStructure {
///       var images, labels: Tensor
///       mutating func visitParts(_ visitor: inout PartVisitor) {
///         visitor(&images)
///         visitor(&labels)
///       }
///     }
///
/// Swift's numbers, truth values and strings can be parts as well. They are part of the structure: a captured function
/// refuses others than those it was captured with. A number that is to change from call to call is taken as a `Tensor`.
public protocol TensorStructure {
  /// Shows the visitor every stored property, always in the same order.
  mutating func visitParts(_ visitor: inout PartVisitor)
}

extension Tensor: TensorStructure {
  /// Shows the tensor.
  public mutating func visitParts(_ visitor: inout PartVisitor) { visitor.visit(&self) }
}

extension Optional: TensorStructure where Wrapped: TensorStructure {
  /// Shows whether there is a value, and the value.
  public mutating func visitParts(_ visitor: inout PartVisitor) {
    visitor.note(.isPresent(self != nil))
    guard var value = self else { return }
    visitor(&value)
    self = value
  }
}

extension Array: TensorStructure where Element: TensorStructure {
  /// Shows the count and the elements.
  public mutating func visitParts(_ visitor: inout PartVisitor) {
    visitor.note(.count(count))
    for index in indices { visitor(&self[index]) }
  }
}

extension Dictionary: TensorStructure where Value: TensorStructure {
  /// Shows the keys and values, in the order of the keys' descriptions.
  public mutating func visitParts(_ visitor: inout PartVisitor) {
    visitor.note(.count(count))
    for (text, key) in keys.map({ ("\($0)", $0) }).sorted(by: { $0.0 < $1.0 }) {
      visitor.note(.text(text))
      visitor(&self[key]!)
    }
  }
}

extension String: TensorStructure {
  /// Shows the text, which is part of the structure.
  public mutating func visitParts(_ visitor: inout PartVisitor) { visitor.note(.text(self)) }
}

extension TensorScalar {
  /// Shows the number, which is part of the structure.
  public mutating func visitParts(_ visitor: inout PartVisitor) { visitor.note(.number(tensorScalar)) }
}

extension Length: TensorStructure, CapturedInput {
  /// Shows the bound, which is part of the structure, and the number, which is not.
  public mutating func visitParts(_ visitor: inout PartVisitor) { visitor.visit(&self) }

  /// The length itself.
  public var captured: Length { self }
}

/// What can be handed to a captured function where its parameter is a tensor or made of tensors: that itself, or for a
/// tensor a Swift number, which becomes an argument of the kernels and may be another one in each call.
public protocol CapturedInput {
  /// The type of the parameter.
  associatedtype Parameter: TensorStructure
  /// What the parameter is bound to.
  var captured: Parameter { get }
}

extension Tensor: CapturedInput {
  /// The tensor itself.
  public var captured: Tensor { self }
}

extension TensorScalar {
  /// The number as a scalar handed to the kernels; decimals are `float32`.
  public var captured: Tensor { .argument(self, dtype: Self.defaultDType) }
}

extension Bool: TensorStructure, CapturedInput {}
extension Int: TensorStructure, CapturedInput {}
extension Int32: TensorStructure, CapturedInput {}
extension Int64: TensorStructure, CapturedInput {}
extension UInt8: TensorStructure, CapturedInput {}
extension UInt32: TensorStructure, CapturedInput {}
extension Float: TensorStructure, CapturedInput {}
extension Double: TensorStructure, CapturedInput {}
