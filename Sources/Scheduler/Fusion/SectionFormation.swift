import LazyOps

/// Groups the staged nodes of a graph into sections.
///
/// Sections grow backwards from the last node nobody has taken. A producer joins the section of its reader when the grid
/// both can run with, the scratch it needs and the work one thread would do are within the limits of `CostModel`;
/// what cannot join gets a buffer and a section of its own.
struct SectionFormation {
  let graph: Graph
  /// The partial results that a grid barrier divides from what combines them.
  private let partials: Set<Graph.ID>
  /// The values that every section which reads them computes for itself.
  let recomputable: Set<Graph.ID>
  /// Which updates are made in place, and the order this asks for.
  let overwrites: Overwrites
  var sections: [SectionDraft] = []
  /// The section that computes each staged node.
  private(set) var sectionOf: [Graph.ID: Int] = [:]
  /// The nodes that need memory between sections or after the run.
  private(set) var buffered: Set<Graph.ID>
  /// The nodes whose elements must all be in memory: outputs, and what an update takes over.
  private let kept: Set<Graph.ID>
  /// For each staged node, the staged nodes that read it.
  private var readers: [[Graph.ID]]
  /// For each staged node, the length of the longest chain of staged nodes that it comes after.
  private var levels: [Int]
  /// The sections of which something of a low level waits for something of a higher one.
  private var dips: [Dip] = []
  let staged: StagedNodes
  /// The sections that compute a value, and those that read it.
  private(set) var holders: [Graph.ID: Set<Int>] = [:]
  private(set) var users: [Graph.ID: Set<Int>] = [:]
  /// Whether anything waits for what it does not read.
  let hasBarriers: Bool
  /// The values that some section computes for itself though others may read them too.
  private var recomputed: Set<Graph.ID> = []

  init(_ split: SplitGraph) {
    graph = split.graph
    partials = split.partials
    hasBarriers = split.graph.nodes.contains { $0.op == .barrier }
    overwrites = Overwrites(graph)
    staged = overwrites.staged
    kept = Set(graph.outputs + overwrites.targets.values)
    recomputable = SectionFormation.recomputable(
      in: graph, staged, reads: { [reads = overwrites.reads] in reads[$0] ?? [] }, kept: kept)
    buffered = Set(overwrites.targets.keys)
    for id in kept where graph.nodes[id].op != .buffer { buffered.insert(id) }
    readers = .init(repeating: [], count: graph.nodes.count)
    levels = .init(repeating: 0, count: graph.nodes.count)
    for id in graph.nodes.indices where staged.isStaged[id] {
      for producer in overwrites.reads[id]! { readers[producer].append(id) }
    }
    findLevels()
    for root in graph.nodes.indices.reversed() where staged.isStaged[root] && sectionOf[root] == nil {
      // All that read it have been formed: what each of them computes for itself is done with.
      if !recomputed.contains(root) || buffered.contains(root) { form(root) }
    }
    moveSums()
  }

  /// The staged nodes that read one.
  func readers(of id: Graph.ID) -> [Graph.ID] { readers[id] }

  /// Goes from what nothing is waited for to what follows it.
  private mutating func findLevels() {
    var missing = graph.nodes.indices.map { overwrites.reads[$0]?.count ?? 0 }
    for id in overwrites.followers.values.joined() { missing[id] += 1 }
    var ready = graph.nodes.indices.filter { missing[$0] == 0 }
    while let id = ready.popLast() {
      for next in followers(of: id) {
        levels[next] = Swift.max(levels[next], levels[id] + 1)
        missing[next] -= 1
        if missing[next] == 0 { ready.append(next) }
      }
    }
  }

  /// The staged nodes that come after one: those that read it, and updates in place that have to wait for it.
  func followers(of id: Graph.ID) -> [Graph.ID] { readers[id] + (overwrites.followers[id] ?? []) }

  // MARK: - Growing one section

