import LazyOps

// When sums over the rows of a section are added up in it, row after row.
//
// The gradient of attention's values is a sum over queries of what the section of the queries holds in scratch: weights
// of one query, times its own gradient. By itself it would be a section of the keys, for which all weights are computed
// a second time.
extension SectionFormation {
  /// Moves sums into sections that have at each of their points what is added. A section that is left with nothing goes.
  mutating func moveSums() {
    guard !hasBarriers else { return }
    for number in sections.indices where sums(of: sections[number]) != nil {
      for other in sections.indices where other != number && !sections[other].members.isEmpty {
        let copies = Set(sections[number].members.map(\.node).filter { isCopied($0, in: sections[number]) })
        guard sections[other].members.contains(where: { copies.contains($0.node) }),
          let both = section(other, addingUp: number)
        else { continue }
        let moved = sections[number]
        sections[number].members = []
        replace(other, by: both, joining: moved, number)
        break
      }
    }
    sections.removeAll(where: \.members.isEmpty)
  }

  /// A sum over one axis, and what is kept of it: the sum itself, or with its axes in another order.
  private struct Sum {
    let kept: Graph.ID
    let reduction: Graph.ID
    let axis: Int
  }

  /// The sums that a section consists of, apart from what it computes for itself only; nil where it does more.
  private func sums(of draft: SectionDraft) -> [Sum]? {
    let own = draft.members.map(\.node).filter { !isCopied($0, in: draft) }
    guard draft.members.contains(where: { isCopied($0.node, in: draft) && isLargeContraction($0.node) }) else {
      return nil
    }
    var found: [Sum] = []
    for id in own {
      var reduction = id
      if case .permute = graph.nodes[id].op {
        reduction = graph.nodes[id].sources[0]
        guard own.contains(reduction), readers(of: reduction) == [id] else { return nil }
      } else if own.contains(where: { graph.nodes[$0].op.isPermute && graph.nodes[$0].sources == [id] }) {
        continue
      }
      guard case .reduce(.sum, let axes) = graph.nodes[reduction].op, axes.count == 1,
        graph.nodes[reduction].dtype == .float32, isLargeContraction(reduction)
      else { return nil }
      found.append(Sum(kept: id, reduction: reduction, axis: axes[0]))
    }
    return found.isEmpty ? nil : found
  }

  /// Whether a section computes a value for itself, though others may do so too.
  private func isCopied(_ id: Graph.ID, in draft: SectionDraft) -> Bool {
    draft.copies.contains(id) || recomputable.contains(id) && !buffered.contains(id)
  }

  /// Returns the section `number` with the sums of another one added up over a range of its grid; nil where it has not all
  /// that is added at its points, or would leave threads without work.
  private func section(_ number: Int, addingUp other: Int) -> SectionDraft? {
    var both = sections[number]
    let moved = sections[other]
    guard let sums = sums(of: moved), var rows = rows(of: both) else { return nil }
    for sum in sums {
      guard let range = add(sum, to: &both, from: moved), rows.contains(range) else { return nil }
      rows = [range]
      let points = both.gridPoints / range.extent
      guard points >= CostModel.parallelPoints,
        graph.nodes[sum.kept].shape.elementCount <= points * CostModel.summedElements
      else { return nil }
    }
    both.boundaries += moved.boundaries.filter { !both.boundaries.contains($0) }
    both.operations += moved.operations
    both.work += moved.work
    guard both.isReadAtItsPoints, rows.isSubset(of: self.rows(of: both) ?? []), isWithinLimits(both),
      !wouldWaitForItself(both, [number, other])
    else { return nil }
    both.members = order(both)
    return both
  }

  /// The grid ranges that are the rows of every large contraction in a section.
  private func rows(of draft: SectionDraft) -> Set<IndexVariable>? {
    var rows = Set(draft.grid)
    for member in draft.members where isLargeContraction(member.node) && draft.sums[member.node] == nil {
      let reads = contractionReads(of: member, in: draft)
      if !reads.isStreamed { rows.formIntersection(reads.rows(of: draft.grid)) }
    }
    return rows.isEmpty ? nil : rows
  }

