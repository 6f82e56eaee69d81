package import LazyOps

extension FuzzCase {
  /// A step towards a smaller case that may fail in the same way.
  package enum Reduction: Hashable, Sendable {
    /// Only one output is asked for.
    case output(Int)
    /// One output is not asked for.
    case withoutOutput(Int)
    /// Nothing is realized early.
    case oneStep
    /// The leaves are let go.
    case releaseLeaves
    /// A node becomes a leaf that holds its value.
    case leaf(Graph.ID)
    /// A source of a node, of its shape and dtype, stands in for it.
    case bypass(Graph.ID, source: Int)
    /// An output's source is asked for in its place.
    case source(ofOutput: Int, Int)
    /// All extents of a number become another.
    case extent(Int, to: Int)
  }

  /// The steps that can be tried, those that take the most away first.
  package var reductions: [Reduction] {
    var result: [Reduction] = []
    if graph.outputs.count > 1 {
      result += graph.outputs.indices.map { .output($0) } + graph.outputs.indices.map { .withoutOutput($0) }
    }
    if !early.isEmpty { result.append(.oneStep) }
    if holdsLeaves { result.append(.releaseLeaves) }
    for (place, output) in graph.outputs.enumerated() {
      result += graph.nodes[output].sources.indices.map { .source(ofOutput: place, $0) }
    }
    let inner = graph.nodes.indices.filter { !graph.nodes[$0].isLeaf }
    result += inner.filter { !graph.outputs.contains($0) }.reversed().map { .leaf($0) }
    for id in inner {
      let node = graph.nodes[id]
      for (place, source) in node.sources.enumerated()
      where graph.nodes[source].shape == node.shape && graph.nodes[source].dtype == node.dtype {
        result.append(.bypass(id, source: place))
      }
    }
    let extents = Set(graph.nodes.filter(\.isLeaf).flatMap(\.shape.dimensions)).filter { $0 > 1 }
    for extent in extents.sorted(by: >) {
      for smaller in [1, 2, extent / 2, extent - 1] where 0 < smaller && smaller < extent {
        result.append(.extent(extent, to: smaller))
      }
    }
    return result
  }

  /// Returns the case after a step, without what no output needs any more; nil where the step does not fit.
  package func reduced(by reduction: Reduction) -> FuzzCase? {
    var result = self
    switch reduction {
    case .output(let place): result.graph.outputs = [graph.outputs[place]]
    case .withoutOutput(let place): result.graph.outputs.remove(at: place)
    case .oneStep: result.early = []
    case .releaseLeaves: result.holdsLeaves = false
    case .source(let output, let place):
      result.graph.outputs[output] = graph.nodes[graph.outputs[output]].sources[place]
    case .bypass(let id, let place):
      let source = graph.nodes[id].sources[place]
      for reader in graph.nodes.indices {
        result.graph.nodes[reader].sources = graph.nodes[reader].sources.map { $0 == id ? source : $0 }
      }
      result.graph.outputs = graph.outputs.map { $0 == id ? source : $0 }
      result.early = early.map { $0 == id ? source : $0 }
    case .leaf(let id):
      var asked = graph
      asked.outputs = [id]
      guard let value = try? asked.evaluate(leaves: leaves)[0] else { return nil }
      let place = graph.nodes[..<id].count(where: \.isLeaf)
      result.graph.nodes[id].op = .buffer
      result.graph.nodes[id].sources = []
      result.leaves.insert(value, at: place)
    case .extent(let extent, let smaller):
      guard let resized = graph.resized(extent, to: smaller) else { return nil }
      result.graph = resized
      result.leaves = zip(leaves, resized.leaves).map { $0.cropped(to: resized.nodes[$1].shape) }
    }
    return result.pruned
  }

  /// The case without nodes that no output needs.
  private var pruned: FuzzCase {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for output in graph.outputs { isNeeded[output] = true }
    for id in graph.nodes.indices.reversed() where isNeeded[id] {
      for source in graph.nodes[id].sources { isNeeded[source] = true }
    }
    var numbers = [Graph.ID?](repeating: nil, count: graph.nodes.count)
    var result = FuzzCase(Graph(), [], holdsLeaves: holdsLeaves)
    var values = leaves.makeIterator()
    for (id, node) in graph.nodes.enumerated() {
      let value = node.isLeaf ? values.next() : nil
      guard isNeeded[id] else { continue }
      if let value { result.leaves.append(value) }
      var node = node
      node.sources = node.sources.map { numbers[$0]! }
      numbers[id] = result.graph.nodes.count
      result.graph.nodes.append(node)
    }
    result.graph.outputs = graph.outputs.map { numbers[$0]! }
    result.early = early.compactMap { numbers[$0] }.filter { !result.graph.nodes[$0].isLeaf }
    return result
  }
}

extension FuzzCase {
  /// Makes the case smaller as long as it fails, by the first step that leaves it failing, over and over.
  ///
  /// - Returns: the smallest case found, and the numbers of the steps among the `reductions` of each case on the way.
  package func shrunk(trials: Int = 600, fails: (FuzzCase, [Int]) -> Bool) -> (smallest: FuzzCase, path: [Int]) {
    var (smallest, path, left) = (self, [Int](), trials)
    // Where the search goes on: what has just failed to help seldom helps after the next step.
    var start = 0
    while left > 0 {
      let reductions = smallest.reductions
      var found = false
      for offset in reductions.indices where left > 0 {
        let number = (start + offset) % reductions.count
        guard let candidate = smallest.reduced(by: reductions[number]) else { continue }
        left -= 1
        guard fails(candidate, path + [number]) else { continue }
        (smallest, found, start) = (candidate, true, number)
        path.append(number)
        break
      }
      if !found { break }
    }
    return (smallest, path)
  }

  /// Returns the case after the steps of these numbers; nil where they are not those of this case.
  package func following(_ path: [Int]) -> FuzzCase? {
    path.reduce(self) { (result: FuzzCase?, number) in
      guard let result, result.reductions.indices.contains(number) else { return nil }
      return result.reduced(by: result.reductions[number])
    }
  }
}
