extension Tensor {
  /// Returns the gradient of this tensor with respect to each target, of the target's shape and dtype; zeros for a
  /// target this tensor is not computed from.
  ///
  /// The result is a graph like any other: it fuses with the rest, and gradients can be taken of it again. Targets are
  /// found by identity: a target is the very tensor, or a copy of it, that the computation started from, not one that
  /// is equal to it.
  /// - Parameter seed: the gradient that arrives at this tensor, of its shape; without one, this tensor has one element
  ///   and the seed is 1.
  public func gradients(with targets: [Tensor], seed: Tensor? = nil) -> [Tensor] {
    let op = "gradients"
    Tensor.require(dtype.isFloatingPoint, op, "only of a floating-point tensor, not of \(dtype)\(shape)")
    for (number, target) in targets.enumerated() {
      Tensor.require(target.dtype.isFloatingPoint, op, "target \(number) is \(target.dtype)\(target.shape)")
    }
    if let seed {
      Tensor.require(
        seed.shape == shape && seed.dtype == dtype, op,
        "a seed of \(seed.dtype)\(seed.shape) for a tensor of \(dtype)\(shape)")
    } else {
      Tensor.require(elementCount == 1, op, "a tensor of shape \(shape) is no scalar: sum it, or pass a seed")
    }
    return accumulate(seed ?? .ones(like: self), to: targets)
  }

  /// Walks from this tensor back to the targets, each node once, after all that read it.
  private func accumulate(_ seed: Tensor, to targets: [Tensor]) -> [Tensor] {
    let history = History(of: node, towards: targets.map(\.node))
    var gradients = [Tensor?](repeating: nil, count: history.entries.count)
    gradients[gradients.count - 1] = seed
    for (number, entry) in history.entries.enumerated().reversed() {
      guard entry.leadsToTarget, let upstream = gradients[number] else { continue }
      let result = Tensor(node: entry.node)
      let sources = entry.sources.map { Tensor(node: history.entries[$0].node) }
      for (place, source) in entry.sources.enumerated() where history.entries[source].leadsToTarget {
        guard
          let part = entry.node.op.derivative(at: place, sources: sources, result: result, upstream: upstream)
        else { continue }
        gradients[source] = gradients[source].map { $0 + part } ?? part
      }
    }
    return targets.map { target in
      history.numbers[ObjectIdentifier(target.node)].flatMap { gradients[$0] }
        ?? .zeros(like: target)
    }
  }
}

/// The nodes a tensor is computed from by differentiable steps, sources first.
private struct History {
  struct Entry {
    let node: Node
    /// Numbers of earlier entries.
    let sources: [Int]
    /// Whether the node is a target or computed from one.
    let leadsToTarget: Bool
  }

  private(set) var entries: [Entry] = []
  private(set) var numbers: [ObjectIdentifier: Int] = [:]

  init(of root: Node, towards targets: [Node]) {
    let targets = Set(targets.map { ObjectIdentifier($0) })
    // A frame is a node whose sources have been read once and are being numbered. Realized nodes are passed through:
    // those that track gradients have kept their sources.
    var frames: [(node: Node, sources: [Node], next: Int)] = [(root, History.sources(of: root), 0)]
    while let frame = frames.last {
      if frame.next < frame.sources.count {
        frames[frames.count - 1].next += 1
        let source = frame.sources[frame.next]
        if numbers[ObjectIdentifier(source)] == nil { frames.append((source, History.sources(of: source), 0)) }
        continue
      }
      frames.removeLast()
      let sources = frame.sources.map { numbers[ObjectIdentifier($0)]! }
      let leadsToTarget =
        targets.contains(ObjectIdentifier(frame.node)) || sources.contains { entries[$0].leadsToTarget }
      numbers[ObjectIdentifier(frame.node)] = entries.count
      entries.append(Entry(node: frame.node, sources: sources, leadsToTarget: leadsToTarget))
    }
  }

  /// Returns the sources of a node that gradients may flow to: those of comparisons and integer functions get none.
  private static func sources(of node: Node) -> [Node] {
    node.dtype.isFloatingPoint && node.op != .detach ? node.sources : []
  }
}
