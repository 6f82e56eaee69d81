import LazyCodegen
import LazyOps
import LazyScheduler
import Swiftlet

/// Times what comes before the C compiler on graphs of 1,000 to 30,000 nodes: that must be linear.
enum Scale {
  /// A family of graphs of any size.
  private struct Family: Sendable {
    let name: String
    let summary: String
    /// The outputs of a graph of about so many nodes.
    let make: @Sendable (_ nodes: Int) -> [Tensor]
  }

  private static let families = [
    Family(name: "chain", summary: "one op after another, every constant different") { nodes in
      var y = leaf(64)
      for step in 0..<nodes / 2 { y = step % 2 == 0 ? y * factor(step) : y + factor(step) }
      return [y]
    },
    Family(name: "distinct", summary: "independent outputs, every constant different") { nodes in
      let x = leaf(64)
      return (0..<nodes / 2).map { x * factor($0) }
    },
    Family(name: "wide", summary: "independent terms, summed in a tree") { nodes in
      let x = leaf(64)
      var terms = (0..<nodes / 4).map { (x * factor($0)).tanh() }
      while terms.count > 1 {
        terms = stride(from: 0, to: terms.count, by: 2).map {
          $0 + 1 < terms.count ? terms[$0] + terms[$0 + 1] : terms[$0]
        }
      }
      return terms
    },
    Family(name: "mlp", summary: "a training step of linear layers, each of its own width") { nodes in
      // 30 nodes a layer, with its gradients and updates.
      let widths = (0...nodes / 30).map { 32 + $0 % 40 }
      let weights = (0..<nodes / 30).map { leaf(widths[$0 + 1], widths[$0]) }
      var x = leaf(16, widths[0])
      for weight in weights { x = x.linear(weight).relu() }
      let gradients = (x * x).mean().gradients(with: weights)
      return zip(weights, gradients).map { $0 - $1 * 0.1 }
    },
    Family(name: "transformer", summary: "blocks of attention and layer norm, with gradients and updates") { nodes in
      let weights = (0..<Swift.max(1, nodes / 370)).map { _ in
        (0..<6).map { leaf($0 == 4 ? 128 : 32, $0 == 5 ? 128 : 32) }
      }
      var x = leaf(2, 16, 32)
      for w in weights {
        let h = x.layerNorm(axes: [-1])
        let (q, k, v) = (h.linear(w[0]), h.linear(w[1]), h.linear(w[2]))
        x = x + (q.matmul(k.T) * 0.2).softmax(axis: -1).matmul(v).linear(w[3])
        x = x + x.layerNorm(axes: [-1]).linear(w[4]).gelu().linear(w[5])
      }
      let all = weights.flatMap { $0 }
      return zip(all, (x * x).mean().gradients(with: all)).map { $0 - $1 * 0.1 }
    },
  ]

  private static func leaf(_ dimensions: Int...) -> Tensor { Tensor.full(Shape(dimensions), 0.5).realize() }
  private static func factor(_ step: Int) -> Double { 1 + Double(step) / 65536 }

  /// Prints a line for each family and size.
  static func run(sizes: [Int], filter: String) {
    for family in families where family.name.contains(filter) || filter.isEmpty {
      print("\(family.name): \(family.summary)")
      for size in sizes { print(line(family, size)) }
    }
  }

  private static func line(_ family: Family, _ size: Int) -> String {
    let clock = ContinuousClock()
    func timed<Result>(_ name: String, _ body: () -> Result) -> Result {
      var result: Result?
      let elapsed = clock.measure { result = body() }
      parts.append((name, elapsed))
      return result!
    }
    var parts: [(name: String, elapsed: Duration)] = []
    let outputs = timed("build") { family.make(size) }
    let graph = timed("snapshot") { Graph.snapshot(of: outputs.map(\.node)).graph }
    let schedule = timed("schedule") { Schedule(graph) }
    let programs = timed("lower") {
      schedule.kernels.map { LoopProgram.optimized($0, in: schedule, vectorByteCount: 32) }
    }
    let text = timed("render") { Set(programs).map { CRenderer(vectorByteCount: 32).render($0, checked: false) } }
    let nodes = graph.nodes.count
    let total = parts.reduce(Duration.zero) { $0 + $1.elapsed }
    let phases = parts.map { "\($0.name) \(microseconds($0.elapsed, over: nodes))" }.joined(separator: ", ")
    return "  \(nodes) nodes, \(schedule.kernels.count) kernels, \(text.count) texts: "
      + "\(microseconds(total, over: nodes)) us a node (\(phases))"
  }

  private static func microseconds(_ duration: Duration, over count: Int) -> Double {
    let (seconds, attoseconds) = duration.components
    let micros = (Double(seconds) * 1e6 + Double(attoseconds) * 1e-12) / Double(count)
    return (micros * 100).rounded() / 100
  }
}
