import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Moves a loop inwards as far as it goes, and makes what becomes innermost a loop of a kind: one that runs in vector
  /// lanes, or one that is written out.
  ///
  ///     for i { a[i] = 0; for k { a[i] += f(i, k) } }    ->    for i (vector) { a[i] = 0 }
  ///                                                            for k { for i (vector) { a[i] += f(i, k) } }
  ///
  /// The loop is swapped with a loop that is all its body, and distributed over several parts. Where neither is legal
  /// it stays.
  package mutating func sink(_ id: Int, as kind: Loop.Kind = .vector) {
    guard let loop = loop(id) else { return }
    guard loop.body.contains(where: { $0.isLoop }) else {
      if let marked = try? marked(id, kind) { self = marked }
      return
    }
    if canInterchange(id) {
      interchange(id)
      sink(id, as: kind)
    } else if canDistribute(id) {
      let parts = distribute(id)
      // One part that is no perfect nest either cannot be taken further.
      if parts.count > 1 { for part in parts { sink(part.id, as: kind) } }
    }
  }

  /// Makes one parallel loop of as many of the outermost loops as allow it; `ids` names them from the outside in.
  package mutating func shareAmongThreads(_ ids: [Int]) {
    // Most often all of them do; then one proof is enough.
    guard let first = ids.first else { return }
    var outermost = first
    var whole = self
    for _ in ids.dropFirst() where whole.canCollapse(outermost) { outermost = whole.collapse(outermost).id }
    if let shared = try? whole.marked(outermost, .parallel) {
      self = shared
      return
    }
    guard let shared = try? marked(first, .parallel) else { return }
    self = shared
    outermost = first
    for _ in ids.dropFirst() {
      guard let (wider, variable) = try? collapsed(outermost) else { continue }
      self = wider
      outermost = variable.id
    }
  }

  /// Lets every innermost loop that may run in vector lanes do so.
  package mutating func vectorizeInnermost() {
    for loop in loops where loop.kind == .serial && !loop.body.contains(where: { $0.isLoop }) {
      if loop.count != .constant(1), let marked = try? marked(loop.variable.id, .vector) { self = marked }
    }
  }

  /// Tidies up after transformations: what is invariant leaves its loops, what nobody uses goes.
  package mutating func tidy() {
    mergeCommonValues()
    hoistInvariants()
    mergeCommonValues()
    removeDeadCode()
    renumber()
  }
}

extension Statement {
  /// Whether the statement is a loop.
  var isLoop: Bool { if case .loop = self { true } else { false } }
}
