import LazyOps

// Ranges of a grid whose neighbours belong to few groups that what is read tells apart.
extension SectionDraft {
  /// Makes two ranges of each range of the grid that is only read by its quotient and remainder: 28 columns, of which
  /// every two are a pooling window, are 14 windows of two columns. Then all indices are affine, and what has one value a
  /// window can be computed at the same point of the grid.
  ///
  /// - Parameter couldJoin: whether a value that is read at the range itself may come to be a member. Then the range
  ///   stays whole.
  /// - Returns: whether there is such a range; what was known of uses holds no more then.
  mutating func splitRanges(couldJoin: (Graph.ID) -> Bool) -> Bool {
    var replaced: [IndexVariable: Index] = [:]
    for range in grid {
      guard let size = digit(of: range, couldJoin: couldJoin) else { continue }
      let (outer, inner) = (makeIndex(extent: range.extent / size), makeIndex(extent: size))
      replaced[range] = outer * size + inner
      let position = grid.firstIndex(of: range)!
      grid.replaceSubrange(position...position, with: [outer, inner].compactMap(\.asVariable))
    }
    guard !replaced.isEmpty else { return false }
    let root = members[0]
    members[0] = Member(node: root.node, indices: root.indices.map { $0.substituting { replaced[$0] } })
    return true
  }

  /// The number by which all that is read divides a range of the grid; nil where there is none, or another use.
  private func digit(of range: IndexVariable, couldJoin: (Graph.ID) -> Bool) -> Int? {
    var digit: Int?
    for (node, all) in uses {
      for index in all.joined() where index.contains(range.id) {
        if index == .variable(range), couldJoin(node) { return nil }
        for atom in index.atoms where atom.contains(range.id) {
          switch atom {
          case .floorDivide(.variable(range), let divisor), .modulo(.variable(range), let divisor):
            guard digit ?? divisor == divisor else { return nil }
            digit = divisor
          case .variable: continue
          case .constant, .sum, .floorDivide, .modulo, .minimum, .maximum: return nil
          }
        }
      }
    }
    guard let digit, digit <= CostModel.digitExtent, range.extent % digit == 0, range.extent > digit else { return nil }
    return digit
  }
}

extension Index {
  /// What the expression is a sum of multiples of.
  fileprivate var atoms: [Index] {
    if case .sum(_, let terms) = self { return terms.map(\.atom) }
    return [self]
  }
}
