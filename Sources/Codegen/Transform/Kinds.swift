import LazyOps
import LazyScheduler

// The transformations that only mark a loop, each with the check that the mark tells the truth.
extension LoopProgram {
  /// Whether the turns of a loop are independent, so that they may run side by side in a vector.
  package func canVectorize(_ id: Int) -> Bool { canMark(id, .vector) }

  /// Lets the C compiler run the turns of a loop side by side; see `Loop.Kind.vector`.
  package mutating func vectorize(_ id: Int) { mark(id, .vector) }

  /// Whether a loop's count is constant.
  package func canUnroll(_ id: Int) -> Bool { canMark(id, .unrolled) }

  /// Has a loop written out turn by turn.
  package mutating func unroll(_ id: Int) { mark(id, .unrolled) }

  /// Whether a loop holds only what one vector register at a time can do; see `Loop.Kind.lanes`.
  package func canUseLanes(_ id: Int) -> Bool { canMark(id, .lanes) }

  /// Makes a loop one vector register wide.
  package mutating func useLanes(_ id: Int) { mark(id, .lanes) }

  /// Whether a loop is outermost, its turns write no element of a buffer that another turn touches, and no local
  /// carries anything into a turn or out of it.
  package func canParallelize(_ id: Int) -> Bool { canMark(id, .parallel) }

  /// Shares the turns of an outermost loop among threads.
  package mutating func parallelize(_ id: Int) { mark(id, .parallel) }

  private func canMark(_ id: Int, _ kind: Loop.Kind) -> Bool { (try? marked(id, kind)) != nil }

  private mutating func mark(_ id: Int, _ kind: Loop.Kind) {
    insist(on: "mark as \(kind.rawValue)", of: id) { program throws(Refusal) in (try program.marked(id, kind), ()) }
  }

  /// The program with a loop marked, if the mark tells the truth.
  func marked(_ id: Int, _ kind: Loop.Kind) throws(Refusal) -> LoopProgram {
    var loop = try require(id)
    if loop.kind == .parallel, kind != .parallel { throw Refusal("its turns are shared among threads already") }
    loop.kind = kind
    if let fault = fault(ofKind: loop, isOutermost: isTopLevel(id)) { throw Refusal(fault) }
    var program = self
    if kind == .parallel { loop = try program.privatized(loop) }
    program.replace(id, by: [.loop(loop)])
    return program
  }

  /// Gives a loop locals of its own in place of those that others use too.
  private mutating func privatized(_ loop: Loop) throws(Refusal) -> Loop {
    let id = loop.variable.id
    var renamed: [Int: Int] = [:]
    for case .local(let local) in loop.body.accesses.map(\.place.memory) where renamed[local] == nil {
      if !isPrivate(local, to: id) { throw Refusal("\(locals[local].name) lives across turns") }
      renamed[local] = local
      if isUsed(local, outside: id) {
        renamed[local] = makeLocal(locals[local].name, locals[local].dtype, locals[local].extents)
      }
    }
    var result = loop
    result.body = loop.body.substituting(
      Substitution(place: { place in
        guard case .local(let local, let indices) = place else { return place }
        return .local(renamed[local] ?? local, indices)
      }))
    return result
  }

  /// Whether a local is used outside a top-level loop other than in parallel ones, where each turn has its own.
  private func isUsed(_ local: Int, outside id: Int) -> Bool {
    body.contains { statement in
      if case .loop(let loop) = statement, loop.variable.id == id || loop.kind == .parallel { return false }
      return CollectionOfOne(statement).touchedMemory.contains(.local(local))
    }
  }
}
