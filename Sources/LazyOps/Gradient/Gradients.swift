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
    let targets = targets.map(\.node)
    let gradients = GradientWalk.gradients(of: [(node, seed ?? .ones(like: self))], with: targets)
    return zip(gradients, targets).map { $0 ?? .zeros(like: Tensor(node: $1)) }
  }
}

/// The walk back from results to what they were computed from.
enum GradientWalk {
  /// Returns the gradient at each target of the sum of the roots times their seeds; nil for a target that none of them is
  /// computed from. Each node is visited once, after all that read it; those in `ends` are not passed.
  static func gradients(
    of roots: [(node: Node, seed: Tensor)], with targets: [Node], ends: [Node] = []
  ) -> [Tensor?] {
    let history = History(of: roots.map(\.node), towards: targets, ends: ends)
    var gradients = [Tensor?](repeating: nil, count: history.entries.count)
    // What arrives at the results of functions that have a rule, by entry and place, and those results.
    var results: [Int: (upstream: [Tensor?], outputs: [Tensor?])] = [:]

    func add(_ part: Tensor, to entry: Int) { gradients[entry] = gradients[entry].map { $0 + part } ?? part }
    for (node, seed) in roots { add(seed, to: history.number(of: node)!) }
    for (number, entry) in history.entries.enumerated().reversed() where entry.leadsToTarget {
      switch entry.step {
      case .node(let node):
        guard let upstream = gradients[number] else { continue }
        let result = Tensor(node: node)
        let sources = entry.sources.map { Tensor(node: history.node($0)) }
        for (place, source) in entry.sources.enumerated() where history.entries[source].leadsToTarget {
          if let part = node.op.derivative(at: place, sources: sources, result: result, upstream: upstream) {
            // Regions of one bound may have another length.
            add(part.viewed(as: sources[place].shape), to: source)
          }
        }
      case .result(let node, let place):
        guard let upstream = gradients[number] else { continue }
        let function = entry.sources[0]
        var all = results[function] ?? history.noResults(ofFunction: function)
        all.upstream[place] = all.upstream[place].map { $0 + upstream } ?? upstream
        all.outputs[place] = Tensor(node: node)
        results[function] = all
      case .function(let rule):
        guard let (upstream, outputs) = results.removeValue(forKey: number) else { continue }
        let isWanted = entry.sources.map { history.entries[$0].leadsToTarget }
        let parts = rule.gradients(upstream, outputs: outputs, isWanted: isWanted)
        for (place, source) in entry.sources.enumerated() where isWanted[place] {
          if let part = parts[place] { add(part, to: source) }
        }
      }
    }
    return targets.map { target in history.number(of: target).flatMap { gradients[$0] } }
  }
}