  /// Adds a sum to a section, with what it needs of copies in the one it comes from. Returns the range of the grid that it is summed over; nil
  /// where it reads nothing of the section at the points of its grid.
  private func add(_ sum: Sum, to draft: inout SectionDraft, from moved: SectionDraft) -> IndexVariable? {
    let (kept, reduction) = (graph.nodes[sum.kept], graph.nodes[sum.reduction])
    let source = graph.nodes[reduction.sources[0]]
    var indices = draft.makeIndices(for: kept.shape)
    let summed = draft.makeIndex(extent: source.shape[sum.axis])
    guard let range = summed.asVariable else { return nil }
    var inner = indices
    if sum.kept != sum.reduction {
      inner =
        SourceIndices(kept.op, at: indices, result: kept.shape, source: reduction.shape) { index, _ in index }!.indices
    }
    inner.insert(summed, at: sum.axis)
    var uses = self.uses(in: &draft) { $0.visit(reduction.sources[0], at: inner) }

    // What its ranges are in the grid.
    var known: [IndexVariable: IndexVariable] = [:]
    var reads = uses
    var seen: Set<Graph.ID> = []
    while let (node, use) = reads.popLast() {
      guard let member = draft.members.first(where: { $0.node == node }) else {
        // What is copied too tells by what it reads.
        if isCopied(node, in: moved), seen.insert(node).inserted {
          reads += self.uses(in: &draft) { $0.sources(of: node, at: use) }
        }
        continue
      }
      for (index, own) in zip(use, member.indices) {
        guard let own = own.asVariable, draft.grid.contains(own) else { continue }
        guard let variable = index.asVariable, variable.extent == own.extent, known[variable, default: own] == own
        else { return nil }
        known[variable] = own
      }
    }
    guard let rows = known[range], known.count == draft.grid.count, Set(known.values) == Set(draft.grid)
    else { return nil }
    func placed(_ indices: [Index]) -> [Index] {
      indices.map { $0.substituting { variable in known[variable].map { .variable($0) } } }
    }
    indices = placed(indices)
    uses = uses.map { ($0, placed($1)) }
    draft.members.append(.init(node: sum.kept, indices: indices))
    draft.sums[sum.kept] = .init(reduction: sum.reduction, rows: rows)
    if sum.kept != sum.reduction { draft.inlined.insert(sum.reduction) }
    for (node, use) in uses { draft.uses[node, default: []].append(use) }
    var pending = uses.map(\.0)
    while let id = pending.popLast() {
      guard isCopied(id, in: moved), moved.members.contains(where: { $0.node == id }),
        !draft.members.contains(where: { $0.node == id })
      else { continue }
      let indices = draft.commonIndices(draft.uses[id]!, shape: graph.nodes[id].shape)
      guard Set(indices.compactMap { $0?.asVariable }) == Set(draft.grid) else { return nil }
      let member = SectionDraft.Member(node: id, indices: completed(indices, of: id, in: &draft))
      draft.members.append(member)
      if moved.copies.contains(id) { draft.copies.insert(id) }
      collectUses(of: member, in: &draft)
      pending += overwrites.reads[id] ?? []
    }
    return rows
  }
}

extension SectionDraft {
  /// Whether all that is read of the section's values is read at the points of the grid at which it is computed.
  fileprivate var isReadAtItsPoints: Bool {
    members.allSatisfy { member in
      (uses[member.node] ?? []).allSatisfy { use in
        zip(member.indices, use).allSatisfy { own, index in
          own.asVariable.map { !grid.contains($0) || index == own } ?? true
        }
      }
    }
  }
}

extension Op {
  fileprivate var isPermute: Bool { if case .permute = self { true } else { false } }
}
