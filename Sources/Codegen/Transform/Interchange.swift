import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Whether `interchange` may be called.
  package func canInterchange(_ id: Int) -> Bool { (try? interchanged(id)) != nil }

  /// Swaps a loop with the one that is all its body; definitions before that one go into it.
  ///
  ///     for i { for j { f(i, j) } }    ->    for j { for i { f(i, j) } }
  ///
  /// It is legal where each pair of accesses to one element, one of them a write, happens within one turn of one of
  /// the two loops: then no two of them change places. Locals that each turn fills anew do not count.
  package mutating func interchange(_ id: Int) {
    insist(on: "interchange", of: id) { program throws(Refusal) in (try program.interchanged(id), ()) }
  }

  private func interchanged(_ id: Int) throws(Refusal) -> LoopProgram {
    let (outer, inner) = try perfectNest(id)
    if outer.kind == .parallel || inner.kind == .parallel { throw Refusal("a parallel loop stays outermost") }
    if inner.kind == .lanes || outer.kind == .lanes { throw Refusal("lanes stay innermost") }
    let inside = Set(inner.body.boundVariables.map(\.id))
    let accesses = inner.body.accesses.filter {
      if case .local(let local) = $0.place.memory { return !isPrivate(local, to: inner.variable.id) }
      return true
    }
    let pair = conflict(accesses, accesses) { a, b in
      areApart(a, b, turns: outer.variable, inside: inside.union([inner.variable.id]))
        || areApart(a, b, turns: inner.variable, inside: inside.union([outer.variable.id]))
    }
    if let pair { throw Refusal("the order of \(text(pair.0.place)) and \(text(pair.1.place)) would change") }
    var (newOuter, newInner) = (inner, outer)
    newInner.body = inner.body
    newOuter.body = [.loop(newInner)]
    var program = self
    program.replace(id, by: [.loop(newOuter)])
    try program.requireKinds(after: id, of: self)
    return program
  }

  /// Returns a loop and the one that is all its body, into which the definitions before it have been moved.
  func perfectNest(_ id: Int) throws(Refusal) -> (outer: Loop, inner: Loop) {
    let outer = try require(id)
    guard case .loop(var inner) = outer.body.last else { throw Refusal("its body does not end with a loop") }
    let before = outer.body.dropLast()
    guard before.allSatisfy(\.isDefinition) else { throw Refusal("there is more in its body than a loop") }
    let bound = before.boundVariables.map(\.id) + [outer.variable.id]
    if bound.contains(where: inner.count.contains) { throw Refusal("the inner count depends on the outer loop") }
    let written = inner.body.writtenMemory
    if before.accesses.contains(where: { written.contains($0.place.memory) }) {
      throw Refusal("what is loaded before the inner loop is written in it")
    }
    if bound.count > 1, inner.count.bounds.lowerBound < 1 {
      throw Refusal("an index is checked before an inner loop that may not run")
    }
    inner.body = before + inner.body
    return (outer, inner)
  }
}
