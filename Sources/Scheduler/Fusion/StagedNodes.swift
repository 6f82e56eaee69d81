import LazyOps

/// Decides which nodes of a graph are *staged*: computed once, in a stage of their own, and kept in scratch or in a
/// buffer. All other nodes are inline: computed in registers wherever a staged node reads them.
struct StagedNodes {
  let graph: Graph
  /// For each update that is made in place, its target: only the region is computed.
  private let inPlace: [Graph.ID: Graph.ID]
  /// Whether each node is staged.
  private(set) var isStaged: [Bool]
  /// Whether anything that is asked for depends on an element of the node.
  private var isNeeded: [Bool]
  /// The cost of one element, computed inline from leaves and reductions.
  private var cost: [Int]
  /// How many ops are computed inline for the node, itself included.
  private(set) var operations: [Int]
  /// How many large arrays are read for one element.
  private var loads: [Int]
  /// How many ops read each node, outputs counted as such.
  private let uses: [Int]

  /// What is known of a node's readers once all of them are decided.
  private struct Readers {
    var isRead = false
    /// A staged node that reads it, and whether there are others. One that reads few of the elements does not count: it
    /// may well compute them anew.
    var first: Graph.ID?
    var areMany = false
    /// Whether some reader reads one element several times over.
    var repeats = false
    /// What the node is to a sum of products.
    var role = Role.none
    /// Whether one reader, through movement only that has one reader each, is all there is.
    var isSole = false
    /// How many times a stage computes the node inline: readers at its own indices share one, each that moves it has
    /// another.
    var sharedCopies = 0
    var movedCopies = 0

    mutating func add(_ reader: Graph.ID) {
      isRead = true
      if let first, first != reader { areMany = true }
      first = first ?? reader
    }

    mutating func addCopies(_ copies: Int, moved: Bool) {
      if moved {
        movedCopies = Swift.min(movedCopies + copies, 1 << 20)
      } else {
        sharedCopies = Swift.max(sharedCopies, copies)
      }
    }

    mutating func add(_ other: Readers) {
      isRead = isRead || other.isRead
      if let reader = other.first { add(reader) }
      areMany = areMany || other.areMany
    }
  }

  /// What a node is to its reader: that of which a part is copied; to a sum over windows, what is added up; to a
  /// contraction, each the source of the one before.
  private enum Role: Int { case none, copied, addend, summand, factor, operand }

  /// Decides for a graph. The updates in `inPlace` are staged, and so are their targets; `before` names other nodes that
  /// are staged in any case.
  init(_ graph: Graph, inPlace: [Graph.ID: Graph.ID] = [:], before: Set<Graph.ID> = []) {
    self.graph = graph
    self.inPlace = inPlace
    isStaged = .init(repeating: false, count: graph.nodes.count)
    isNeeded = isStaged
    cost = isStaged.map { _ in 0 }
    loads = cost
    operations = cost
    var uses = cost
    for id in graph.nodes.flatMap(\.sources) + graph.outputs { uses[id] += 1 }
    self.uses = uses
    for (id, target) in inPlace {
      isStaged[id] = true
      isStaged[target] = graph.nodes[target].op != .buffer
    }
    for id in before { isStaged[id] = true }
    estimate()
    decide()
    limitSize()
  }

  private mutating func estimate() {
    for (id, node) in graph.nodes.enumerated() {
      cost[id] = node.valueSources.reduce(CostModel.cost(node.op)) { Swift.min($0 + inlineCost($1), 1 << 20) }
      loads[id] = node.valueSources.reduce(node.op == .buffer && node.shape.elementCount > 1 ? 1 : 0) {
        Swift.min($0 + (isReduction($1) ? 1 : loads[$1]), 1 << 20)
      }
      // What is repeated over other axes is small beside what is computed from it; if it is expensive it is kept.
      if node.op == .expand {
        loads[id] = 0
        if cost[id] >= CostModel.expensive { cost[id] = 0 }
      }
    }
  }

  /// The sources whose elements a node reads: not the target that it updates in place.
  private func sourcesRead(by id: Graph.ID) -> ArraySlice<Graph.ID> {
    inPlace[id] == nil ? graph.nodes[id].valueSources[...] : graph.nodes[id].sources.dropFirst()
  }

  /// Whether computing each node, with what is inline in it, can fail: it uses an index that is not known to be in range.
  var failures: [Bool] {
    var fails = [Bool](repeating: false, count: graph.nodes.count)
    for (id, node) in graph.nodes.enumerated() {
      fails[id] = node.usesUncheckedIndex(in: graph) || node.valueSources.contains { fails[$0] && !isStaged[$0] }
    }
    return fails
  }

  private func inlineCost(_ id: Graph.ID) -> Int { isReduction(id) ? 0 : cost[id] }

  private func isReduction(_ id: Graph.ID) -> Bool {
    graph.nodes[id].op.isReduction || graph.nodes[id].op.orderedAxis != nil || inPlace[id] != nil
  }

