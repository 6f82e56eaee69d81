import LazyOps
import LazyScheduler

/// Why a transformation would change what a program computes, or has nothing to work on.
struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

// How transformations find, replace and copy parts of a program. They address loops by the ids of their variables.
extension LoopProgram {
  /// Returns the loop whose variable has an id, or nil where there is none.
  package func loop(_ id: Int) -> Loop? { path(to: id)?.last }

  /// The loops of the program, outer before inner.
  package var loops: [Loop] {
    var loops: [Loop] = []
    body.forEachStatement { if case .loop(let loop) = $0 { loops.append(loop) } }
    return loops
  }

  /// Returns the loops around a loop and the loop itself, from the outside in, or nil where there is no such loop.
  package func path(to id: Int) -> [Loop]? { LoopProgram.path(to: id, in: body) }

  private static func path(to id: Int, in statements: [Statement]) -> [Loop]? {
    for statement in statements {
      if case .loop(let loop) = statement {
        if loop.variable.id == id { return [loop] }
        if let inner = path(to: id, in: loop.body) { return [loop] + inner }
      } else {
        for list in statement.lists { if let inner = path(to: id, in: list) { return inner } }
      }
    }
    return nil
  }

  /// Returns the loop of an id, or refuses.
  func require(_ id: Int) throws(Refusal) -> Loop {
    guard let loop = loop(id) else { throw Refusal("there is no such loop") }
    return loop
  }

  /// Refuses to make a local inside a vector loop: its turns would share it.
  func requireOwnLocals(in id: Int) throws(Refusal) {
    let kinds = path(to: id)?.dropLast().map(\.kind) ?? []
    if kinds.contains(.vector) { throw Refusal("turns of a vector loop would share a new local") }
  }

  /// Refuses a change of the loop of an id after which parallel or vector loops could no longer be shown to be such.
  func requireKinds(after id: Int, of old: LoopProgram) throws(Refusal) {
    func isIndependent(_ loop: Loop) -> Bool { loop.kind == .parallel || loop.kind == .vector }
    guard let path = old.path(to: id), let loop = path.last else { return }
    var isAffected = path.contains(where: isIndependent)
    loop.body.forEachStatement { if case .loop(let loop) = $0, isIndependent(loop) { isAffected = true } }
    if !isAffected { return }
    for loop in loops where isIndependent(loop) {
      if let fault = fault(ofKind: loop, isOutermost: isTopLevel(loop.variable.id)) { throw Refusal(fault) }
    }
  }

  /// Whether a loop stands directly in the program's body.
  func isTopLevel(_ id: Int) -> Bool {
    body.contains {
      if case .loop(let loop) = $0 { return loop.variable.id == id }
      return false
    }
  }

  /// Puts statements in place of the loop of an id.
  mutating func replace(_ id: Int, by statements: [Statement]) {
    func replaced(_ list: [Statement]) -> [Statement] {
      list.flatMap { statement -> [Statement] in
        if case .loop(let loop) = statement, loop.variable.id == id { return statements }
        return [statement.mapLists(replaced)]
      }
    }
    body = replaced(body)
  }

  /// Does what `change` returns, or stops with the reason why it is illegal: a caller asks `can...` before.
  mutating func insist<Result>(
    on name: String, of id: Int, _ change: (LoopProgram) throws(Refusal) -> (LoopProgram, Result)
  ) -> Result {
    do throws(Refusal) {
      let (program, result) = try change(self)
      self = program
      return result
    } catch {
      preconditionFailure("bug: cannot \(name) the loop of i\(id) in \(self.name): \(error.reason)")
    }
  }

  /// Makes an index variable that counts from 0 to `extent` - 1.
  mutating func makeVariable(extent: Int) -> IndexVariable { makeVariable(bounds: 0...max(extent - 1, 0)) }

  mutating func makeVariable(bounds: ClosedRange<Int>) -> IndexVariable {
    defer { nextVariable += 1 }
    return IndexVariable(id: nextVariable, bounds: bounds)
  }

  /// Makes a value of a type.
  mutating func makeValue(_ dtype: DType) -> Value {
    values.append(dtype)
    return values.count - 1
  }

  /// Makes a local, under the name given or that name with a number.
  mutating func makeLocal(_ name: String, _ dtype: DType, _ extents: [Int]) -> Int {
    let taken = Set(locals.map(\.name) + buffers.map(\.name))
    var unique = name
    var number = 1
    while taken.contains(unique) {
      number += 1
      unique = "\(name)_\(number)"
    }
    locals.append(Local(name: unique, dtype: dtype, extents: extents))
    return locals.count - 1
  }

  /// Returns a copy of statements with values and index variables of its own, and uses of some variables, by their
  /// ids, replaced.
  mutating func copy(_ statements: [Statement], replacing indices: [Int: Index] = [:]) -> [Statement] {
    var substitution = Substitution(indices: indices)
    for variable in statements.boundVariables {
      substitution.variables[variable.id] = makeVariable(bounds: variable.bounds)
    }
    for value in statements.definedValues.sorted() { substitution.values[value] = makeValue(values[value]) }
    return statements.substituting(substitution)
  }
}
