import LazyOps

/// Draws one kernel: a cluster of the ops it computes, and the edges between them and its buffers.
struct KernelDot {
  let schedule: Schedule
  let number: Int
  let prefix: String
  /// The schedule's buffer of each graph node that has one.
  let bufferOf: [Graph.ID: Int]
  /// The schedule's argument of each graph node that is one.
  let argumentOf: [Graph.ID: Int]
  /// The buffers of leaves that the kernel reads, found while drawing.
  private var leaves: [Int] = []
  /// The edges between an op and a buffer, and the node whose elements go there.
  private var bufferEdges: [(from: String, to: String, node: Graph.ID)] = []
  private let members: Set<Graph.ID>

  init(schedule: Schedule, number: Int, prefix: String, bufferOf: [Graph.ID: Int], argumentOf: [Graph.ID: Int]) {
    self.schedule = schedule
    self.number = number
    self.prefix = prefix
    self.bufferOf = bufferOf
    self.argumentOf = argumentOf
    members = Set(schedule.kernels[number].members)
  }

  private var kernel: Kernel { schedule.kernels[number] }
  private func name(of id: Graph.ID) -> String { "\(prefix)k\(number)_n\(id)" }

  /// The name of the box for a leaf, which each kernel that reads it has for itself.
  private func name(ofLeaf buffer: Int) -> String { "\(prefix)k\(number)_b\(buffer)" }

  /// Writes the cluster, then its leaves and the edges to and from buffers.
  mutating func write(to text: inout DotText) {
    text.block("subgraph cluster_\(prefix)k\(number)") { text in
      let tooltip = (["kernel \(number)"] + kernel.sections.flatMap(\.boundaries).map { "not here: \($0)" }).joined(
        separator: "\n")
      text.statement(
        "graph",
        [
          ("label", .markup(label)), ("labeljust", "l"), ("fontsize", "11"), ("style", "filled,rounded"),
          ("fillcolor", .text(DotStyle.kernel.fill)), ("color", .text(DotStyle.kernel.line)), ("margin", "10"),
          ("tooltip", .text(tooltip)),
        ])
      // Lines to buffers stretch rather than those between ops: a kernel stays in one piece.
      text.statement("edge", [("weight", "20")])
      for id in schedule.computedNodes(of: kernel, bufferOf: bufferOf) where isDrawnOnce(id) {
        writeNode(id, name: name(of: id), to: &text)
        writeSources(of: id, to: &text)
        guard members.contains(id), let buffer = bufferOf[id] else { continue }
        bufferEdges.append((name(of: id), "\(prefix)b\(buffer)", id))
      }
    }
    for leaf in leaves { schedule.writeBuffer(leaf, name: name(ofLeaf: leaf), to: &text) }
    for edge in bufferEdges { writeEdge(from: edge.from, to: edge.to, edge.node, to: &text) }
  }

  /// Whether a node has one place in the cluster; constants and the like are drawn beside each of their readers.
  private func isDrawnOnce(_ id: Graph.ID) -> Bool {
    schedule.graph.nodes[id].isOperation || members.contains(id)
  }

  private mutating func writeSources(of id: Graph.ID, to text: inout DotText) {
    var drawn: Set<Graph.ID> = []
    for source in schedule.sources(of: id) {
      if let buffer = bufferOf[source], !members.contains(source) {
        var from = "\(prefix)b\(buffer)"
        if case .leaf = schedule.buffers[buffer].kind {
          from = name(ofLeaf: buffer)
          if !leaves.contains(buffer) { leaves.append(buffer) }
        }
        bufferEdges.append((from, name(of: id), source))
      } else if isDrawnOnce(source) {
        writeEdge(from: name(of: source), to: name(of: id), source, to: &text)
      } else {
        let copy = "\(name(of: source))_\(id)"
        if drawn.insert(source).inserted { writeNode(source, name: copy, to: &text) }
        writeEdge(from: copy, to: name(of: id), source, isAside: true, to: &text)
      }
    }
  }

  /// Writes an edge along which the elements of `id` flow; faintly where they come from a constant or the like.
  private func writeEdge(
    from: String, to: String, _ id: Graph.ID, isAside: Bool = false, to text: inout DotText
  ) {
    let node = schedule.graph.nodes[id]
    let aside: [(String, DotValue)] = isAside ? [("style", "dotted"), ("arrowhead", "none")] : []
    text.statement("\(from) -> \(to)", [("label", " \(node.dtype)\(node.shape)")] + aside)
  }

