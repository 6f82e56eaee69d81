import LazyOps

// When contractions share a section with what they read or what reads them, and when a value that several sections read
// is computed in each.
extension SectionFormation {
  /// Why `id`, computed at `indices`, and the members of a draft cannot run at the points of a narrower grid as fast as
  /// apart; nil where they can.
  ///
  /// Apart, a large contraction has tiles over all axes of its result. At the points of a narrower grid it keeps the
  /// re-use of what it reads where the points of one range, the same for all contractions of the section, are its rows.
  /// This pays if little work is done for each element that then need not go through memory.
  func reasonAgainstBlock(
    _ id: Graph.ID, at indices: [Index?], in draft: SectionDraft, grid: [IndexVariable], shrinks: Bool
  ) -> String? {
    var trial = draft
    let candidate = SectionDraft.Member(
      node: id, indices: indices.enumerated().map { $1 ?? trial.makeIndex(extent: graph.nodes[id].shape[$0]) })
    let large = (shrinks ? draft.members : []).filter { isLargeContraction($0.node) }
    for member in large {
      let uses = draft.freeExtents(member.indices, grid: grid).reduce(1, *)
      if uses > CostModel.shortContraction || !leadsToShortContraction(id) {
        return "the contraction \(graph.label(member.node)) is tiled on its own"
      }
    }
    let isLarge = isLargeContraction(id)
    if isLarge, depth(of: id) > CostModel.shortContraction {
      return "the contraction \(graph.label(id)) is tiled on its own"
    }
    var rows = Set(grid)
    var isStreamed = true
    for member in (isLarge ? [candidate] : []) + draft.members where isLargeContraction(member.node) {
      let reads = contractionReads(of: member, in: draft)
      if reads.isStreamed { continue }
      rows.formIntersection(reads.rows(of: grid))
      isStreamed = false
    }
    if rows.isEmpty { return "no range is the rows of every contraction" }
    let points = grid.reduce(1) { $0 * $1.extent }
    return isStreamed || points >= CostModel.blockedPoints ? nil : "\(points) rows are too few blocks for threads"
  }

  /// Whether a large contraction, computed at each point of a draft's grid, would have beside it stages with ranges of
  /// their own, or another one: then its points cannot be taken tile by tile.
  func wouldLoseTiles(_ id: Graph.ID, at indices: [Index?], in draft: SectionDraft) -> Bool {
    guard isLargeContraction(id), draft.work + work(of: id) > CostModel.smallWork,
      draft.members.contains(where: { member in
        isLargeContraction(member.node) || member.indices.contains { !$0.variables.isSubset(of: draft.grid) }
      })
    else { return false }
    let reads = contractionReads(of: .init(node: id, indices: indices.map { $0! }), in: draft)
    return reads.hasRowsAndColumns
  }

  /// What a member of a draft reads.
  func contractionReads(of member: SectionDraft.Member, in draft: SectionDraft) -> ContractionReads {
    ContractionReads(of: member.node, at: member.indices, in: graph) {
      staged.isStaged[$0] && !draft.inlined.contains($0)
    }
  }

  /// The elements that are summed for one of a reduction.
  private func depth(of id: Graph.ID) -> Int {
    guard let sum = reduction(of: id) else { return 1 }
    return graph.nodes[sum.sources[0]].shape.elementCount / Swift.max(sum.shape.elementCount, 1)
  }

  /// Whether a value is a contraction that does little work for each element, or is made of one element by element.
  private func leadsToShortContraction(_ id: Graph.ID) -> Bool {
    var pending = [id]
    var seen: Set<Graph.ID> = []
    while let id = pending.popLast(), seen.count < CostModel.membersPerSection {
      guard seen.insert(id).inserted else { continue }
      if isLargeContraction(id) {
        if depth(of: id) <= CostModel.shortContraction { return true }
      } else {
        pending += overwrites.reads[id] ?? []
      }
    }
    return false
  }

