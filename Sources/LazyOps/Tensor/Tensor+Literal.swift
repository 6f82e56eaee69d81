/// What stands in an array literal of a tensor: a number, a truth value, or a list of them.
public enum TensorLiteral: Sendable {
  /// A number.
  case number(Scalar)
  /// A truth value.
  case truth(Bool)
  /// A list; all in it have one shape.
  case list([TensorLiteral])
}

extension TensorLiteral: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
  /// Creates a number.
  public init(integerLiteral value: Int) { self = .number(.integer(Int64(value))) }
  /// Creates a decimal.
  public init(floatLiteral value: Double) { self = .number(.real(value)) }
  /// Creates a truth value.
  public init(booleanLiteral value: Bool) { self = .truth(value) }
}

extension TensorLiteral: ExpressibleByArrayLiteral {
  /// Creates a list.
  public init(arrayLiteral elements: TensorLiteral...) { self = .list(elements) }
}

extension Tensor: ExpressibleByArrayLiteral {
  /// Creates a tensor from nested lists of numbers: `let x: Tensor = [[1, 2.5], [3, 4]]`.
  ///
  /// It is `float32` where one number at least is a decimal, else `int64`, and `bool` where all are truth values. Lists
  /// at one level have equal counts: a ragged literal is a programmer's error.
  public init(arrayLiteral elements: TensorLiteral...) {
    let literal = TensorLiteral.list(elements)
    let extents = literal.extents
    var scalars: [Scalar] = []
    var kind = TensorLiteral.Kind.truths
    literal.collect(into: &scalars, kind: &kind, extents: extents[...])
    // No number says what the elements of an empty literal are.
    if scalars.isEmpty { kind = .decimals }
    let shape = Shape(extents)
    switch kind {
    case .truths: self.init(shape: shape, scalars.map(\.isTrue))
    case .integers: self.init(shape: shape, scalars.map(\.int64))
    case .decimals: self.init(shape: shape, scalars.map(\.double))
    }
  }
}

extension TensorLiteral {
  fileprivate var extents: [Int] {
    switch self {
    case .number, .truth: []
    case .list(let elements): [elements.count] + (elements.first?.extents ?? [])
    }
  }

  /// What the elements of a literal are.
  fileprivate enum Kind { case truths, integers, decimals }

  /// Appends the numbers in row-major order and widens `kind` to what holds them.
  fileprivate func collect(into scalars: inout [Scalar], kind: inout Kind, extents: ArraySlice<Int>) {
    switch self {
    case .number(let scalar):
      Tensor.require(extents.isEmpty, "Tensor", "literal is ragged: a number beside a list")
      if case .real = scalar { kind = .decimals } else if kind == .truths { kind = .integers }
      scalars.append(scalar)
    case .truth(let value):
      Tensor.require(extents.isEmpty, "Tensor", "literal is ragged: a truth value beside a list")
      scalars.append(.integer(value ? 1 : 0))
    case .list(let elements):
      Tensor.require(
        elements.count == extents.first, "Tensor",
        "literal is ragged: \(elements.count) elements beside \(extents.first.map { "\($0)" } ?? "a number")")
      for element in elements { element.collect(into: &scalars, kind: &kind, extents: extents.dropFirst()) }
    }
  }
}
