import LazyOps
import LazyScheduler

/// What `NAN_CHECK=1` does before each realize: computes everything once with all values in memory that a kernel writes,
/// and stops the program at the first op that gives NaN where it read none.
///
/// Infinities stop nothing: masks and logarithms of 0 are made of them on purpose. They are counted in the message.
struct NaNCheck {
  private let graph: Graph
  /// The nodes of the graph, computed as they are asked for.
  private let nodes: [Node]
  /// Values with more elements than this are not written to memory to be looked at, as the products of a matrix product.
  private let limit: Int
  /// Up to where elements are looked at.
  private let needed: NeededLengths
  private var contents: [Graph.ID: FloatContents] = [:]

  /// Stops the program if what a kernel of the graph writes holds a NaN. Throws what `Realizer.realize` does.
  static func run(_ graph: Graph, leaves: [Node]) throws {
    let schedule = Schedule(graph)
    var check = NaNCheck(schedule, leaves: leaves)
    let written = schedule.buffers.filter {
      if case .leaf = $0.kind { false } else { $0.dtype.isFloatingPoint && $0.byteCount > 0 }
    }.map(\.node)
    try check.compute(written)
    guard let first = written.sorted().first(where: { check.contents[$0]!.nanCount > 0 }) else { return }
    let origin = try check.origin(of: first)
    fatalError("[NAN_CHECK] \(check.report(origin))")
  }

  private init(_ schedule: Schedule, leaves: [Node]) {
    graph = schedule.graph
    needed = NeededLengths(graph)
    var leaves = leaves[...]
    var nodes: [Node] = []
    for vertex in graph.nodes {
      // Leaves are new nodes too: the caller's keep their memory for themselves.
      let leaf = vertex.isLeaf ? leaves.removeFirst() : nil
      nodes.append(
        Node(
          vertex.op, vertex.sources.map { nodes[$0] }, shape: vertex.shape, dtype: vertex.dtype,
          argument: leaf?.argument, storage: leaf?.storage, tracksGradient: false))
    }
    self.nodes = nodes
    limit = 4 * (schedule.buffers.map(\.shape.elementCount).max() ?? 0)
  }

  private mutating func compute(_ ids: [Graph.ID]) throws {
    let missing = ids.filter { contents[$0] == nil }
    try Realizer.realize(missing.map { nodes[$0] }.filter { !$0.op.isScalarLeaf }, looksForNaN: false)
    for id in missing {
      var elements = HostArray(nodes[id])
      for (axis, length) in needed.ends[id].enumerated() {
        if let count = length.flatMap({ nodes[$0].argument }) {
          elements = elements.cleared(from: Int(count.int64), on: axis)
        }
      }
      contents[id] = FloatContents(elements)
    }
  }

  /// Follows NaN back from a node that holds some to the first that does while nothing it reads has one there.
  private mutating func origin(of id: Graph.ID) throws -> Graph.ID {
    var current = id
    while true {
      let sources = values(readBy: current)
      try compute(sources.map(\.id))
      let place = contents[current]!.firstNaN!
      let culprit = sources.first { source in
        let found = contents[source.id]!
        return source.isInPlace ? found.isNaN(at: place) : found.nanCount > 0
      }
      guard let culprit else { return current }
      current = culprit.id
    }
  }

  /// The floating-point values that a node reads, and whether each of its elements is read at its own place only.
  private func values(readBy id: Graph.ID) -> [(id: Graph.ID, isInPlace: Bool)] {
    var found: [(id: Graph.ID, isInPlace: Bool)] = []
    var pending = graph.nodes[id].valueSources.map { ($0, graph.nodes[id].op.isElementwise) }
    var seen: Set<Graph.ID> = []
    while let (source, isInPlace) = pending.popLast() {
      guard graph.nodes[source].dtype.isFloatingPoint, seen.insert(source).inserted else { continue }
      let node = graph.nodes[source]
      if node.isTransparent || node.shape.elementCount > limit && !node.isLeaf {
        pending += node.valueSources.map { ($0, isInPlace && (node.op.isElementwise || node.op == .reshape)) }
      } else {
        found.append((source, isInPlace))
      }
    }
    return found.sorted { $0.id < $1.id }
  }

  private func report(_ id: Graph.ID) -> String {
    let node = graph.nodes[id]
    let found = contents[id]!
    let head =
      node.isLeaf
      ? "a tensor that was in memory before, \(node.dtype)\(node.shape), holds NaN"
      : "\(node.op) gives NaN that it has not read"
    let places = "\(found.nanCount) of \(found.count) elements, the first at \(node.shape.indices(of: found.firstNaN!))"
    let sources = values(readBy: id).map { "  \(graph.describe($0.id)): \(contents[$0.id]!)" }
    return ["\(head): \(places)", "  \(graph.describe(id))"].joined(separator: "\n")
      + (sources.isEmpty ? "" : "\nit reads\n" + sources.joined(separator: "\n"))
  }
}

/// What there is among floating-point elements.
private struct FloatContents: CustomStringConvertible {
  let count: Int
  private(set) var nanCount = 0
  private(set) var firstNaN: Int?
  private var infinityCount = 0
  private var range: (low: Double, high: Double)?
  /// The elements, where there is a NaN among them.
  private var values: [Double] = []

  init(_ array: HostArray) {
    let values = array.doubles
    count = values.count
    for (place, value) in values.enumerated() {
      if value.isNaN {
        nanCount += 1
        firstNaN = firstNaN ?? place
      } else if value.isInfinite {
        infinityCount += 1
      } else {
        range = (Swift.min(range?.low ?? value, value), Swift.max(range?.high ?? value, value))
      }
    }
    if nanCount > 0 { self.values = values }
  }

  func isNaN(at place: Int) -> Bool { nanCount > 0 && values[place].isNaN }

  /// The range of the finite elements, and how many others there are: `-1.0 to 3.0, 2 infinities`.
  var description: String {
    let finite = range.map { "\($0.low) to \($0.high)" } ?? "nothing finite"
    return
      ([finite] + [(infinityCount, "infinities"), (nanCount, "NaN")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" })
      .joined(separator: ", ")
  }
}

extension Graph.Vertex {
  /// Whether the node only shows elements of its source, all of them, in another order or more than once.
  fileprivate var isTransparent: Bool {
    switch op {
    case .detach, .barrier, .reshape, .permute, .expand: true
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .reduce, .scan,
      .radixPass,
      .slice, .pad,
      .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
      false
    }
  }
}

extension Shape {
  /// Returns the index of the element at a place in row-major order.
  fileprivate func indices(of place: Int) -> [Int] {
    zip(strides, dimensions).map { place / Swift.max($0, 1) % Swift.max($1, 1) }
  }
}
