import LazyOps

/// Which index ranges move each element that a contraction reads: what tells how often it is used.
struct ContractionReads {
  /// For each place that is read, the ranges its position depends on.
  let reads: [Set<IndexVariable>]
  /// The ranges of the result, and those that are summed over.
  let result: Set<IndexVariable>
  let reduced: Set<IndexVariable>

  /// Finds what `id` reads for its element at `indices`, through all that is computed inline.
  init(of id: Graph.ID, at indices: [Index], in graph: Graph, isStaged: @escaping (Graph.ID) -> Bool) {
    var reads: Set<Set<IndexVariable>> = []
    var made: Set<IndexVariable> = []
    result = Set(indices.flatMap(\.variables))
    var next = (result.map(\.id).max() ?? -1) + 1
    var walk = UseWalk(
      graph: graph, isStaged: { isStaged($0) || graph.nodes[$0].op == .buffer },
      makeIndex: { extent in
        guard extent > 1 else { return .constant(0) }
        defer { next += 1 }
        let variable = IndexVariable(id: next, extent: extent)
        made.insert(variable)
        return .variable(variable)
      }, found: { _, indices in reads.insert(Set(indices.flatMap(\.variables))) })
    walk.sources(of: id, at: indices)
    self.reads = Array(reads)
    reduced = made
  }

  /// Whether one of the operands is as large as the work: each of its elements is used once, so that a register tile
  /// saves nothing.
  var isStreamed: Bool { reads.contains { $0.isSuperset(of: result.union(reduced)) } }

  /// Whether two of the result's ranges move one operand each and not the other's: a tile uses what it loads many times.
  var hasRowsAndColumns: Bool {
    let moved = reads.map { $0.intersection(result) }
    return moved.contains { rows in moved.contains { !$0.isSubset(of: rows) && !rows.isSubset(of: $0) } }
  }

  /// The grid ranges whose points can be computed together as the rows of a matrix product: they move one operand, and
  /// the result's axes that the grid leaves free move only the other one, which the rows share.
  func rows(of grid: [IndexVariable]) -> Set<IndexVariable> {
    let free = result.subtracting(grid)
    return Set(
      grid.filter { row in
        let (moved, shared) = (reads.filter { $0.contains(row) }, reads.filter { !$0.contains(row) })
        return !moved.isEmpty && shared.contains { $0.isSuperset(of: free) && !$0.isDisjoint(with: reduced) }
          && moved.allSatisfy { $0.isDisjoint(with: free) }
      })
  }
}
