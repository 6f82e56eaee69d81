import LazyOps

extension Section {
  /// Reads what is left of buffer `old` from buffer `new`, which takes its memory over and is written here.
  mutating func take(_ old: Int, over new: Int) {
    guard let gone = buffers.firstIndex(of: old) else { return }
    buffers.remove(at: gone)
    let kept = buffers.firstIndex(of: new)!
    func renumbered(_ place: Place) -> Place {
      guard case .buffer(let buffer, let index) = place else { return place }
      return .buffer(buffer == gone ? kept : buffer > gone ? buffer - 1 : buffer, index)
    }
    for stage in stages.indices { stages[stage].replacePlaces(renumbered) }
  }

  /// Whether buffer `new`, which the section writes, can take the memory of buffer `old`, which it reads: every element
  /// of the old one is read in the turn that writes the new one there, or before it at the same point of the grid.
  func canTake(_ old: Int, over new: Int) -> Bool {
    guard let new = buffers.firstIndex(of: new), let old = buffers.firstIndex(of: old), old != new else { return false }
    var writing: (stage: Int, index: Index)?
    for (number, stage) in stages.enumerated() {
      for result in stage.results {
        guard case .buffer(let buffer, let index) = result.place, buffer == new || buffer == old else { continue }
        guard buffer == new, case .store = result, writing == nil else { return false }
        writing = (number, index)
      }
    }
    guard let writing else { return false }
    for (number, stage) in stages.enumerated() {
      for case .define(_, .load(.buffer(let buffer, let index), _)) in stage.steps {
        if buffer == new { return false }
        guard buffer == old, number != writing.stage || index != writing.index else { continue }
        if number >= writing.stage || !staysAtItsPoint(index, writing.index) { return false }
      }
    }
    return stages[writing.stage].reduced.isEmpty
  }
}
