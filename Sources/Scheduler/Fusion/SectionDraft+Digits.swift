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

  /// The digit of a range in all that is read; nil where there is none, or a use of the range itself that is to stay.
  private func digit(of range: IndexVariable, couldJoin: (Graph.ID) -> Bool) -> Int? {
    for (node, all) in uses where all.joined().contains(.variable(range)) && couldJoin(node) { return nil }
    return range.digit(in: uses.values.joined().joined(), upTo: CostModel.digitExtent)
  }
}

extension IndexVariable {
  /// Returns the number by which index expressions divide a range, wherever they do more than count it; nil where they do
  /// not, or by several numbers, or where the number is larger than `most` or no divisor of the extent.
  func digit(in indices: some Sequence<Index>, upTo most: Int = .max) -> Int? {
    guard let period = period(in: indices, upTo: most, of: { $0 == .variable(self) }), extent % period == 0 else {
      return nil
    }
    return period
  }

  /// Returns the number by which index expressions divide a range plus something, or what `dividends` lets pass of that,
  /// wherever they do more than count it; nil where they do not, or by several numbers, or where the number is larger
  /// than `most`.
  func period(
    in indices: some Sequence<Index>, upTo most: Int, of dividends: (Index) -> Bool = { _ in true }
  ) -> Int? {
    var period: Int?
    for index in indices where index.contains(id) {
      for atom in index.atoms where atom.contains(id) {
        switch atom {
        case .floorDivide(let dividend, let divisor), .modulo(let dividend, let divisor):
          guard dividend.coefficient(of: id) != nil, dividends(dividend), period ?? divisor == divisor else {
            return nil
          }
          period = divisor
        case .variable: continue
        case .constant, .sum, .minimum, .maximum: return nil
        }
      }
    }
    guard let period, period <= most, extent > period else { return nil }
    return period
  }
}

extension Index {
  /// What the expression is a sum of multiples of.
  fileprivate var atoms: [Index] {
    if case .sum(_, let terms) = self { return terms.map(\.atom) }
    return [self]
  }
}
