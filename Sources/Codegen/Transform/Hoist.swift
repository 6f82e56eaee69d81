import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Moves definitions out of loops in which they stay the same, as far as their operands allow.
  ///
  /// A load moves only if nothing in the loop writes its memory, and only where it is sure to be legal: the loop runs
  /// at least once, or the place is in range by the bounds of its variables alone. The same goes for a checked index.
  /// Nothing leaves a branch, nor a parallel loop, whose turns run apart. Constants stay beside their uses unless
  /// what uses them moves.
  package mutating func hoistInvariants() { body = hoisted(body) }

  private func hoisted(_ list: [Statement]) -> [Statement] {
    list.flatMap { statement -> [Statement] in
      guard case .loop(var loop) = statement else { return [statement.mapLists(hoisted)] }
      loop.body = hoisted(loop.body)
      if loop.kind == .parallel { return [.loop(loop)] }
      let (invariant, rest) = separate(loop)
      loop.body = rest
      return invariant + [.loop(loop)]
    }
  }

  /// Takes apart a loop's body: what may run before the loop instead, and what stays.
  private func separate(_ loop: Loop) -> (invariant: [Statement], rest: [Statement]) {
    let written = loop.body.writtenMemory
    let runs = loop.count.bounds.lowerBound > 0
    var varyingValues: Set<Value> = []
    var varyingVariables: Set<Int> = [loop.variable.id]
    var constants: [Value: Statement] = [:]
    var invariant: [Statement] = []
    var rest: [Statement] = []
    for statement in loop.body {
      switch statement {
      case .define(let value, .constant):
        constants[value] = statement
        rest.append(statement)
      case .define, .bind:
        let uses = CollectionOfOne(statement)
        let varies =
          !uses.usedVariables.isDisjoint(with: varyingVariables)
          || statement.operands.contains(where: varyingValues.contains)
          || !uses.touchedMemory.isDisjoint(with: written)
        if varies || !(runs || isHarmless(statement)) {
          varyingValues.formUnion(uses.definedValues)
          varyingVariables.formUnion(uses.boundVariables.map(\.id))
          rest.append(statement)
          continue
        }
        for operand in statement.operands {
          guard let constant = constants.removeValue(forKey: operand) else { continue }
          invariant.append(constant)
          rest.removeAll { $0 == constant }
        }
        invariant.append(statement)
      case .store, .accumulate, .multiplyAdd, .prefetch, .loop, .branch:
        rest.append(statement)
      }
    }
    return (invariant, rest)
  }

  /// Whether a definition may run where the program did not ask for it.
  private func isHarmless(_ statement: Statement) -> Bool {
    switch statement {
    case .bind, .store, .accumulate, .multiplyAdd, .prefetch, .loop, .branch: return false
    case .define(_, .load(let place, let mask)):
      guard mask.isAlways else { return false }
      let extents: [Int]
      switch place {
      case .buffer(let buffer, _): extents = [buffers[buffer].count]
      case .local(let local, _): extents = locals[local].extents
      }
      return zip(place.indices, extents).allSatisfy { index, extent in
        index.bounds.lowerBound >= 0 && index.bounds.upperBound < extent
      }
    case .define: return true
    }
  }
}