  private mutating func decide() {
    var readers = [Readers](repeating: Readers(), count: graph.nodes.count)
    // What has no elements needs no section; its readers never reach it.
    let isEmpty = graph.nodes.map { $0.shape.elementCount == 0 }
    for output in graph.outputs where graph.nodes[output].op != .buffer { isStaged[output] = !isEmpty[output] }
    for id in graph.nodes.indices.reversed() {
      let node = graph.nodes[id]
      guard !isEmpty[id], isStaged[id] || readers[id].isRead else { continue }  // nobody reads it
      isNeeded[id] = true
      if !isStaged[id] { isStaged[id] = !isSummedWithin(readers[id], id) && deservesStage(id, readers[id]) }
      for source in sourcesRead(by: id) {
        if readsFewElements(node, source) {
          readers[source].isRead = true
        } else if isStaged[id] {
          readers[source].add(id)
        } else {
          readers[source].add(readers[id])
        }
        let repeats = repeatsElements(node, source)
        readers[source].isSole = uses[source] == 1 && (isStaged[id] || readers[id].isSole)
        readers[source].repeats = readers[source].repeats || repeats || (!isStaged[id] && readers[id].repeats)
        var own = Role.none
        if !isStaged[id] { own = readers[id].role } else if case .slice = node.op { own = .copied }
        let role = role(ofSourceOf: node, own, repeats: repeats)
        if role.rawValue > readers[source].role.rawValue { readers[source].role = role }
        let copies = isStaged[id] ? 1 : readers[id].sharedCopies + readers[id].movedCopies
        readers[source].addCopies(copies, moved: !node.op.isElementwise)
      }
    }
  }

  /// Whether a sum's only reader adds its elements up, each once: both are one sum. Or copies a part of it: of windows
  /// that overlap, only that is added up.
  private func isSummedWithin(_ readers: Readers, _ id: Graph.ID) -> Bool {
    guard readers.role == .addend || readers.role == .copied, readers.isSole, graph.nodes[id].dtype.isFloatingPoint
    else { return false }
    switch graph.nodes[id].op {
    case .reduce(.sum, _): return readers.role == .addend
    case .overlapAdd(let geometry): return geometry.isDense
    case .reduce, .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach,
      .barrier,
      .scan, .radixPass, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate, .gather, .scatterAdd, .put,
      .update:
      return false
    }
  }

  /// What a source of `node` is to a contraction: a product that is summed up has factors, and a factor whose elements
  /// are used more than once is an operand, worth a register tile.
  private func role(ofSourceOf node: Graph.Vertex, _ own: Role, repeats: Bool) -> Role {
    switch node.op {
    case .reduce(.sum, _): .summand
    case .overlapAdd(let geometry): geometry.isDense ? .addend : .none
    case .binary(.multiply): own == .summand ? .factor : .none
    case .select where graph.isLengthMask(node): own == .summand ? .summand : .none
    case .detach, .barrier, .reshape, .permute, .expand, .slice, .window, .bitcast:
      own == .factor && repeats ? .operand : own.rawValue <= Role.addend.rawValue && repeats ? .none : own
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .reduce, .scan, .radixPass,
      .pad,
      .concatenate, .gather, .scatterAdd, .put, .update:
      .none
    }
  }

  /// Whether `node` reads elements of `source` more than once.
  private func repeatsElements(_ node: Graph.Vertex, _ source: Graph.ID) -> Bool {
    switch node.op {
    case .expand: node.shape.elementCount > graph.nodes[source].shape.elementCount
    case .window(let geometry): geometry.size * geometry.dilation > geometry.stride
    case .gather, .radixPass: true
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .scan, .reshape, .permute, .slice, .pad, .overlapAdd, .concatenate, .scatterAdd, .put, .update:
      false
    }
  }

  private func readsFewElements(_ node: Graph.Vertex, _ source: Graph.ID) -> Bool {
    guard case .slice = node.op else { return false }
    return node.shape.elementCount * CostModel.fewElements <= graph.nodes[source].shape.elementCount
  }

  private func deservesStage(_ id: Graph.ID, _ readers: Readers) -> Bool {
    let node = graph.nodes[id]
    if isReduction(id) { return true }
    guard node.shape.elementCount > 1, cost[id] > 0 else { return false }
    switch node.op {
    case .buffer, .constant, .argument, .length, .iota: return false
    // Movement passes the question on to what it moves.
    case .detach, .barrier, .reshape, .permute, .expand, .slice, .window, .bitcast: return false
    case .reduce, .scan, .radixPass, .overlapAdd, .scatterAdd, .put: return true
    case .unary, .binary, .select, .cast, .pad, .concatenate, .gather, .update:
      if readers.role == .operand { return true }
      if readers.sharedCopies + readers.movedCopies >= CostModel.inlineCopies { return true }
      if readers.repeats && cost[id] >= CostModel.expensive { return true }
      return readers.areMany && (cost[id] >= CostModel.expensive || loads[id] >= 2)
    }
  }

  /// Stages what ends too long a chain, or too large a tree, of inline ops.
  private mutating func limitSize() {
    var depth = [Int](repeating: 0, count: graph.nodes.count)
    var isCounted = isStaged
    for (id, node) in graph.nodes.enumerated() where isNeeded[id] && !node.sources.isEmpty {
      depth[id] = 1 + (node.valueSources.map { isStaged[$0] ? 0 : depth[$0] }.max() ?? 0)
      operations[id] = CostModel.cost(node.op) > 0 ? 1 : 0
      // What several read is counted with the first of them.
      for source in node.valueSources where !isStaged[source] && !isCounted[source] {
        isCounted[source] = true
        operations[id] += operations[source]
      }
      if depth[id] > CostModel.inlineDepth || operations[id] > CostModel.inlineOperations { isStaged[id] = true }
    }
  }
}

extension WindowGeometry {
  /// Whether the turns of a sum over windows that do not exist are few.
  fileprivate var isDense: Bool { dilation == 1 || stride == 1 }
}
