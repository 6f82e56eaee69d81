import Synchronization

extension Tensor {
  /// Computes `body` of a tensor, and computes it once more when gradients go back through it, so that what it makes on
  /// the way need not be kept in between. (Chen et al. 2016)
  ///
  ///     for block in blocks { x = Tensor.checkpoint(x) { block($0) } }
  ///
  /// Result and gradients are those of `body(x)`, gradients of gradients and those of captured tensors included; random
  /// numbers drawn inside are the same both times. `body` is called once: what it has computed is repeated from the
  /// graph. Only tensors made inside are no targets of gradients from outside.
  public static func checkpoint(_ x: Tensor, _ body: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try checkpoint([x]) { [try body($0[0])] }[0]
  }

  /// Computes `body` of several tensors, and computes it once more when gradients go back through it.
  public static func checkpoint(_ inputs: [Tensor], _ body: ([Tensor]) throws -> [Tensor]) rethrows -> [Tensor] {
    let first = Node.count.load(ordering: .relaxed)
    let results = try body(inputs)
    guard GradientMode.isEnabled else { return results }
    let inside = first..<Node.count.load(ordering: .relaxed)
    // What the body has not made is no part of it.
    guard results.contains(where: { inside.contains($0.node.serial) }) else { return results }
    let computed = results.map(\.node)
    let region = CheckpointRegion(of: computed, isInside: { inside.contains($0.serial) })
    let rule = GradientRule(name: "checkpoint", inputs: region.boundary, computed: computed, kind: .checkpoint)
    return results.indices.map { rule.result($0) }
  }
}

extension GradientRule {
  /// Returns the gradients of a checkpoint: repeats its nodes behind barriers that wait for what comes from above, and
  /// goes back through the copies.
  func recomputedGradients(_ upstream: [Tensor?], isWanted: [Bool]) -> [Tensor?] {
    withGradient {
      let boundary = Set(inputs.map { ObjectIdentifier($0) })
      let region = CheckpointRegion(of: computed, isInside: { !boundary.contains(ObjectIdentifier($0)) })
      let awaited = upstream.compactMap { $0 }
      let barriers = inputs.map { Primitive.barrier(Tensor(node: $0), after: awaited).node }
      let copies = region.copy(replacing: inputs, by: barriers)
      let roots = zip(copies, upstream).compactMap { copy, seed in seed.map { (copy, $0) } }
      let targets = barriers.indices.filter { isWanted[$0] }
      let found = GradientWalk.gradients(of: roots, with: targets.map { barriers[$0] }, ends: barriers)
      var gradients = [Tensor?](repeating: nil, count: inputs.count)
      for (target, gradient) in zip(targets, found) { gradients[target] = gradient }
      return gradients
    }
  }
}

/// The nodes that a checkpoint's body has made, and those it has not made but read.
private struct CheckpointRegion {
  /// What is read from outside, and the arguments made inside: random keys, which both computations share.
  private(set) var boundary: [Node] = []
  /// What was made inside, sources first.
  private var nodes: [Node] = []
  private let results: [Node]

  init(of results: [Node], isInside: (Node) -> Bool) {
    self.results = results
    var seen: Set<ObjectIdentifier> = []
    var frames: [(node: Node, sources: [Node], next: Int)] = []

    /// The nodes that a copy of `node` would be made from; nil where it is not copied.
    func origins(of node: Node) -> [Node]? {
      // A marked leaf is what gradients go to, wherever it was made.
      guard isInside(node), !(node.tracksGradient && node.stopsGradient) else { return nil }
      let state = node.snapshot
      if let rule = state.rule?.rule { return rule.computed + rule.inputs }
      return state.sources.isEmpty ? nil : state.sources
    }

    func open(_ node: Node) {
      guard seen.insert(ObjectIdentifier(node)).inserted else { return }
      if let sources = origins(of: node) {
        frames.append((node, sources, 0))
      } else if !node.isShared {
        boundary.append(node)
      }
    }

    for result in results {
      open(result)
      while let frame = frames.last {
        if frame.next < frame.sources.count {
          frames[frames.count - 1].next += 1
          open(frame.sources[frame.next])
        } else {
          frames.removeLast()
          nodes.append(frame.node)
        }
      }
    }
  }

  /// Returns copies of the results, computed from `replacements` in place of `originals`.
  func copy(replacing originals: [Node], by replacements: [Node]) -> [Node] {
    var copies: [ObjectIdentifier: Node] = [:]
    for (original, replacement) in zip(originals, replacements) { copies[ObjectIdentifier(original)] = replacement }
    func copied(_ node: Node) -> Node { copies[ObjectIdentifier(node)] ?? node }

    var rules: [ObjectIdentifier: GradientRule] = [:]
    for node in nodes {
      let state = node.snapshot
      var output = state.rule
      if let rule = output?.rule {
        // A function with a rule inside is one in the copy too, one for all its results.
        let copy =
          rules[ObjectIdentifier(rule)]
          ?? GradientRule(
            name: rule.name, inputs: rule.inputs.map(copied), computed: rule.computed.map(copied), kind: rule.kind)
        rules[ObjectIdentifier(rule)] = copy
        output?.rule = copy
      }
      let sources = output.map { [$0.rule.computed[$0.place]] } ?? state.sources.map(copied)
      copies[ObjectIdentifier(node)] = Node(
        node.op, sources, shape: node.shape, dtype: node.dtype, stopsGradient: node.stopsGradient, rule: output)
    }
    return results.map(copied)
  }
}

extension Node {
  /// Whether the node costs nothing and holds nothing, so that all computations may share it.
  fileprivate var isShared: Bool {
    switch op {
    case .constant, .iota, .length: true
    case .buffer, .argument, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier, .reduce, .scan, .radixPass,
      .reshape, .permute,
      .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
      false
    }
  }
}