  private mutating func form(_ root: Graph.ID) {
    let number = sections.count
    var draft = SectionDraft(root: root, shape: overwrites.domain(of: root, in: graph))
    draft.work = work(of: root)
    draft.operations = staged.operations[root]
    sectionOf[root] = number
    if let axis = graph.nodes[root].op.orderedAxis {
      // What goes along it in order is one thread's work: the axis is no part of the grid.
      draft.grid.removeAll { .variable($0) == draft.members[0].indices[axis] }
    }
    collectUses(of: draft.members[0], in: &draft)
    let limit = levelLimit(of: [root])
    if graph.nodes[root].op.isElementwise, draft.splitRanges(couldJoin: { couldJoin($0, number, below: limit) }) {
      draft.uses = [:]
      collectUses(of: draft.members[0], in: &draft)
    }
    var decided: Set<Graph.ID> = []
    while let candidate = draft.uses.keys.filter({ !decided.contains($0) }).max() {
      decided.insert(candidate)
      switch judge(candidate, for: draft, number: number, below: limit) {
      case .join(let indices, let grid, let isCopy):
        draft.grid = grid
        draft.work += work(of: candidate)
        draft.operations += staged.operations[candidate]
        draft.members.append(.init(node: candidate, indices: completed(indices, of: candidate, in: &draft)))
        if isCopy {
          draft.copies.insert(candidate)
          recomputed.insert(candidate)
        } else {
          sectionOf[candidate] = number
          // What reads it as a copy elsewhere will ask for it there.
          let outside = readers[candidate].filter { sectionOf[$0] != number && !recomputed.contains($0) }
          if !outside.isEmpty { buffered.insert(candidate) }
        }
        collectUses(of: draft.members[draft.members.count - 1], in: &draft)
      case .recompute:
        draft.inlined.insert(candidate)
        sectionOf[candidate] = number
        for indices in draft.uses[candidate]! {
          collectUses(of: .init(node: candidate, indices: indices), in: &draft)
        }
      case .refuse(let reason):
        buffered.insert(candidate)
        draft.boundaries.append("\(graph.label(candidate)): \(reason)")
      }
    }
    guard let (other, both) = joined(draft) else {
      sections.append(draft)
      return note(number)
    }
    replace(other, by: both, joining: draft, number)
  }

  /// Puts a section in place of one that has been joined with `moved`, which has a number of its own.
  mutating func replace(_ number: Int, by both: SectionDraft, joining moved: SectionDraft, _ other: Int) {
    sections[number] = both
    for id in moved.members.map(\.node) + moved.inlined where sectionOf[id] == other { sectionOf[id] = number }
    // What only the other one read needs no memory any more.
    for id in both.members.map(\.node) where buffered.contains(id) && !kept.contains(id) && !both.copies.contains(id) {
      if outsideReaders(of: id, [number]).isEmpty, both.uses[id] != nil { buffered.remove(id) }
    }
    note(number)
  }

  /// Notes what a section that has been formed holds and reads.
  private mutating func note(_ number: Int) {
    noteDip(sections[number])
    for id in sections[number].members.map(\.node) { holders[id, default: []].insert(number) }
    for id in sections[number].uses.keys { users[id, default: []].insert(number) }
  }

  func completed(_ indices: [Index?], of node: Graph.ID, in draft: inout SectionDraft) -> [Index] {
    indices.enumerated().map { axis, index in index ?? draft.makeIndex(extent: graph.nodes[node].shape[axis]) }
  }

  func collectUses(of member: SectionDraft.Member, in draft: inout SectionDraft) {
    let found = uses(in: &draft) { walk in walk.sources(of: member.node, at: member.indices) }
    for (node, indices) in found { draft.uses[node, default: []].append(indices) }
  }

  /// Where a walk reads other staged nodes.
  func uses(in draft: inout SectionDraft, _ visit: (inout UseWalk) -> Void) -> [(Graph.ID, [Index])] {
    // Variables made on the way stand for reduced axes; only their difference from the grid's matters here.
    var made = draft.nextVariable
    var uses: [(Graph.ID, [Index])] = []
    let inlined = draft.inlined
    var walk = UseWalk(
      graph: graph, isStaged: { staged.isStaged[$0] && !inlined.contains($0) },
      makeIndex: { extent in
        guard extent > 1 else { return .constant(0) }
        defer { made += 1 }
        return .variable(IndexVariable(id: made, extent: extent))
      }, found: { uses.append(($0, $1)) })
    walk.isInPlace = { overwrites.targets[$0] != nil }
    visit(&walk)
    draft.nextVariable = made
    return uses
  }

  // MARK: - Judging a producer

  private enum Verdict {
    /// Compute it at each point of `grid`, at these indices; nil for an axis it covers whole.
    /// A copy is for this section alone: others that read the value find another.
    case join([Index?], grid: [IndexVariable], isCopy: Bool)
    /// Compute it inline wherever it is read.
    case recompute
    case refuse(String)
  }

