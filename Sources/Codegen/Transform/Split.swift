package import LazyOps
import LazyScheduler

/// What happens to the turns left over when a loop's count is no multiple of the factor it is split by.
package enum Tail: Hashable, Sendable {
  /// A second loop with a copy of the body runs them: each loop's count is constant.
  case peeled
  /// The inner loop runs fewer turns at the end: its count is a minimum.
  case clamped
}

extension LoopProgram {
  /// Whether `split` may be called.
  package func canSplit(_ id: Int, by factor: Int, tail: Tail) -> Bool {
    (try? splitted(id, by: factor, tail: tail)) != nil
  }

  /// Splits a loop in two, of which the inner one runs `factor` turns; the turns keep their order.
  ///
  ///     for i in 0..<n { f(i) }    ->    for o in 0..<n/factor { for i in 0..<factor { f(o*factor + i) } }
  ///
  /// An outer loop of one turn is left out; its variable occurs nowhere then. The inner loop keeps the kind, but that
  /// of a parallel loop is serial. A peeled tail takes a constant count and no parallel loop.
  package mutating func split(
    _ id: Int, by factor: Int, tail: Tail
  ) -> (outer: IndexVariable, inner: IndexVariable) {
    insist(on: "split", of: id) { program throws(Refusal) in
      try program.splitted(id, by: factor, tail: tail)
    }
  }

  private func splitted(
    _ id: Int, by factor: Int, tail: Tail
  ) throws(Refusal) -> (LoopProgram, (outer: IndexVariable, inner: IndexVariable)) {
    let loop = try require(id)
    if factor < 1 { throw Refusal("the factor is \(factor)") }
    if loop.kind == .lanes { throw Refusal("lanes are one register") }
    var program = self
    let (parts, outer, inner) =
      switch tail {
      case .peeled: try program.peeled(loop, by: factor)
      case .clamped: try program.clamped(loop, by: factor)
      }
    program.replace(id, by: parts)
    try program.requireKinds(after: id, of: self)
    return (program, (outer, inner))
  }

  private typealias Parts = (statements: [Statement], outer: IndexVariable, inner: IndexVariable)

  private mutating func peeled(_ loop: Loop, by factor: Int) throws(Refusal) -> Parts {
    guard let count = loop.count.constantValue else { throw Refusal("the count of a peeled loop is not constant") }
    let (turns, rest) = (count / factor, count % factor)
    if rest > 0, loop.kind == .parallel { throw Refusal("the tail of a parallel loop would be a loop of its own") }
    let outer = makeVariable(extent: turns)
    let inner = makeVariable(extent: factor)
    var statements: [Statement] = []
    if turns > 0 { statements.append(nest(loop, .constant(turns), outer, .constant(factor), inner, factor)) }
    if rest > 0 {
      let variable = makeVariable(extent: rest)
      let position = Index(variable) + turns * factor
      // The first copy keeps the values' numbers, whichever it is.
      let replacing = [loop.variable.id: position]
      let body =
        turns > 0
        ? copy(loop.body, replacing: replacing) : loop.body.substituting(Substitution(indices: replacing))
      statements.append(
        .loop(
          Loop(
            variable: variable, name: loop.name, count: .constant(rest), kind: loop.kind, body: body)))
    }
    return (statements, outer, inner)
  }

  private mutating func clamped(_ loop: Loop, by factor: Int) throws(Refusal) -> Parts {
    let most = loop.variable.bounds.upperBound + 1
    let turns = (loop.count + (factor - 1)).floorDivide(by: factor)
    let outer = makeVariable(extent: most.ceilDivided(by: factor))
    let inner = makeVariable(extent: min(factor, most))
    let position = turns == .constant(1) ? .constant(0) : Index.variable(outer) * factor
    let count = Index.min(.constant(factor), loop.count - position)
    if loop.kind == .unrolled, count.constantValue == nil {
      throw Refusal("the inner count of an unrolled loop would not be constant")
    }
    return ([nest(loop, turns, outer, count, inner, factor)], outer, inner)
  }

  private func nest(
    _ loop: Loop, _ turns: Index, _ outer: IndexVariable, _ count: Index, _ inner: IndexVariable, _ factor: Int
  ) -> Statement {
    let isFolded = turns == .constant(1)
    let position = (isFolded ? .constant(0) : Index(outer) * factor) + Index(inner)
    var (outerKind, innerKind): (Loop.Kind, Loop.Kind) = (.serial, loop.kind)
    if loop.kind == .parallel, !isFolded { (outerKind, innerKind) = (.parallel, .serial) }
    let body = loop.body.substituting(Substitution(indices: [loop.variable.id: position]))
    let inside = Loop(variable: inner, name: loop.name, count: count, kind: innerKind, body: body)
    if isFolded { return .loop(inside) }
    return .loop(Loop(variable: outer, name: loop.name, count: turns, kind: outerKind, body: [.loop(inside)]))
  }
}
