package import LazyOps
package import LazyScheduler

/// What to put in place of index variables, values and places throughout statements.
///
/// A loop whose count turns out smaller gets a variable of narrower bounds, under the same id.
package struct Substitution {
  /// What stands for a variable wherever it is used, by the variable's id.
  package var indices: [Int: Index]
  /// New variables for the loops and binds that introduce them, by the old one's id; uses follow.
  package var variables: [Int: IndexVariable]
  /// New numbers for values, where they are defined and where they are used.
  package var values: [Value: Value]
  /// What becomes of a place, before its index expressions are replaced.
  package var place: (Place) -> Place

  package init(
    indices: [Int: Index] = [:], variables: [Int: IndexVariable] = [:], values: [Value: Value] = [:],
    place: @escaping (Place) -> Place = { $0 }
  ) {
    self.indices = indices
    self.variables = variables
    self.values = values
    self.place = place
  }

  private func replacement(_ variable: IndexVariable) -> Index? {
    indices[variable.id] ?? variables[variable.id].map { Index($0) }
  }

  func callAsFunction(_ index: Index) -> Index { index.substituting(replacement) }

  func callAsFunction(_ condition: Condition) -> Condition { condition.substituting(replacement) }

  func callAsFunction(_ mask: Mask) -> Mask { mask.substituting(replacement) }

  func callAsFunction(_ place: Place) -> Place { self.place(place).substituting(replacement) }

  func callAsFunction(_ value: Value) -> Value { values[value] ?? value }

  func callAsFunction(_ instruction: Instruction) -> Instruction {
    if case .load(let place, let mask) = instruction { return .load(self(place), self(mask)) }
    return instruction.map(values: { self($0) }, replacing: replacement)
  }

  func callAsFunction(_ statement: Statement) -> Statement {
    switch statement {
    case .define(let value, let instruction): return .define(self(value), self(instruction))
    case .bind(let variable, let value, let failure):
      return .bind(variables[variable.id] ?? variable, self(value), failure: failure)
    case .store(let place, let value): return .store(self(place), self(value))
    case .accumulate(let place, let op, let value): return .accumulate(self(place), op, self(value))
    case .multiplyAdd(let place, let a, let b): return .multiplyAdd(self(place), self(a), self(b))
    case .prefetch(let place): return .prefetch(self(place))
    case .loop(var loop):
      var inner = self
      let id = loop.variable.id
      loop.variable = variables[id] ?? loop.variable
      loop.count = self(loop.count)
      let last = max(loop.count.bounds.upperBound - 1, 0)
      if last < loop.variable.bounds.upperBound {
        loop.variable = IndexVariable(id: loop.variable.id, bounds: 0...last)
        inner.indices[id] = Index(loop.variable)
      }
      loop.body = loop.body.map { inner($0) }
      return .loop(loop)
    case .branch(let condition, let then, let otherwise):
      return .branch(self(condition), then.map { self($0) }, otherwise.map { self($0) })
    }
  }
}

extension [Statement] {
  /// Returns the statements with variables, values and places replaced, at every depth.
  package func substituting(_ substitution: Substitution) -> [Statement] { map { substitution($0) } }
}
