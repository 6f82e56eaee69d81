extension Graph {
  /// Applies all rules wherever they match, merges equal nodes, and drops those no output needs; linear in the number
  /// of nodes.
  ///
  /// All leaves stay, in their order, so that the same values are bound to them.
  /// - Parameter trace: is told of every rule that fires, with node numbers of the graph while it grows.
  package func simplified(trace: ((String) -> Void)? = nil) -> Graph {
    var rewriter = Rewriter(trace: trace)
    var replacements: [ID] = []
    replacements.reserveCapacity(nodes.count)
    for node in nodes {
      var node = node
      node.sources = node.sources.map { replacements[$0] }
      replacements.append(node.isLeaf ? rewriter.add(leaf: node) : rewriter.add(node))
    }
    return Graph(nodes: rewriter.nodes, outputs: outputs.map { replacements[$0] }, limits: limits).withoutDeadNodes()
  }

  /// Returns the graph with only the leaves and what the outputs need.
  package func withoutDeadNodes() -> Graph {
    var isNeeded = nodes.map(\.isLeaf)
    for output in outputs { isNeeded[output] = true }
    for id in nodes.indices.reversed() where isNeeded[id] {
      for source in nodes[id].sources { isNeeded[source] = true }
    }
    var result = Graph()
    var numbers = [ID](repeating: -1, count: nodes.count)
    for (id, node) in nodes.enumerated() where isNeeded[id] {
      numbers[id] = result.nodes.count
      result.nodes.append(node)
      result.nodes[numbers[id]].sources = node.sources.map { numbers[$0] }
    }
    (result.outputs, result.limits) = (outputs.map { numbers[$0] }, limits)
    return result
  }
}

extension Rule {
  /// Returns the rules whose left side can be a node of `op`, in the order in which they are tried.
  package static func table(for op: Op) -> [Rule] {
    switch op {
    case .buffer, .argument, .length, .iota, .barrier, .gather, .radixPass: []
    case .scatterAdd: [Rule.halfSum]
    case .put: put
    case .constant: constants
    case .unary: unary
    case .binary: binary
    case .select: select
    case .cast: cast
    case .bitcast: bitcast
    case .detach: detach
    case .reduce: reduce
    case .scan: [Rule.halfSum]
    case .reshape: reshape
    case .permute: permute
    case .expand: expand
    case .slice: slice
    case .pad: pad
    case .window: window
    case .overlapAdd: overlapAdd
    case .concatenate: concatenate
    case .update: update
    }
  }
}
