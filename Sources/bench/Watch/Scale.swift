import LazyCodegen
import LazyOps
import LazyRuntime
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

  /// A leaf with elements, for which nothing is compiled: only what makes the graph is to be timed.
  private static func leaf(_ dimensions: Int...) -> Tensor {
    let shape = Shape(dimensions)
    return Tensor(shape: shape, [Float](repeating: 0.5, count: shape.elementCount))
  }
  private static func factor(_ step: Int) -> Double { 1 + Double(step) / 65536 }

  /// Prints a line for each family and size.
  static func run(sizes: [Int], filter: String) {
    for family in families where family.name.contains(filter) || filter.isEmpty {
      Output.line("\(family.name): \(family.summary)")
      for size in sizes { Output.line(line(family, size)) }
    }
  }

  private static func line(_ family: Family, _ size: Int) -> String {
    var phases = Phases()
    let outputs = phases.time("build") { family.make(size) }
    let graph = phases.time("snapshot") { Graph.snapshot(of: outputs.map(\.node)).graph }
    let schedule = phases.time("schedule") { Schedule(graph) }
    let sections = phases.time("kinds") { schedule.sectionKinds.representatives }
    let texts = phases.time("write") {
      ThreadPool.shared.map(sections) { section in
        CRenderer(vectorByteCount: 32).render(
          LoopProgram.optimized(section, in: schedule, vectorByteCount: 32), checked: false)
      }
    }
    return "  \(graph.nodes.count) nodes, \(schedule.kernels.count) kernels, \(texts.count) functions: "
      + phases.summary(over: graph.nodes.count)
  }

  // MARK: - Deep and wide

  /// Builds, differentiates, runs and frees a chain of so many additions and a sum of so many terms.
  static func runDeepAndWide(sizes: [Int]) {
    for size in sizes {
      report("chain of \(size) additions", size) { x in (0..<size).reduce(x) { y, _ in y + x } }
      report("sum of \(size) different terms", size) { x in
        var terms = (0..<size).map { x * factor($0) }
        while terms.count > 1 {
          terms = stride(from: 0, to: terms.count, by: 2).map {
            $0 + 1 < terms.count ? terms[$0] + terms[$0 + 1] : terms[$0]
          }
        }
        return terms[0]
      }
    }
  }

  private static func report(_ name: String, _ size: Int, _ make: (Tensor) -> Tensor) {
    var phases = Phases()
    let x = leaf(2)
    var results = [phases.time("build") { make(x) }]
    results.append(phases.time("gradient") { results[0].sum().gradients(with: [x])[0] })
    phases.time("realize") { Tensor.realize(results) }
    phases.time("free") { results = [] }
    Output.line("\(name): \(phases.summary(over: size))")
  }
}
