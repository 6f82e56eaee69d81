package import LazyOps

/// Turns a draft into a section: gives each member its scratch, its buffer and its stage.
struct SectionBuilder {
  let graph: Graph
  let draft: SectionDraft
  /// The schedule's buffer of each node that has one.
  let bufferOf: [Graph.ID: Int]
  var section: Section
  private var scratchOf: [Graph.ID: Int] = [:]
  private let memberOf: [Graph.ID: SectionDraft.Member]
  private var argumentOf: [Graph.ID: Int] = [:]
  /// The lengths up to which nodes are needed.
  private let needed: NeededLengths
  /// The node whose memory the root takes over, where that is an update in place.
  let target: Graph.ID?

  /// Builds the section; `elements` counts those of each buffer, `arguments` numbers the graph's argument nodes, `targets`
  /// names what updates take over. Pieces that are joined to one buffer, with nothing done to the whole, get a section
  /// each, and so do phases.
  static func build(
    _ draft: SectionDraft, of graph: Graph, needed: NeededLengths, buffers: [Graph.ID: Int], elements: [Int],
    arguments: [Graph.ID: Int], targets: [Graph.ID: Graph.ID] = [:]
  ) -> [Section] {
    let root = graph.nodes[draft.members[0].node]
    if case .concatenate(let axis) = root.op, draft.members.count == 1 {
      return pieces(of: root, along: axis, draft, in: graph).map { piece in
        var builder = SectionBuilder(
          graph: graph, draft: piece.draft, needed: needed, bufferOf: buffers, arguments: arguments)
        builder.append(piece)
        return builder.section.finished
      }
    }
    let target = targets[draft.members[0].node]
    var builder = SectionBuilder(
      graph: graph, draft: draft, needed: needed, bufferOf: buffers, arguments: arguments, target: target)
    for member in draft.members.reversed() {
      let count = builder.section.stages.count
      builder.append(member)
      if target == nil { builder.endStages(from: count, of: member) }
    }
    if target == nil { builder.endGrid() }
    builder.section.merge()
    if let target {
      var section = builder.section.finished
      section.take(buffers[target]!, over: buffers[draft.members[0].node]!)
      return [section]
    }
    return builder.section.phases().map { phase in
      var phase = phase
      phase.dropNeedlessMasks(elements: elements)
      return phase.finished
    }
  }

  private init(
    graph: Graph, draft: SectionDraft, needed: NeededLengths, bufferOf: [Graph.ID: Int], arguments: [Graph.ID: Int],
    target: Graph.ID? = nil
  ) {
    self.needed = needed
    self.graph = graph
    self.target = target
    self.draft = draft
    self.bufferOf = bufferOf
    section = Section(
      grid: draft.grid, stages: [], scratch: [], buffers: [], arguments: [],
      members: draft.members.reversed().map(\.node), boundaries: draft.boundaries, nextVariable: draft.nextVariable)
    memberOf = Dictionary(uniqueKeysWithValues: draft.members.map { ($0.node, $0) })
    argumentOf = arguments
    for member in draft.members where draft.uses[member.node] != nil {
      scratchOf[member.node] = section.scratch.count
      let extents = draft.freeExtents(member.indices, grid: draft.grid)
      section.scratch.append(
        Scratch(dtype: graph.nodes[member.node].dtype, extents: extents.isEmpty ? [] : [extents.reduce(1, *)]))
    }
  }

  // MARK: - Places

  /// The schedule's number of the buffer that holds a node.
  func buffer(of node: Graph.ID) -> Int { bufferOf[node]! }

  /// The section's number for a buffer of the schedule.
  mutating func parameter(_ buffer: Int) -> Int {
    if let position = section.buffers.firstIndex(of: buffer) { return position }
    section.buffers.append(buffer)
    return section.buffers.count - 1
  }

  private mutating func parameter(argument: Int) -> Int {
    if let position = section.arguments.firstIndex(of: argument) { return position }
    section.arguments.append(argument)
    return section.arguments.count - 1
  }

  /// The variable that stands for a length.
  private mutating func length(_ id: Graph.ID) -> IndexVariable {
    guard case .length(let bound) = graph.nodes[id].op else {
      preconditionFailure("bug: \(graph.label(id)) is no length")
    }
    _ = parameter(argument: argumentOf[id]!)
    return .length(argumentOf[id]!, bound: bound)
  }

  // MARK: - Ends

