import LazyOps

/// Decides which updates write into the memory of what they update, so that only the region is stored.
///
/// That is possible where the target's memory may be given up: it is a leaf that nobody else holds, or a value of this
/// graph that is no output; only one update can have it. All other readers of the target must come before the update.
/// So must everything that can fail, where a leaf is overwritten: nothing is lost when an index turns out to be wrong.
/// Where this order would be a circle, the update makes a copy like every other op.
struct Overwrites {
  /// For each update that is made in place, the node whose memory it takes over.
  private(set) var targets: [Graph.ID: Graph.ID] = [:]
  /// What is computed in stages of its own.
  let staged: StagedNodes
  /// For each staged node, the staged nodes it reads, and the leaves that are overwritten.
  private(set) var reads: [Graph.ID: [Graph.ID]] = [:]
  /// For each staged node, the updates in place that must come after it, though they do not read it.
  private(set) var followers: [Graph.ID: [Graph.ID]] = [:]

  init(_ graph: Graph) {
    var targets = Overwrites.candidates(graph)
    // Each round gives up those that cannot be ordered; after a few, all of them.
    for round in 0..<Overwrites.rounds {
      if round == Overwrites.rounds - 1 { targets = [:] }
      let staged = Overwrites.stage(graph, targets)
      var order = OverwriteOrder(graph, staged, targets)
      if targets.isEmpty || order.isSound() || round == Overwrites.rounds - 1 {
        (self.targets, self.staged, reads, followers) = (targets, staged, order.reads, order.followers)
        return
      }
      targets = targets.filter { !order.impossible.contains($0.key) }
    }
    preconditionFailure("bug: rounds without a last one")
  }

  private static let rounds = 5

  /// The shape of what a staged node computes: that of the region where it is an update in place.
  func domain(of id: Graph.ID, in graph: Graph) -> Shape {
    guard targets[id] != nil, case .update = graph.nodes[id].op else { return graph.nodes[id].shape }
    return graph.nodes[graph.nodes[id].sources[1]].shape
  }

  /// The updates whose targets could be given up, and those targets.
  static func candidates(_ graph: Graph) -> [Graph.ID: Graph.ID] {
    let leaves = graph.leaves
    let donated = Set(graph.donated.map { leaves[$0] })
    var taken = Set(graph.outputs)
    var targets: [Graph.ID: Graph.ID] = [:]
    /// How many updates in a row, up to each, are computed as choices between two values.
    var chain: [Graph.ID: Int] = [:]
    for (id, node) in graph.nodes.enumerated() where node.op.isUpdate {
      let target = graph.elements(of: node.sources[0])
      let value = graph.nodes[node.sources[node.sources.count - 1]]
      guard node.shape.elementCount > 0, value.shape.elementCount > 0,
        !node.sources.dropFirst().contains(where: { graph.elements(of: $0) == target })
      else { continue }
      let isFree =
        if graph.nodes[target].op == .buffer {
          donated.contains(target)
        } else {
          targets[target] != nil || graph.nodes[target].op.isScatter
            || chain[target, default: 0] >= CostModel.inlineUpdates
        }
      if isFree, taken.insert(target).inserted {
        targets[id] = target
      } else if !node.op.isScatter {
        chain[id] = chain[target, default: 0] + 1
      }
    }
    return targets
  }

  /// Decides on stages for these updates in place. A value that reads its target elsewhere than where it is written is
  /// computed before, and so is what can fail where a leaf is overwritten.
  private static func stage(_ graph: Graph, _ targets: [Graph.ID: Graph.ID]) -> StagedNodes {
    let staged = StagedNodes(graph, inPlace: targets)
    if targets.isEmpty { return staged }
    let fails = staged.failures
    var isLeaf: [Graph.ID: Bool] = [:]
    var before: Set<Graph.ID> = []
    for (id, target) in targets.sorted(by: { $0.key < $1.key }) {
      let overwritesLeaf = isLeaf[target] ?? (graph.nodes[target].op == .buffer)
      isLeaf[id] = overwritesLeaf
      for source in graph.nodes[id].sources.dropFirst() where !staged.isStaged[source] {
        if overwritesLeaf && fails[source] || readsElsewhere(graph, source, of: id, target: target, staged) {
          before.insert(source)
        }
      }
    }
    return before.isEmpty ? staged : StagedNodes(graph, inPlace: targets, before: before)
  }

  private static func readsElsewhere(
    _ graph: Graph, _ value: Graph.ID, of id: Graph.ID, target: Graph.ID, _ staged: StagedNodes
  ) -> Bool {
    let node = graph.nodes[id]
    var next = 0
    func makeIndex(_ extent: Int) -> Index {
      guard extent > 1 else { return .constant(0) }
      defer { next += 1 }
      return .variable(IndexVariable(id: next, extent: extent))
    }
    let indices = graph.nodes[value].shape.dimensions.map(makeIndex)
    var written: Index?
    if case .update(let ranges) = node.op {
      written = SourceIndices.flatten(zip(indices, ranges).map { $0 * $1.step + $1.start }, node.shape)
    }
    let shape = graph.nodes[target].shape
    var isElsewhere = false
    var walk = UseWalk(
      graph: graph, isStaged: { $0 == target || staged.isStaged[$0] }, makeIndex: makeIndex,
      found: { if $0 == target && SourceIndices.flatten($1, shape) != written { isElsewhere = true } })
    walk.sources(of: value, at: indices)
    return isElsewhere
  }
}

extension Graph {
  /// The node whose elements, in row-major order, are those of `id`: what lies behind changes of shape.
  func elements(of id: ID) -> ID {
    var id = id
    while nodes[id].op == .reshape { id = nodes[id].sources[0] }
    return id
  }
}

extension Op {
  /// Whether the op changes some elements of its first source.
  var isUpdate: Bool {
    switch self {
    case .scatterAdd, .put, .update: true
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .scan, .radixPass, .reshape, .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .gather:
      false
    }
  }
}
