import LazyOps
import LazyScheduler

// What `Loop.Kind` promises about a loop, checked.
extension LoopProgram {
  /// Returns why a loop may not be of its kind, or nil where it may.
  func fault(ofKind loop: Loop, isOutermost: Bool) -> String? {
    switch loop.kind {
    case .serial:
      return nil
    case .parallel:
      if !isOutermost { return "a parallel loop that is not outermost: \(loop.name)\(loop.variable.id)" }
      return dependence(in: loop, ignoringLocals: true)
    case .vector:
      return dependence(in: loop, ignoringLocals: false)
    case .unrolled:
      return loop.count.constantValue == nil ? "an unrolled loop without a constant count: \(text(.loop(loop)))" : nil
    case .lanes:
      guard let count = loop.count.constantValue, count > 0, count & (count - 1) == 0 else {
        return "lanes whose number is no constant power of two: \(text(.loop(loop)))"
      }
      guard let statement = loop.body.first(where: { !isOfLanes($0, loop.variable) }) else { return nil }
      return "lanes cannot do this: \(text(statement))"
    case .transposed:
      return Transposition(loop, in: self) == nil ? "no square that is transposed: \(text(.loop(loop)))" : nil
    }
  }

  private func dependence(in loop: Loop, ignoringLocals: Bool) -> String? {
    guard let (a, b) = conflict(in: loop, ignoringLocals: ignoringLocals) else { return nil }
    return "turns of \(loop.name)\(loop.variable.id) (\(loop.kind.rawValue)) may share an element: "
      + (a.place == b.place ? text(a.place) : "\(text(a.place)), \(text(b.place))")
  }

  private func isOfLanes(_ statement: Statement, _ variable: IndexVariable) -> Bool {
    switch statement {
    case .define(_, .constant), .define(_, .argument), .define(_, .binary(.add, _, _)),
      .define(_, .binary(.multiply, _, _)):
      return true
    case .define(_, .load(let place, let mask)):
      let isInvariant = !place.indices.contains { $0.contains(variable.id) }
      return mask.isAlways && (isInvariant || liesSideBySide(place, variable))
    case .store(let place, _):
      return liesSideBySide(place, variable)
    case .accumulate(.local(_, let indices), .sum, _), .multiplyAdd(.local(_, let indices), _, _):
      return indices.last == .variable(variable) && !indices.dropLast().contains { $0.contains(variable.id) }
    case .define, .bind, .accumulate, .multiplyAdd, .prefetch, .loop, .branch:
      return false
    }
  }

  /// Whether the turns' elements of a place are neighbours in memory.
  private func liesSideBySide(_ place: Place, _ variable: IndexVariable) -> Bool {
    place.indices.last?.coefficient(of: variable.id) == 1
      && !place.indices.dropLast().contains { $0.contains(variable.id) }
  }
}
