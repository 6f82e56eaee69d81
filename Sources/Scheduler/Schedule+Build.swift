package import LazyOps

extension Schedule {
  /// Schedules a graph: simplifies it, decides which values are staged, forms kernels and plans memory. `trace` is told
  /// of each rule that fires.
  package init(_ graph: Graph, trace: ((String) -> Void)? = nil) {
    var simple = graph.simplified(trace: trace).withoutEmptyReductions()
    outputShapes = graph.outputs.map { graph.nodes[$0].shape }
    // Under another shape the elements are the same.
    simple.outputs = simple.outputs.map { simple.elements(of: $0) }
    simple = simple.withoutDeadNodes()
    simple.donated = graph.donated
    let split = simple.checkingIndices().splittingReductions()
    let graph = split.graph
    let formation = SectionFormation(split)
    let leaves = graph.leaves
    let leafNumber = Dictionary(uniqueKeysWithValues: leaves.enumerated().map { ($1, $0) })

    var buffers: [Buffer] = []
    var bufferOf: [Graph.ID: Int] = [:]
    let results = Set(graph.outputs)
    for (id, node) in graph.nodes.enumerated() {
      let kind: Buffer.Kind
      if node.op == .buffer {
        kind = .leaf(leafNumber[id]!)
      } else if formation.buffered.contains(id) {
        kind = results.contains(id) ? .output : .temporary
      } else {
        continue
      }
      bufferOf[id] = buffers.count
      buffers.append(Buffer(node: id, kind: kind, shape: node.shape, dtype: node.dtype))
    }

    for (update, target) in formation.overwrites.targets { buffers[bufferOf[update]!].over = bufferOf[target]! }

    let arguments = leaves.filter { graph.nodes[$0].op.isScalarLeaf }
    let argumentOf = Dictionary(uniqueKeysWithValues: arguments.enumerated().map { ($1, $0) })
    let needed = NeededLengths(graph)
    self.graph = graph
    self.buffers = buffers
    self.arguments = arguments.map { id in
      let node = graph.nodes[id]
      let bound: Int? = if case .length(let bound) = node.op { bound } else { nil }
      return Argument(leaf: leafNumber[id]!, dtype: node.dtype, bound: bound)
    }
    indexChecks = graph.indexArguments.map { IndexCheck(argument: argumentOf[$0.argument]!, extent: $0.extent) }
    outputs = graph.outputs.map { bufferOf[$0]! }
    let elements = buffers.map(\.shape.elementCount)
    var units = formation.sections.map {
      SectionBuilder.build(
        $0, of: graph, needed: needed, buffers: bufferOf, elements: elements, arguments: argumentOf,
        targets: formation.overwrites.targets)
    }
    for (unit, others) in formation.awaitedSections.enumerated() {
      // Any buffer that a section writes stands for it.
      let awaited = others.map { units[$0][0].writtenBuffers.min()! }
      for section in units[unit].indices { units[unit][section].awaited = awaited }
    }
    let grouped = KernelGrouping.kernels(of: units, graph: graph, buffers: buffers)
    kernels = EarlyRelease.order(grouped, graph: graph, buffers: buffers)
    memory = MemoryPlan()
    takeOverMemory()
    memory = MemoryPlan(buffers: self.buffers, kernels: kernels)
  }
}

extension Graph {
  /// Replaces reductions over nothing by their value: later levels know only ranges with at least one index.
  fileprivate func withoutEmptyReductions() -> Graph {
    var graph = self
    for (id, node) in nodes.enumerated() where node.op.isReduction && node.shape.elementCount > 0 {
      guard nodes[node.sources[0]].shape.elementCount == 0 else { continue }
      let identity = if case .reduce(let op, _) = node.op { op.identity(node.dtype) } else { Scalar.integer(0) }
      graph.nodes[id] = Vertex(.constant(identity.cast(to: node.dtype)), [], shape: node.shape, dtype: node.dtype)
    }
    return graph
  }
}
