package import LazyOps

extension Schedule {
  /// The buffer of each graph node that has one.
  package var bufferOf: [Graph.ID: Int] {
    Dictionary(uniqueKeysWithValues: buffers.enumerated().map { ($1.node, $0) })
  }

  /// The graph nodes a kernel computes, in graph order: its members, and what it computes inline on the way to them
  /// from buffers. A node that several kernels compute inline is among the nodes of each.
  ///
  /// `bufferOf` is what the schedule says it is: whoever asks for many kernels asks for it once.
  package func computedNodes(of kernel: Kernel, bufferOf: [Graph.ID: Int]) -> [Graph.ID] {
    var computed = Set(kernel.members)
    var pending = kernel.members
    while let id = pending.popLast() {
      for source in sources(of: id) where bufferOf[source] == nil && computed.insert(source).inserted {
        pending.append(source)
      }
    }
    return computed.sorted()
  }

  /// The sources a kernel reads elements of: nothing comes from a source that has none.
  func sources(of id: Graph.ID) -> [Graph.ID] {
    graph.nodes[id].sources.filter { graph.nodes[$0].shape.elementCount > 0 }
  }
}