  /// The values that are computed in every section that reads them rather than kept in memory: results of contractions
  /// that are much larger than their operands and take little work an element, and what is computed from such values
  /// element by element.
  static func recomputable(
    in graph: Graph, _ staged: StagedNodes, reads: (Graph.ID) -> [Graph.ID], kept: Set<Graph.ID>
  ) -> Set<Graph.ID> {
    var found: Set<Graph.ID> = []
    for (id, node) in graph.nodes.enumerated() where staged.isStaged[id] && !kept.contains(id) {
      let size = node.shape.elementCount
      guard size >= CostModel.recomputedElements else { continue }
      switch node.op {
      case .reduce(.sum, _):
        guard graph.nodes[node.sources[0]].shape.elementCount / size <= CostModel.shortContraction else { continue }
        if graph.elementsRead(by: id, isStaged: { staged.isStaged[$0] }) * CostModel.expansion <= size {
          found.insert(id)
        }
      case .unary, .binary, .select, .cast:
        let large = reads(id).filter { graph.nodes[$0].shape.elementCount * CostModel.expansion > size }
        if !large.isEmpty, staged.operations[id] <= CostModel.recomputedOperations,
          large.allSatisfy({ found.contains($0) }),
          !graph.readsLargeLeaf(id, elements: size / CostModel.expansion, isStaged: { staged.isStaged[$0] })
        {
          found.insert(id)
        }
      case .buffer, .constant, .argument, .length, .iota, .bitcast, .detach, .barrier, .reduce, .scan, .radixPass,
        .reshape,
        .permute, .expand,
        .slice, .pad, .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
        continue
      }
    }
    return found
  }

  // MARK: - What a contraction is

  /// Whether a value is a sum of products large enough for register tiles.
  func isLargeContraction(_ id: Graph.ID) -> Bool {
    guard let node = reduction(of: id), work(of: id) > CostModel.largeContraction, addsProducts(node) else {
      return false
    }
    return repeatsOperands(node.sources[0])
  }

  /// Whether a reduction adds products up, as register tiles do.
  private func addsProducts(_ reduction: Graph.Vertex) -> Bool {
    guard reduction.op.isSum else { return false }
    var id = graph.withoutLengthMasks(reduction.sources[0])
    while true {
      let node = graph.nodes[id]
      if node.op == .binary(.multiply) { return true }
      guard !staged.isStaged[id], node.op.isMovement || node.op.isSum else { return false }
      id = graph.withoutLengthMasks(node.sources[0])
    }
  }

  /// Whether an inline node reads its operands several times over, so that a register tile pays.
  private func repeatsOperands(_ id: Graph.ID) -> Bool {
    var pending = [id]
    var steps = 0
    while let id = pending.popLast(), steps < 64 {
      steps += 1
      let node = graph.nodes[id]
      if staged.isStaged[id] { continue }
      switch node.op {
      case .expand where graph.nodes[node.sources[0]].shape.elementCount > 1: return true
      case .window: return true
      case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
        .reduce,
        .scan, .radixPass, .reshape, .permute, .expand, .slice, .pad, .overlapAdd, .concatenate, .gather, .scatterAdd,
        .put, .update:
        pending += node.sources
      }
    }
    return false
  }
}

extension Graph {
  /// The elements of all staged nodes and leaves that a node reads.
  fileprivate func elementsRead(by id: ID, isStaged: (ID) -> Bool) -> Int {
    sourcesRead(by: id, isStaged: isStaged).reduce(0) { $0 + nodes[$1].shape.elementCount }
  }

  /// Whether a node reads a leaf of more elements than that.
  fileprivate func readsLargeLeaf(_ id: ID, elements: Int, isStaged: (ID) -> Bool) -> Bool {
    sourcesRead(by: id, isStaged: isStaged).contains {
      nodes[$0].op == .buffer && nodes[$0].shape.elementCount > elements
    }
  }

  private func sourcesRead(by id: ID, isStaged: (ID) -> Bool) -> Set<ID> {
    var found: Set<ID> = []
    var seen: Set<ID> = []
    var pending = nodes[id].valueSources
    while let id = pending.popLast() {
      guard seen.insert(id).inserted else { continue }
      if isStaged(id) || nodes[id].op == .buffer { found.insert(id) } else { pending += nodes[id].valueSources }
    }
    return found
  }
}
