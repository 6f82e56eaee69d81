import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Whether `specialize` may be called.
  package func canSpecialize(_ id: Int, inBodyOf enclosing: Int) -> Bool {
    (try? specialized(id, inBodyOf: enclosing)) != nil
  }

  /// Gives full tiles a constant count. The loop's count is the minimum of a number f and an expression; the body of
  /// a loop around it becomes a branch: where the expression is at least f, the body with the count f; else the body as
  /// it was. Other loops in it with the same count get f too.
  ///
  /// The full tile keeps its variables' ids and its values' numbers, the other one is a copy with its own.
  package mutating func specialize(_ id: Int, inBodyOf enclosing: Int) {
    insist(on: "specialize", of: id) { program throws(Refusal) in
      (try program.specialized(id, inBodyOf: enclosing), ())
    }
  }

  private func specialized(_ id: Int, inBodyOf enclosing: Int) throws(Refusal) -> LoopProgram {
    let loop = try require(id)
    var outer = try require(enclosing)
    guard case .minimum(let rest, .constant(let full)) = loop.count else {
      throw Refusal("its count is no minimum with a constant")
    }
    guard enclosing != id, path(to: id)!.contains(where: { $0.variable.id == enclosing }) else {
      throw Refusal("it is not inside the loop of i\(enclosing)")
    }
    let inside = Set(outer.body.boundVariables.map(\.id))
    if rest.variables.contains(where: { inside.contains($0.id) }) {
      throw Refusal("its count is not known before the body of the loop of i\(enclosing)")
    }
    func filled(_ list: [Statement]) -> [Statement] {
      list.map { statement in
        guard case .loop(var inner) = statement else { return statement.mapLists(filled) }
        if inner.count == loop.count { inner.count = .constant(full) }
        inner.body = filled(inner.body)
        return .loop(inner)
      }
    }
    var program = self
    let partial = program.copy(outer.body)
    outer.body = [.branch(Condition(rest, in: full..<Int.max), filled(outer.body), partial)]
    program.replace(enclosing, by: [.loop(outer)])
    try program.requireKinds(after: enclosing, of: self)
    return program
  }
}
