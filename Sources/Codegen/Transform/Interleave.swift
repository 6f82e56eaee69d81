import LazyOps
import LazyScheduler

extension LoopProgram {
  /// The turns of a loop that are written out inside a vector loop at most.
  private static let mostInterleaved = 4

  /// Brings short loops around a vector loop into it where their turns lie between each other in memory, and writes them
  /// out: the elements of a pooling window's row are then loaded and stored beside each other.
  ///
  ///     for j (2) { for i (vector) { x[2i + j] = f(i) } }    ->    for i (vector) { x[2i] = f(i); x[2i + 1] = f(i) }
  package mutating func interleave() {
    for outer in loops where outer.kind == .serial {
      guard let count = outer.count.constantValue, (2...LoopProgram.mostInterleaved).contains(count),
        case .loop(let inner)? = outer.body.last, inner.kind == .vector, !inner.body.contains(where: \.isLoop),
        liesBetween(outer.variable, count, inner), canInterchange(outer.variable.id)
      else { continue }
      var result = self
      result.interchange(outer.variable.id)
      guard result.canUnroll(outer.variable.id) else { continue }
      result.unroll(outer.variable.id)
      self = result
    }
  }

  /// Whether all accesses in which both loops' turns are apart are such that those of the inner one leave room for
  /// those of the outer one, and there are some.
  private func liesBetween(_ outer: IndexVariable, _ count: Int, _ inner: Loop) -> Bool {
    let strides = inner.body.accesses.compactMap { access -> (outer: Int, inner: Int)? in
      guard let index = access.place.indices.last, let a = index.coefficient(of: outer.id),
        let b = index.coefficient(of: inner.variable.id), a != 0, b != 0
      else { return nil }
      return (a, b)
    }
    return !strides.isEmpty && strides.allSatisfy { $0.inner == count * $0.outer }
  }
}