  private func judge(_ id: Graph.ID, for draft: SectionDraft, number: Int, below limit: Int) -> Verdict {
    let node = graph.nodes[id]
    if partials.contains(id) { return .refuse("threads share its chunks") }
    if node.op.orderedAxis != nil { return .refuse("what runs in order has a section of its own") }
    if overwrites.targets[id] != nil { return .refuse("it is written in place") }
    let followers = overwrites.followers[id] ?? []
    if followers.contains(where: { sectionOf[$0] == number }) {
      return .refuse("it comes before what is overwritten here")
    }
    if sectionOf[id] != nil { return .refuse("computed in section \(sectionOf[id]!)") }
    if draft.members.count + draft.inlined.count >= CostModel.membersPerSection
      || draft.operations + staged.operations[id] > CostModel.operationsPerSection
    {
      return .refuse("the section holds enough")
    }
    let indices = draft.commonIndices(draft.uses[id]!, shape: node.shape)
    let grid = draft.grid.filter { indices.contains(.variable($0)) }
    let shrinks = grid.count < draft.grid.count
    let outside = outsideReaders(of: id, [number])
    let hasFreeAxes = indices.contains { $0 == nil }
    let isCopy = !outside.isEmpty && recomputable.contains(id) && (shrinks || hasFreeAxes)
    let isShared = !isCopy && (!outside.isEmpty || kept.contains(id))

    if shrinks, case .radixPass = graph.nodes[draft.members[0].node].op {
      return .refuse("a radix pass goes along one row at a time")
    }
    if isShared && shrinks { return .refuse("others read it, and it would narrow the grid") }
    if isShared && wouldBeScattered(indices) { return .refuse("others read it, and it would be written in strides") }
    let later = outside + followers
    if !later.isEmpty && !isCopy && leadsInto([number], below: limit, from: later) {
      return .refuse("what others make of it is needed here")
    }

    // What is no reduction can be computed anew at each use.
    let canRecompute =
      !isShared && !shrinks && reduction(of: id) == nil && draft.uses[id]!.count <= CostModel.recomputedUses
    if shrinks || hasFreeAxes {
      let small = draft.work + work(of: id) <= CostModel.smallWork
      let points = grid.reduce(1) { $0 * $1.extent }
      if !small && points < CostModel.parallelPoints && losesThreads(id, to: draft, shrinking: shrinks) {
        return canRecompute ? .recompute : .refuse("the grid they share has \(points) points")
      }
      let affected = [id] + (shrinks ? draft.members.map(\.node) : [])
      if !small, affected.contains(where: isLargeContraction),
        let reason = reasonAgainstBlock(id, at: indices, in: draft, grid: grid, shrinks: shrinks)
      {
        return .refuse(reason)
      }
    } else if wouldLoseTiles(id, at: indices, in: draft) {
      return .refuse("the contraction \(graph.label(id)) is tiled on its own")
    }
    let bytes = draft.members.dropFirst().reduce(scratchBytes(id, indices)) { total, member in
      total + draft.freeExtents(member.indices, grid: grid).reduce(graph.nodes[member.node].dtype.byteCount, *)
    }
    let isBlocked = grid.count > 0 && ([id] + draft.members.map(\.node)).contains(where: isLargeContraction)
    if bytes > (isBlocked ? CostModel.blockedScratchBytes : CostModel.scratchBytes) {
      return canRecompute ? .recompute : .refuse("\(bytes) bytes do not fit in scratch")
    }
    // Bytes among floating-point numbers in scratch spoil vector loops.
    if node.dtype == .bool && canRecompute && hasFreeAxes && staged.operations[id] == 1 { return .recompute }
    return .join(indices, grid: grid, isCopy: isCopy)
  }

  /// Whether a value may become a member of a section at all: it has none yet, and nothing made of it elsewhere comes back.
  private func couldJoin(_ id: Graph.ID, _ number: Int, below limit: Int) -> Bool {
    let later = outsideReaders(of: id, [number]) + (overwrites.followers[id] ?? [])
    return sectionOf[id] == nil && (later.isEmpty || !leadsInto([number], below: limit, from: later))
  }

  /// What reads a value outside some sections. Of what sections compute for themselves those that do are
  /// named instead.
  func outsideReaders(of id: Graph.ID, _ numbers: Set<Int>) -> [Graph.ID] {
    var found: [Graph.ID] = []
    var pending = readers[id]
    var seen = Set(pending)
    while let reader = pending.popLast() {
      if let section = sectionOf[reader] {
        if !numbers.contains(section) { found.append(reader) }
      } else if recomputable.contains(reader) {
        for next in readers[reader] where seen.insert(next).inserted { pending.append(next) }
      } else {
        found.append(reader)
      }
    }
    return found
  }

