import Foundation
import LazyOps
import LazyRuntime
import TestSupport

/// Tries graphs in a process that may crash: many in one schedule, so that the compiler runs seldom.
///
/// It prints a line a graph: `fuzz: 17 passed DIGEST` or `fuzz: 17 failed WHY`, and before it `fuzz: 17 made` once the
/// graph has been built. Two processes computed the same bits if they print the same lines.
struct Worker {
  private let options: Options

  /// One graph being tried.
  private struct Trial {
    let number: Int
    let trial: FuzzCase
    let expected: [HostArray]
    let nodes: (leaves: [Node], early: [Node], outputs: [Node])
  }

  init(_ options: Options) { self.options = options }

  func run() {
    var together: [Trial] = []
    for number in options.first..<options.first + options.count {
      let whole = FuzzCase.make(seed: options.seed, number: number)
      report(number, "made")
      guard let trial = whole.following(options.path) else {
        report(number, "passed: no such steps")
        continue
      }
      if let fault = trial.graph.fault {
        report(number, "failed the graph is not sound: \(fault)")
        continue
      }
      do {
        let expected = try trial.evaluate()
        var nodes = trial.nodes()
        if !trial.holdsLeaves { nodes.leaves = [] }
        together.append(Trial(number: number, trial: trial, expected: expected, nodes: nodes))
      } catch {
        report(number, fault(ofThrowing: trial).map { "failed " + $0 } ?? "passed with an error")
      }
    }
    do {
      try realize(together)
      for trial in together { judge(trial) }
    } catch {
      guard together.count > 1 else {
        for trial in together { report(trial.number, "failed \(error)") }
        return
      }
      // One of them is at fault: those that pass alone need no other look.
      for trial in together {
        do {
          try realize([trial])
          judge(trial)
        } catch { report(trial.number, "failed \(error)") }
      }
    }
  }

  private func report(_ number: Int, _ text: String) {
    let line = "fuzz: \(number) " + text.replacing("\n", with: " ") + "\n"
    FileHandle.standardOutput.write(Data(line.utf8))
  }

  private func realize(_ trials: [Trial]) throws {
    try Tensor.tryRealize(trials.flatMap { $0.nodes.early.map { Tensor(node: $0) } })
    try Tensor.tryRealize(trials.flatMap { $0.nodes.outputs.map { Tensor(node: $0) } })
  }

  /// Compares what was computed with what was expected, and the leaves that were held with what they were.
  private func judge(_ trial: Trial) {
    let (nodes, expected) = (trial.nodes, trial.expected)
    let computed = (nodes.early + nodes.outputs).map { HostArray($0) }
    var perturbation: Perturbation?
    for (place, (value, wanted)) in zip(computed, expected).enumerated() where !Worker.agree(value, wanted) {
      if perturbation == nil {
        var graph = trial.trial.graph
        graph.outputs = trial.trial.early + graph.outputs
        perturbation = Perturbation(of: graph, leaves: trial.trial.leaves, expected: expected)
      }
      if perturbation!.isUnstable { break }
      if let fault = perturbation!.disagreement(value, output: place, tolerance: Worker.tolerance) {
        let node = (trial.trial.early + trial.trial.graph.outputs)[place]
        return report(trial.number, "failed %\(node) differs: \(fault)")
      }
    }
    for (node, value) in zip(nodes.leaves, trial.trial.leaves) where node.op == .buffer {
      if let fault = disagreement(HostArray(node), value, tolerance: 0) {
        return report(trial.number, "failed a leaf that is held has changed: \(fault)")
      }
    }
    if trial.number % Worker.capturedShare == 0, let fault = trial.trial.captureFault {
      return report(trial.number, "failed \(fault)")
    }
    report(trial.number, "passed \(Worker.digest(nodes.early + nodes.outputs))")
  }

  /// Of how many graphs one is captured as well.
  private static let capturedShare = 8

  /// The difference that is never a fault, relative to the expected number where that is above 1.
  private static let tolerance = 1e-4

  private static func agree(_ value: HostArray, _ expected: HostArray) -> Bool {
    if value == expected { return true }
    return expected.dtype.isFloatingPoint && disagreement(value, expected, tolerance: tolerance) == nil
  }

  private static func digest(_ nodes: [Node]) -> String {
    let texts = nodes.map { node -> String in
      guard let storage = node.storage else { preconditionFailure("bug: a realized node without elements") }
      let count = node.shape.elementCount * node.dtype.byteCount
      return withExtendedLifetime(storage) {
        Hash128(UnsafeRawBufferPointer(start: storage.base, count: count)).hex
      }
    }
    return Hash128(texts.joined()).hex
  }

  /// Returns what is wrong with a graph for which the evaluator throws: that realizing it throws nothing, or nil.
  private func fault(ofThrowing trial: FuzzCase) -> String? {
    let nodes = trial.nodes()
    do {
      try Tensor.tryRealize((nodes.early + nodes.outputs).map { Tensor(node: $0) })
      return "no error for an index that is out of range"
    } catch is IndexOutOfRange {
      return nil
    } catch {
      return "\(error)"
    }
  }
}
