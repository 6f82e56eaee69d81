/// What tensors are computed from by differentiable steps, sources first.
struct History {
  /// One step of a computation.
  enum Step {
    case node(Node)
    /// A result of a function that has a rule of its own, which is the only source.
    case result(Node, place: Int)
    /// Such a function; its sources are its inputs.
    case function(GradientRule)
  }

  struct Entry {
    let step: Step
    /// Numbers of earlier entries.
    let sources: [Int]
    /// Whether the step is a target or computed from one.
    let leadsToTarget: Bool
  }

  private(set) var entries: [Entry] = []
  private var numbers = IdentityMap()

  /// Numbers all that `roots` are computed from, as far as `ends`.
  init(of roots: [Node], towards targets: [Node], ends: [Node]) {
    var isTarget = IdentityMap()
    for target in targets { isTarget[target] = 1 }
    var isEnd = IdentityMap()
    for end in ends { isEnd[end] = 1 }
    func sources(of step: Step) -> [Step] { isEnd[step.identity] == nil ? History.sources(of: step) : [] }
    // A frame is a step whose sources have been read once and are being numbered. Realized nodes are passed through:
    // those that track gradients have kept their sources.
    var frames: [(step: Step, sources: [Step], next: Int)] = []
    for root in roots.map(History.step) where numbers[root.identity] == nil {
      frames.append((root, sources(of: root), 0))
      while let frame = frames.last {
        if frame.next < frame.sources.count {
          frames[frames.count - 1].next += 1
          let source = frame.sources[frame.next]
          if numbers[source.identity] == nil { frames.append((source, sources(of: source), 0)) }
          continue
        }
        frames.removeLast()
        let sources = frame.sources.map { numbers[$0.identity]! }
        let leadsToTarget =
          isTarget[frame.step.identity] != nil || sources.contains { entries[$0].leadsToTarget }
        numbers[frame.step.identity] = entries.count
        entries.append(Entry(step: frame.step, sources: sources, leadsToTarget: leadsToTarget))
      }
    }
  }

  /// The entry of a node, or nil where it is no part of the history.
  func number(of node: Node) -> Int? { numbers[node] }

  /// The node of an entry that is no function.
  func node(_ entry: Int) -> Node {
    switch entries[entry].step {
    case .node(let node), .result(let node, _): return node
    case .function: preconditionFailure("bug: a function is the source of its results only")
    }
  }

  /// The results of a function to which no gradient has come yet.
  func noResults(ofFunction entry: Int) -> (upstream: [Tensor?], outputs: [Tensor?]) {
    guard case .function(let rule) = entries[entry].step else { preconditionFailure("bug: a result of no function") }
    let none = [Tensor?](repeating: nil, count: rule.computed.count)
    return (none, none)
  }

  private static func step(_ node: Node) -> Step {
    node.stopsGradient ? .node(node) : node.rule.map { .result(node, place: $0.place) } ?? .node(node)
  }

  /// Returns the sources of a step that gradients may flow to: those of comparisons and integer functions get none.
  private static func sources(of step: Step) -> [Step] {
    switch step {
    case .node(let node):
      guard node.dtype.isFloatingPoint, !node.stopsGradient else { return [] }
      let sources = node.sources
      return (node.op == .barrier ? [sources[0]] : sources).map(History.step)
    case .result(let node, _): return node.rule.map { [.function($0.rule)] } ?? []
    case .function(let rule): return rule.inputs.map(History.step)
    }
  }
}

extension History.Step {
  /// The object that the step is.
  fileprivate var identity: AnyObject {
    switch self {
    case .node(let node), .result(let node, _): node
    case .function(let rule): rule
    }
  }
}