  /// Whether the elements that one point of the grid computes lie apart in memory: an axis inside the free ones is the
  /// grid's.
  private func wouldBeScattered(_ indices: [Index?]) -> Bool {
    guard let free = indices.firstIndex(where: { $0 == nil }) else { return false }
    return indices[free...].contains { $0?.asVariable != nil }
  }

  /// The same for a member of a section.
  func wouldBeScattered(_ indices: [Index], in draft: SectionDraft) -> Bool {
    wouldBeScattered(indices.map { index in index.asVariable.map { draft.grid.contains($0) } ?? true ? index : nil })
  }

  private func scratchBytes(_ id: Graph.ID, _ indices: [Index?]) -> Int {
    let node = graph.nodes[id]
    return indices.enumerated().reduce(node.dtype.byteCount) { $1.element == nil ? $0 * node.shape[$1.offset] : $0 }
  }

  /// The additions it takes to compute a staged node, roughly.
  func work(of id: Graph.ID) -> Int {
    let node = reduction(of: id) ?? graph.nodes[id]
    let turns = node.op.isReduction ? summedElements(node) : 0
    return Swift.max(overwrites.domain(of: id, in: graph).elementCount, turns) * (1 + CostModel.cost(node.op))
  }

  /// The elements that a reduction combines, those of sums inside it included.
  private func summedElements(_ reduction: Graph.Vertex) -> Int {
    var id = reduction.sources[0]
    var most = graph.nodes[id].shape.elementCount
    while !staged.isStaged[id], graph.nodes[id].op.isMovement || graph.nodes[id].op.isSum {
      id = graph.nodes[id].sources[0]
      most = Swift.max(most, graph.nodes[id].shape.elementCount)
    }
    return most
  }

  /// The reduction that a staged node is, or of which it copies a part; nil for other nodes.
  func reduction(of id: Graph.ID) -> Graph.Vertex? {
    var node = graph.nodes[id]
    if case .slice = node.op, !staged.isStaged[node.sources[0]] { node = graph.nodes[node.sources[0]] }
    return node.op.isReduction ? node : nil
  }

  /// Whether a grid of few points would take threads from much work: from the producer, which alone has a large grid,
  /// or from readers that do far more than it.
  private func losesThreads(_ id: Graph.ID, to draft: SectionDraft, shrinking: Bool) -> Bool {
    if graph.nodes[id].shape.elementCount >= CostModel.parallelPoints { return true }
    return shrinking && draft.work > CostModel.readersPerProducer * work(of: id)
  }

  /// A section whose readers stand `down` at the lowest, though some of its members stand `up`.
  private struct Dip {
    let down: Int
    let up: Int
  }

  /// Notes whether a section that has been formed leads from higher levels to lower ones.
  private mutating func noteDip(_ section: SectionDraft) {
    let members = section.members.map(\.node).filter { !section.copies.contains($0) }
    let up = members.map { levels[$0] }.max() ?? 0
    let outside = (members + section.inlined).flatMap { followers(of: $0) }.filter {
      !members.contains($0) && !section.inlined.contains($0)
    }
    if let down = outside.map({ levels[$0] }).min(), down <= up { dips.append(Dip(down: down, up: up)) }
  }

  /// The level above which nothing leads to some nodes: readers stand above what they read, but a section runs as a whole.
  func levelLimit(of nodes: [Graph.ID]) -> Int {
    var limit = nodes.map { levels[$0] }.max() ?? 0
    while let higher = dips.lazy.filter({ $0.down <= limit }).map(\.up).max(), higher > limit { limit = higher }
    return limit
  }

  /// Whether values computed in some sections, to which nothing above the level `limit` leads, would come back to
  /// them through `readers` outside: a cycle.
  func leadsInto(_ numbers: Set<Int>, below limit: Int, from readers: [Graph.ID]) -> Bool {
    var pending = readers
    var seen = Set(readers)
    var openedSections: Set<Int> = []
    while let id = pending.popLast() {
      if seen.count > 4096 { return true }  // not proven harmless
      if levels[id] > limit { continue }
      var next = followers(of: id)
      if let section = sectionOf[id] {
        if numbers.contains(section) { return true }
        // A section runs as a whole: whatever any of its members leads to waits for all it reads.
        if section < sections.count, openedSections.insert(section).inserted {
          next += sections[section].members.map(\.node).filter { !sections[section].copies.contains($0) }
          next += sections[section].inlined
        }
      }
      for reader in next where seen.insert(reader).inserted { pending.append(reader) }
    }
    return false
  }
}
