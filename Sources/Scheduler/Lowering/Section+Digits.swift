import LazyOps

extension Section {
  /// Makes two ranges of each range of the grid that reductions only read by its quotient and remainder: of the rows of a
  /// strided convolution's input, which its windows reach in phases, the windows and the phases. Then all indices are
  /// affine, and either range can be the rows or the columns of a contraction.
  mutating func splitRanges() {
    guard stages.contains(where: { !$0.reduced.isEmpty }) else { return }
    for range in grid where ends[range] == nil {
      guard let size = range.digit(in: stages.flatMap(\.indices)) else { continue }
      let outer = IndexVariable(id: nextVariable, extent: range.extent / size)
      let inner = IndexVariable(id: nextVariable + 1, extent: size)
      nextVariable += 2
      let position = grid.firstIndex(of: range)!
      grid.replaceSubrange(position...position, with: [outer, inner])
      for stage in stages.indices {
        stages[stage].substitute { $0 == range ? Index(outer) * size + Index(inner) : nil }
      }
    }
  }
}