  /// The length up to which a member is needed along a range that one of its axes runs with.
  private func end(of range: IndexVariable, in member: SectionDraft.Member) -> Graph.ID? {
    member.indices.firstIndex(of: .variable(range)).flatMap { needed.ends[member.node][$0] }
  }

  /// Lets the stages of a member end where nothing more is needed of it.
  private mutating func endStages(from first: Int, of member: SectionDraft.Member) {
    for stage in section.stages.indices[first...] {
      for range in section.stages[stage].loops {
        if let length = end(of: range, in: member) { section.stages[stage].ends[range] = Index(self.length(length)) }
      }
    }
  }

  /// Lets ranges of the grid end where nothing more is needed of any member.
  private mutating func endGrid() {
    for range in section.grid {
      guard let length = end(of: range, in: draft.members[0]),
        draft.members.allSatisfy({ end(of: range, in: $0) == length })
      else { continue }
      section.ends[range] = Index(self.length(length))
    }
  }

  mutating func bufferPlace(_ id: Graph.ID, _ indices: [Index]) -> Place {
    .buffer(parameter(bufferOf[id]!), SourceIndices.flatten(indices, graph.nodes[id].shape))
  }

  /// A member's scratch keeps the axes that the grid leaves free, flat in row-major order.
  private func scratchPlace(_ id: Graph.ID, _ indices: [Index]) -> Place {
    var flat = Index.constant(0)
    var isScalar = true
    for (axis, own) in memberOf[id]!.indices.enumerated() {
      guard case .variable(let variable) = own, !draft.grid.contains(variable) else { continue }
      flat = flat * variable.extent + indices[axis]
      isScalar = false
    }
    return .local(scratchOf[id]!, isScalar ? [] : [flat])
  }

  // MARK: - Stages

  private mutating func append(_ member: SectionDraft.Member) {
    let node = graph.nodes[member.node]
    switch node.op {
    case .update(let ranges) where target != nil && member.node == draft.members[0].node:
      let place = bufferPlace(member.node, zip(member.indices, ranges).map { $0 * $1.step + $1.start })
      appendStage(spatial: ownVariables(member)) { builder in
        ([], [.store(place, builder.value(of: node.sources[1], at: member.indices))])
      }
    case .scatterAdd(let axis), .put(let axis): appendScatter(member, node, axis)
    case .scan(let op, let axis): appendScan(member, node, op, axis)
    case .radixPass(let digit): appendRadixPass(member, node, digit)
    case .reduce, .overlapAdd: appendReduction(member, node)
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reshape,
      .permute, .expand, .slice, .pad, .window, .concatenate, .gather, .update:
      appendStage(member) { builder in .init(value: builder.inline(member.node, at: member.indices)) }
    }
  }

  private struct Body {
    var value: Value
    var reduction: ReduceOp?
  }

  private mutating func appendReduction(_ member: SectionDraft.Member, _ node: Graph.Vertex) {
    let source = node.sources[0]
    let graph = graph
    appendStage(member) { builder in
      switch node.op {
      case .reduce(let op, let axes):
        let indices = builder.sumIndices(of: member.node, axes, at: member.indices)
        return Body(value: builder.value(of: source, at: indices), reduction: op)
      case .overlapAdd(let geometry):
        let moved = builder.overlapping(geometry, at: member.indices, source: graph.nodes[source].shape)
        let value = builder.masked(source, at: moved.indices, inside: moved.mask, mask: .always)
        return Body(value: value, reduction: .sum)
      case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
        .scan,
        .radixPass, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate, .gather, .scatterAdd, .put,
        .update:
        preconditionFailure("bug: \(graph.label(member.node)) is no reduction")
      }
    }
  }

