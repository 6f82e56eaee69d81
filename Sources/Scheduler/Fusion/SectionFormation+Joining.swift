import LazyOps

// When a section that has been formed becomes one with another one: both have values in common at the same points.
//
// Sections grow backwards from what nobody in them reads. The result of attention and the gradient of its queries are
// two such roots, and both need the exponentials of a row of scores. Each section could compute them, or one of them
// leave them in memory; together they are computed once and stay in scratch.
extension SectionFormation {
  /// Returns the section of an earlier draft and `draft` together, with the earlier one's number; nil where there is
  /// none that shares values with it and may run at the same points.
  func joined(_ draft: SectionDraft) -> (number: Int, draft: SectionDraft)? {
    // What is behind a barrier must not run with what it waits for.
    guard !hasBarriers, canBeJoined(draft) else { return nil }
    var sharing: Set<Int> = []
    for id in draft.members.map(\.node) { sharing.formUnion((holders[id] ?? []).union(users[id] ?? [])) }
    for id in draft.uses.keys { sharing.formUnion(holders[id] ?? []) }
    for number in sharing.sorted().suffix(CostModel.siblingsTried).reversed() {
      let other = sections[number]
      guard canBeJoined(other), var both = other.joined(with: draft, graph) ?? draft.joined(with: other, graph),
        isWorthwhile(both, of: other, draft), !wouldWaitForItself(both, [number, sections.count])
      else { continue }
      both.members = order(both)
      return (number, both)
    }
    return nil
  }

  /// Whether all of a section's points are independent and its results have memory of their own.
  private func canBeJoined(_ draft: SectionDraft) -> Bool {
    draft.members.allSatisfy { member in
      if case .concatenate = graph.nodes[member.node].op { return false }
      return graph.nodes[member.node].op.orderedAxis == nil && overwrites.targets[member.node] == nil
    }
  }

  /// Whether a section of several others keeps to the limits.
  func isWithinLimits(_ both: SectionDraft) -> Bool {
    // A range that others have divided is no variable any more, by which points are compared.
    guard both.members.allSatisfy({ $0.indices.allSatisfy { $0.asVariable != nil || $0.constantValue != nil } }),
      both.members.count + both.inlined.count <= CostModel.membersPerSection,
      both.operations <= CostModel.operationsPerSection
    else { return false }
    let isBlocked = both.members.contains { isLargeContraction($0.node) }
    return both.members.reduce(0) { $0 + scratchBytes(of: $1, in: both) }
      <= (isBlocked ? CostModel.blockedScratchBytes : CostModel.scratchBytes)
  }

  /// The scratch of a member at a point of the grid; none for what nobody in the section reads.
  private func scratchBytes(of member: SectionDraft.Member, in draft: SectionDraft) -> Int {
    guard draft.uses[member.node] != nil else { return 0 }
    return draft.freeExtents(member.indices, grid: draft.grid).reduce(graph.nodes[member.node].dtype.byteCount, *)
  }

  /// Whether a section keeps to the limits, and does not take the place of two that are faster.
  private func isWorthwhile(_ both: SectionDraft, of first: SectionDraft, _ second: SectionDraft) -> Bool {
    guard isWithinLimits(both) else { return false }
    let large = both.members.filter { isLargeContraction($0.node) }
    if large.isEmpty {
      if both.grid.count == Swift.max(first.grid.count, second.grid.count) { return true }
      // One of them gives up some of its grid.
      return (both.work <= CostModel.smallWork || both.gridPoints >= CostModel.parallelPoints)
        && !both.members.contains { !both.copies.contains($0.node) && wouldBeScattered($0.indices, in: both) }
    }
    guard first.grid.count == second.grid.count else { return false }
    // Contractions run over blocks of rows in both; what is saved is that both compute values for themselves.
    let names = Set(second.members.map(\.node))
    guard first.copies.contains(where: { names.contains($0) && graph.nodes[$0].shape.elementCount > both.gridPoints })
    else { return false }
    var rows = Set(both.grid)
    for member in large {
      let reads = contractionReads(of: member, in: both)
      if !reads.isStreamed { rows.formIntersection(reads.rows(of: both.grid)) }
    }
    return !rows.isEmpty
  }

  /// Whether what others make of the section's values is needed in it.
  func wouldWaitForItself(_ both: SectionDraft, _ numbers: Set<Int>) -> Bool {
    let own = both.members.map(\.node).filter { !both.copies.contains($0) } + both.inlined
    let outside = own.flatMap { id in
      outsideReaders(of: id, numbers) + (overwrites.followers[id] ?? []).filter { !own.contains($0) }
    }
    return leadsInto(numbers, below: levelLimit(of: own), from: outside)
  }

  // MARK: - The order of members

