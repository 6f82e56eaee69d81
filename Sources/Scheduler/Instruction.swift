package import LazyOps

/// A value by its number: in a stage of a schedule, and in a loop program.
package typealias Value = Int

/// Where an element lives: in a buffer at a flat index, or in a kernel's own small array at one index an extent.
package enum Place: Hashable, Sendable {
  case buffer(Int, Index)
  case local(Int, [Index])

  /// The place with index variables replaced.
  package func substituting(_ replace: (IndexVariable) -> Index?) -> Place {
    switch self {
    case .buffer(let buffer, let index): .buffer(buffer, index.substituting(replace))
    case .local(let local, let indices): .local(local, indices.map { $0.substituting(replace) })
    }
  }

  /// Whether both lie in one array.
  package func isSameArray(as other: Place) -> Bool {
    switch (self, other) {
    case (.buffer(let a, _), .buffer(let b, _)): a == b
    case (.local(let a, _), .local(let b, _)): a == b
    case (.buffer, .local), (.local, .buffer): false
    }
  }

  /// The index expressions that select the element.
  package var indices: [Index] {
    switch self {
    case .buffer(_, let index): [index]
    case .local(_, let indices): indices
    }
  }
}

/// How a value comes about.
package enum Instruction: Hashable, Sendable {
  case constant(Scalar)
  /// The kernel's scalar argument of that number.
  case argument(Int)
  /// An index expression as a number of the value's type.
  case index(Index)
  /// The element at a place; 0, and no access to memory, where the mask does not hold.
  case load(Place, Mask)
  case unary(UnaryOp, Value)
  case binary(BinaryOp, Value, Value)
  /// The second value where the first (bool) is true, else the third.
  case select(Value, Value, Value)
  /// The operand converted to the value's type.
  case cast(Value)
  /// The operand's bits read as the value's type.
  case bitcast(Value)
  /// Whether the mask holds, as bool.
  case test(Mask)

  /// The values this one is computed from.
  package var operands: [Value] {
    switch self {
    case .constant, .argument, .index, .load, .test: []
    case .unary(_, let a), .cast(let a), .bitcast(let a): [a]
    case .binary(_, let a, let b): [a, b]
    case .select(let a, let b, let c): [a, b, c]
    }
  }

  /// The instruction with other value numbers and index variables replaced.
  package func map(values: (Value) -> Value, replacing replace: (IndexVariable) -> Index?) -> Instruction {
    switch self {
    case .constant, .argument: self
    case .index(let index): .index(index.substituting(replace))
    case .load(let place, let mask): .load(place.substituting(replace), mask.substituting(replace))
    case .unary(let op, let a): .unary(op, values(a))
    case .binary(let op, let a, let b): .binary(op, values(a), values(b))
    case .select(let a, let b, let c): .select(values(a), values(b), values(c))
    case .cast(let a): .cast(values(a))
    case .bitcast(let a): .bitcast(values(a))
    case .test(let mask): .test(mask.substituting(replace))
    }
  }
}
