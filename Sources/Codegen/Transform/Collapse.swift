package import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Whether `collapse` may be called.
  package func canCollapse(_ id: Int) -> Bool { (try? collapsed(id)) != nil }

  /// Makes one loop of a loop and the one that is all its body, whose count is a constant n; the turns keep their
  /// order. Definitions before the inner loop go into it.
  ///
  ///     for i { for j in 0..<n { f(i, j) } }    ->    for x { f(x/n, x%n) }
  ///
  /// The new loop is of the kind both have, and parallel where the outer one is and the turns of both are independent;
  /// otherwise it is serial.
  package mutating func collapse(_ id: Int) -> IndexVariable {
    insist(on: "collapse", of: id) { program throws(Refusal) in try program.collapsed(id) }
  }

  /// The program with two loops made one, and that one's variable.
  func collapsed(_ id: Int) throws(Refusal) -> (LoopProgram, IndexVariable) {
    let (outer, inner) = try perfectNest(id)
    guard let count = inner.count.constantValue, count > 0 else { throw Refusal("the inner count is not constant") }
    if inner.kind == .lanes { throw Refusal("lanes are one register") }
    var program = self
    let variable = program.makeVariable(extent: (outer.variable.bounds.upperBound + 1) * count)
    let position = Index(variable)
    let body = inner.body.substituting(
      Substitution(indices: [
        outer.variable.id: position.floorDivide(by: count), inner.variable.id: position.modulo(count),
      ]))
    let name = outer.name == inner.name ? outer.name : "\(outer.name)_\(inner.name)"
    var loop = Loop(
      variable: variable, name: name, count: outer.count * count, kind: inner.kind == outer.kind ? outer.kind : .serial,
      body: body)
    program.replace(id, by: [.loop(loop)])
    if outer.kind == .parallel {
      guard program.canParallelize(variable.id) else {
        throw Refusal("inner turns of a parallel loop depend on others")
      }
      loop.kind = .parallel
      program.replace(variable.id, by: [.loop(loop)])
    }
    try program.requireKinds(after: id, of: self)
    return (program, variable)
  }
}
