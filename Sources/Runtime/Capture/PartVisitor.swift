import LazyOps

/// Walks through the parts of a value that a captured function takes or returns: see `TensorStructure`.
public struct PartVisitor {
  /// One thing the walk comes by. A captured function works for values of equal lists only.
  enum Part: Equatable {
    case tensor(Shape, DType)
    case length(bound: Int)
    case isPresent(Bool)
    case count(Int)
    case text(String)
    case number(Scalar)
  }

  private enum Purpose {
    /// Lists parts and tensors.
    case list
    /// Compares parts with a list, and lists the tensors.
    case compare
    /// Puts the tensors of a list in the places of those in the value.
    case replace
  }

  private let purpose: Purpose
  /// The parts so far, or those that are expected.
  private(set) var parts: [Part]
  /// The tensors so far, or those to be put in their places.
  private(set) var tensors: [Tensor]
  /// The number of parts, or where they are replaced of tensors, that have been passed.
  private var position = 0
  /// The first part that was not as expected.
  private(set) var mismatch: (expected: Part?, found: Part)?

  private init(_ purpose: Purpose, parts: [Part], tensors: [Tensor]) {
    (self.purpose, self.parts, self.tensors) = (purpose, parts, tensors)
  }

  /// Makes a visitor that lists parts and tensors.
  static var lister: PartVisitor { PartVisitor(.list, parts: [], tensors: []) }

  /// Makes a visitor that compares parts with `parts`, and appends the tensors to `tensors`.
  static func comparer(_ parts: [Part], into tensors: [Tensor]) -> PartVisitor {
    PartVisitor(.compare, parts: parts, tensors: tensors)
  }

  /// Makes a visitor that puts `tensors` in the places of those it comes by.
  static func replacer(_ tensors: [Tensor]) -> PartVisitor { PartVisitor(.replace, parts: [], tensors: tensors) }

  /// Visits a part of a value: a tensor, a number, or what is itself made of parts.
  public mutating func callAsFunction(_ part: inout some TensorStructure) { part.visitParts(&self) }

  /// Returns a value after visiting it.
  mutating func visited<Value: TensorStructure>(_ value: Value) -> Value {
    var value = value
    value.visitParts(&self)
    return value
  }

  /// What was expected and has not come, once the walk is over.
  var missing: Part? { purpose == .compare && mismatch == nil && position < parts.count ? parts[position] : nil }

  mutating func visit(_ tensor: inout Tensor) {
    if purpose == .replace {
      tensor = tensors[position]
      position += 1
    } else {
      Tensor.require(
        !tensor.shape.isVariable, "compiled",
        "a tensor of shape \(tensor.shape) is taken or returned: a captured function takes the whole tensor and the length, "
          + "and returns what has no axis of run-time length")
      note(.tensor(tensor.shape, tensor.dtype))
      tensors.append(tensor)
    }
  }

  mutating func visit(_ length: inout Length) {
    if purpose == .replace {
      length = Length(node: tensors[position].node)
      position += 1
    } else {
      note(.length(bound: length.bound))
      tensors.append(Tensor(node: length.node))
    }
  }

  mutating func note(_ part: Part) {
    switch purpose {
    case .list: parts.append(part)
    case .compare:
      let expected = position < parts.count ? parts[position] : nil
      position += 1
      if expected != part && mismatch == nil { mismatch = (expected, part) }
    case .replace: return
    }
  }
}

extension PartVisitor.Part: CustomStringConvertible {
  var description: String {
    switch self {
    case .tensor(let shape, let dtype): "\(dtype)\(shape)"
    case .length(let bound): "a length up to \(bound)"
    case .isPresent(let isPresent): isPresent ? "a value" : "nil"
    case .count(let count): "a list of \(count)"
    case .text(let text): "\"\(text)\""
    case .number(let scalar): "the number \(scalar)"
    }
  }
}

/// Counts the tensors in a value by reflection, to find those that its `visitParts` forgets. Objects are not entered.
func tensorCount(in value: Any) -> Int {
  if value is Tensor { return 1 }
  if value is any TensorConvertible { return 0 }
  let mirror = Mirror(reflecting: value)
  if mirror.displayStyle == .class { return 0 }
  return mirror.children.reduce(0) { $0 + tensorCount(in: $1.value) }
}