  /// Puts readers before what they read, so that most scratch is written over: of what can be computed next that comes
  /// first which leaves least in scratch.
  func order(_ both: SectionDraft) -> [SectionDraft.Member] {
    let reads = Dictionary(uniqueKeysWithValues: both.members.map { ($0.node, membersRead(by: $0.node, in: both)) })
    let bytes = Dictionary(uniqueKeysWithValues: both.members.map { ($0.node, scratchBytes(of: $0, in: both)) })
    var readers = reads.values.reduce(into: [Graph.ID: Int]()) { counts, sources in
      for source in sources { counts[source, default: 0] += 1 }
    }
    var waiting = both.members.sorted { $0.node > $1.node }
    var order: [SectionDraft.Member] = []
    func growth(_ id: Graph.ID) -> Int {
      // A sum needs all it reads to its end.
      let freed = reads[id]!.filter { readers[$0] == 1 }.reduce(0) { $0 + bytes[$1]! }
      return bytes[id]! - (reduction(of: id) == nil || bytes[id] == 0 ? freed : 0)
    }
    while !waiting.isEmpty {
      let missing = Set(waiting.map(\.node))
      let ready = waiting.indices.filter { reads[waiting[$0].node]!.isDisjoint(with: missing) }
      let next = ready.min { growth(waiting[$0].node) < growth(waiting[$1].node) }!
      for source in reads[waiting[next].node]! { readers[source]! -= 1 }
      order.append(waiting.remove(at: next))
    }
    return order.reversed()
  }

  /// The members that a member reads, through all that is inline.
  private func membersRead(by node: Graph.ID, in draft: SectionDraft) -> Set<Graph.ID> {
    let names = Set(draft.members.map(\.node))
    var found: Set<Graph.ID> = []
    var seen: Set<Graph.ID> = []
    var pending = overwrites.reads[node] ?? []
    while let id = pending.popLast() {
      guard seen.insert(id).inserted else { continue }
      if names.contains(id) {
        found.insert(id)
      } else if draft.inlined.contains(id) {
        pending += overwrites.reads[id] ?? []
      }
    }
    return found
  }
}

extension SectionDraft {
  /// Returns both sections as one with the grid of this one; nil where they have no values in common, or not at the same
  /// points.
  fileprivate func joined(with other: SectionDraft, _ graph: Graph) -> SectionDraft? {
    guard var renamed = gridRenaming(of: other) else { return nil }
    var both = self
    both.nextVariable += other.nextVariable
    func moved(_ indices: [Index]) -> [Index] {
      indices.map { index in
        index.substituting { variable in
          if let known = renamed[variable] { return .variable(known) }
          let own = IndexVariable(id: nextVariable + variable.id, extent: variable.extent)
          renamed[variable] = own
          return .variable(own)
        }
      }
    }
    let own = Set(members.map(\.node))
    let added = other.members.filter { !own.contains($0.node) }.map {
      Member(node: $0.node, indices: moved($0.indices))
    }
    for (node, indices) in other.uses { both.uses[node, default: []] += indices.map(moved) }
    let names = Set(other.members.map(\.node))
    both.copies = copies.filter { !names.contains($0) || other.copies.contains($0) }
      .union(other.copies.filter { !own.contains($0) })
    both.inlined = inlined.union(other.inlined).subtracting(own).subtracting(names)
    both.boundaries = boundaries + other.boundaries.filter { !boundaries.contains($0) }
    both.boundaries.removeAll { line in
      own.union(names).contains { line.hasPrefix("\(graph.label($0)): ") }
    }
    both.work += other.work
    both.operations += other.operations
    both.members = added + members
    return both
  }

  /// What ranges of another section's grid are here, if it can run at this one's points: all values that one computes and
  /// the other one has or reads are computed and read at the same ones. Further ranges of the other one are no part of
  /// the grid any more.
  private func gridRenaming(of other: SectionDraft) -> [IndexVariable: IndexVariable]? {
    var renamed: [IndexVariable: IndexVariable] = [:]
    func fits(_ own: [Index], _ others: [Index], ownIsHeld: Bool, otherIsHeld: Bool) -> Bool {
      zip(own, others).allSatisfy { own, other in
        let mine = own.asVariable.flatMap { grid.contains($0) ? $0 : nil }
        let its = other.asVariable.flatMap { otherGrid.contains($0) ? $0 : nil }
        switch (mine, its) {
        case (let mine?, let its?):
          if mine.extent != its.extent { return false }
          if let known = renamed[its] { return known == mine }
          if renamed.values.contains(mine) { return false }
          renamed[its] = mine
          return true
        // What is held over a whole axis may be read anywhere in it.
        case (nil, _?): return ownIsHeld && !otherIsHeld
        case (_?, nil): return otherIsHeld && !ownIsHeld
        case (nil, nil): return true
        }
      }
    }
    let otherGrid = other.grid
    for member in members {
      if let its = other.members.first(where: { $0.node == member.node }) {
        guard fits(member.indices, its.indices, ownIsHeld: true, otherIsHeld: true) else { return nil }
      }
      for use in other.uses[member.node] ?? [] where !other.holds(member.node) {
        guard fits(member.indices, use, ownIsHeld: true, otherIsHeld: false) else { return nil }
      }
    }
    for member in other.members where !holds(member.node) {
      for use in uses[member.node] ?? [] {
        guard fits(use, member.indices, ownIsHeld: false, otherIsHeld: true) else { return nil }
      }
    }
    return renamed.count == grid.count && !grid.isEmpty ? renamed : nil
  }

  private func holds(_ node: Graph.ID) -> Bool { members.contains { $0.node == node } }
}