  /// Adds the stage that computes a member, and one that copies it out where it is both read here and kept.
  private mutating func appendStage(_ member: SectionDraft.Member, _ write: (inout StageBuilder) -> Body) {
    let id = member.node
    let place = scratchOf[id] != nil ? scratchPlace(id, member.indices) : bufferPlace(id, member.indices)
    if let sum = draft.sums[id] {
      // The first point of the range finds nothing there yet.
      let graph = graph
      return appendStage(spatial: ownVariables(member)) { builder in
        let value = write(&builder).value
        let dtype = graph.nodes[id].dtype
        let isLater = Mask(Index(sum.rows), in: 1..<sum.rows.extent)
        let earlier = builder.define(.load(place, isLater), dtype)
        return ([], [.store(place, builder.define(.binary(.add, earlier, value), dtype))])
      }
    }
    appendStage(spatial: ownVariables(member)) { builder in
      let body = write(&builder)
      // A copy of a part of a sum is that sum.
      let reduction = body.reduction ?? (builder.summed.isEmpty ? nil : .sum)
      let result: Stage.Result =
        if let reduction { .reduce(reduction, body.value, place) } else { .store(place, body.value) }
      return (builder.summed, [result])
    }
    guard scratchOf[id] != nil, bufferOf[id] != nil, !draft.copies.contains(id) else { return }
    let kept = bufferPlace(id, member.indices)
    appendStage(spatial: ownVariables(member)) { builder in
      ([], [.store(kept, builder.value(of: id, at: member.indices))])
    }
  }

  /// One of the tensors that a concatenation joins.
  private struct Piece {
    let source: Graph.ID
    /// The section's draft: its grid runs over the piece.
    let draft: SectionDraft
    /// The indices in the piece, and in the whole.
    let inner: [Index]
    let outer: [Index]
  }

  private static func pieces(of root: Graph.Vertex, along axis: Int, _ draft: SectionDraft, in graph: Graph) -> [Piece]
  {
    var start = 0
    return root.sources.compactMap { source in
      let extent = graph.nodes[source].shape[axis]
      defer { start += extent }
      guard extent > 0 else { return nil }
      var own = draft
      var inner = draft.members[0].indices
      own.grid.removeAll { .variable($0) == inner[axis] }
      inner[axis] = own.makeIndex(extent: extent)
      own.grid = inner.compactMap(\.asVariable)
      var outer = inner
      outer[axis] = inner[axis] + start
      return Piece(source: source, draft: own, inner: inner, outer: outer)
    }
  }

  private mutating func append(_ piece: Piece) {
    let place = bufferPlace(draft.members[0].node, piece.outer)
    appendStage(spatial: []) { builder in
      ([], [.store(place, builder.value(of: piece.source, at: piece.inner))])
    }
  }

  /// The variables of a member that are not the grid's.
  func ownVariables(_ member: SectionDraft.Member) -> [IndexVariable] {
    member.indices.flatMap(\.orderedVariables).filter { !draft.grid.contains($0) }
  }

  /// Adds a stage: what it computes, the ranges it reduces over and its results are what `write` returns.
  mutating func appendStage(
    spatial: [IndexVariable], _ write: (inout StageBuilder) -> (reduced: [IndexVariable], results: [Stage.Result])
  ) {
    // Places are found through a copy, so that what it learns of buffers and arguments can be taken over afterwards.
    var places = self
    var builder = StageBuilder(
      graph: graph,
      homes: .init(
        place: { id, indices in
          // An argument is at hand everywhere, and was checked before any kernel ran.
          if places.graph.nodes[id].op.isScalarLeaf { return nil }
          if places.scratchOf[id] != nil, !places.draft.inlined.contains(id) { return places.scratchPlace(id, indices) }
          return places.bufferOf[id] == nil || places.memberOf[id] != nil ? nil : places.bufferPlace(id, indices)
        }, argument: { id in places.parameter(argument: places.argumentOf[id]!) },
        length: { places.length($0) }),
      rows: Dictionary(uniqueKeysWithValues: draft.sums.values.map { ($0.reduction, $0.rows) }),
      nextVariable: section.nextVariable)
    let (reduced, results) = write(&builder)
    section.buffers = places.section.buffers
    section.arguments = places.section.arguments
    section.nextVariable = builder.nextVariable
    section.stages.append(
      Stage(spatial: spatial, reduced: reduced, steps: builder.finishedSteps, values: builder.values, results: results))
  }
}

extension Section {
  /// The section with ranges as few and indices as plain as can be.
  fileprivate var finished: Section {
    var section = self
    section.splitRanges()
    section.collapseRanges()
    section.shareScratch()
    section.separateRanges()
    return section
  }
}

extension Index {
  /// The variable this expression is, or nil where it is anything else.
  package var asVariable: IndexVariable? { if case .variable(let variable) = self { variable } else { nil } }
}

extension Index {
  /// The variables in the order in which the expression names them, the ones that weigh most first.
  fileprivate var orderedVariables: [IndexVariable] {
    variables.sorted { (coefficient(of: $1.id) ?? 0, $0.id) < (coefficient(of: $0.id) ?? 0, $1.id) }
  }
}