  private func writeNode(_ id: Graph.ID, name: String, to text: inout DotText) {
    let node = schedule.graph.nodes[id]
    var attributes: [(String, DotValue)] = [("label", .text(caption(id)))]
    func color(_ colors: DotStyle.Colors) {
      attributes += [("fillcolor", .text(colors.fill)), ("color", .text(colors.line))]
    }
    switch OpKind(node.op) {
    case .value:
      attributes += [
        ("shape", "plaintext"), ("style", "solid"), ("fontsize", "9"), ("fontcolor", DotStyle.muted),
        ("margin", "0.03"), ("height", "0.15"), ("width", "0.1"),
      ]
    case .elementwise: break
    case .reduction: color(DotStyle.reduction)
    case .movement:
      color(DotStyle.movement)
      attributes += [("style", "filled,dashed"), ("fontsize", "9"), ("height", "0.2")]
    case .indexed: color(DotStyle.indexed)
    }
    if members.contains(id) { attributes.append(("penwidth", "2.2")) }
    text.statement(name, attributes + [("tooltip", .text(schedule.graph.describe(id)))])
  }

  // MARK: - Captions

  /// The kernel's number, the ops with a home in it, and its sizes.
  private var label: String {
    let shown = 4
    var ops = kernel.members.prefix(shown).map { schedule.graph.nodes[$0].op.name }
    if kernel.members.count > shown { ops.append("\(kernel.members.count - shown) more") }
    let sizes = kernel.sections.count == 1 ? sizes(of: kernel.sections[0]) : sizesOfSections
    return "<B>kernel \(number)</B>: \(DotValue.escaped(ops.joined(separator: ", ")))<BR ALIGN=\"LEFT\"/>"
      + "<FONT POINT-SIZE=\"9\">\(sizes.joined(separator: ", "))</FONT><BR ALIGN=\"LEFT\"/>"
  }

  private func sizes(of section: Section) -> [String] {
    let extents = section.grid.map { "\($0.extent)" }.joined(separator: " × ")
    var sizes = [section.grid.isEmpty ? "one point" : "grid \(extents)", counted(section.stages.count, "stage")]
    let scratch = section.scratch.reduce(0) { $0 + $1.byteCount }
    if scratch > 0 { sizes.append("\(byteText(scratch)) of scratch") }
    return sizes
  }

  private var sizesOfSections: [String] {
    [
      counted(kernel.phases.count, "phase"), counted(kernel.sections.count, "section"),
      counted(kernel.sections.reduce(0) { $0 + $1.stages.count }, "stage"),
    ]
  }

  private func caption(_ id: Graph.ID) -> String {
    let node = schedule.graph.nodes[id]
    let parameters = node.op.description.dropFirst(node.op.name.count + 1).dropLast()
    switch node.op {
    case .constant(let value): return node.dtype == .float32 ? "\(Float(value.double))" : "\(value)"
    case .reduce: return "\(node.op.name)\naxes \(parameters)"
    case .iota(let axis), .concatenate(let axis), .gather(let axis), .scatterAdd(let axis), .put(let axis):
      return "\(node.op.name)\naxis \(axis)"
    case .scan(_, let axis): return "\(node.op.name)\naxis \(axis)"
    case .radixPass(let digit):
      return "\(node.op.name)\naxis \(digit.axis),\nbits \(digit.shift)..<\(digit.shift + digit.bits)"
    case .window(let geometry), .overlapAdd(let geometry):
      return "\(node.op.name)\naxis \(geometry.axis), size \(geometry.size),\n"
        + "stride \(geometry.stride), dilation \(geometry.dilation)"
    case .argument: return "argument" + (argumentOf[id].map { " \($0)" } ?? "")
    case .length(let bound): return "length\nup to \(bound)"
    case .buffer, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier, .reshape, .permute, .expand, .slice,
      .pad, .update:
      return parameters.isEmpty ? node.op.name : "\(node.op.name)\n\(parameters)"
    }
  }
}

extension Op {
  /// The op without what it is parameterised by: `slice`, `reduce_sum`.
  fileprivate var name: String { String(description.prefix { $0 != "(" }) }
}

extension Graph.Vertex {
  /// Whether it computes or moves anything: neither a leaf, nor a constant, nor an index.
  var isOperation: Bool {
    switch OpKind(op) {
    case .value: false
    case .elementwise, .reduction, .movement, .indexed: true
    }
  }
}
