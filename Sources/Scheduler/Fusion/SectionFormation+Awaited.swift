import LazyOps

extension SectionFormation {
  /// For each section, others that it reads nothing of and yet waits for: what stands before its barriers is computed
  /// there.
  var awaitedSections: [[Int]] {
    guard graph.nodes.contains(where: { $0.op == .barrier }) else { return sections.map { _ in [] } }
    return sections.enumerated().map { number, section in
      var awaited: Set<Int> = []
      var seen: Set<Graph.ID> = []
      // All that is inline in the section, and what is behind the barriers found there.
      var pending = (section.members.map(\.node) + section.inlined).flatMap { graph.nodes[$0].sources }
      while let id = pending.popLast() {
        guard seen.insert(id).inserted else { continue }
        if staged.isStaged[id], let other = sectionOf[id], other != number {
          awaited.insert(other)
        } else {
          pending += graph.nodes[id].sources
        }
      }
      return awaited.sorted()
    }
  }
}
