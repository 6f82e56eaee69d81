public import LazyOps

extension Module {
  /// The parameters' values by name. They are those of this moment: training on does not change them.
  public func stateDictionary() -> [String: Tensor] {
    Dictionary(uniqueKeysWithValues: namedParameters().map { ($0.name, $0.parameter.value.detached()) })
  }

  /// Assigns the parameters from values by name, converted to the parameters' dtypes; all or, if it throws, none.
  ///
  /// Of the names of tied parameters one is enough.
  /// - Parameter strict: whether names that are missing or that no parameter has are errors, or left out of account.
  /// - Throws: `StateDictionaryError`.
  public func load(stateDictionary values: [String: Tensor], strict: Bool = true) throws(StateDictionaryError) {
    let named = namedParameters()
    let names = Set(named.map(\.name))
    let present = named.filter { values[$0.name] != nil }
    let given = Set(present.map { ObjectIdentifier($0.parameter) })
    var error = StateDictionaryError()
    if strict {
      error.missing = named.filter { !given.contains(ObjectIdentifier($0.parameter)) }.map(\.name).sorted()
      error.unexpected = values.keys.filter { !names.contains($0) }.sorted()
    }
    error.misshaped = present.compactMap { name, parameter in
      let found = values[name]!.shape
      return found == parameter.shape ? nil : .init(name: name, expected: parameter.shape, found: found)
    }
    guard error.isEmpty else { throw error }
    Parameter.assign(present.map { ($0.parameter, values[$0.name]!.cast(to: $0.parameter.dtype)) })
  }
}

/// How a state dictionary and a module do not fit.
public struct StateDictionaryError: Error, Hashable, Sendable {
  /// A value whose shape is not the parameter's.
  public struct Misshaped: Hashable, Sendable {
    /// The name of both.
    public let name: String
    /// The parameter's shape.
    public let expected: Shape
    /// The value's shape.
    public let found: Shape
  }

  /// The parameters' names that the dictionary has not.
  public internal(set) var missing: [String] = []
  /// The dictionary's names that no parameter has.
  public internal(set) var unexpected: [String] = []
  /// The values of wrong shape.
  public internal(set) var misshaped: [Misshaped] = []

  var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && misshaped.isEmpty }
}

extension StateDictionaryError: CustomStringConvertible {
  /// All that does not fit, a line each, and what to do about names.
  public var description: String {
    var lines = ["[load] the state dictionary does not fit the module"]
    if !missing.isEmpty { lines.append("missing: \(missing.joined(separator: ", "))") }
    if !unexpected.isEmpty { lines.append("unexpected: \(unexpected.joined(separator: ", "))") }
    lines += misshaped.map { "\($0.name) is of shape \($0.found), the parameter of \($0.expected)" }
    if !missing.isEmpty || !unexpected.isEmpty {
      lines.append("hint: rename the entries, or pass strict: false to load only those that both have")
    }
    return lines.joined(separator: "\n  ")
  }
}
