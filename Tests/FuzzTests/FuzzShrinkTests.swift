import LazyOps
import TestSupport
import Testing

/// Cases that fail are made smaller.
@Suite struct FuzzShrinkTests {
  private func numbers(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { Float($0 % 7) / 4 })
  }

  @Test func whatDoesNotMatterIsLeftOut() {
    let x = numbers([12, 5])
    let hidden = (x * 2 + numbers([5])).reshape([60]).reshape([5, 12]).transpose(0, 1).tanh()
    let whole = FuzzCase([hidden.sum(axis: 0) + 1, x.flip(axes: [0]), hidden.exp()])
    let (smallest, path) = whole.shrunk { candidate, _ in
      candidate.graph.nodes.contains { $0.op == .unary(.tanh) }
    }
    #expect(smallest.graph.nodes.map { "\($0)" } == ["buffer : float32[1, 1]", "tanh %0 : float32[1, 1]"])
    #expect(!smallest.holdsLeaves)
    #expect(whole.following(path)?.description == smallest.description)
    #expect(whole.following([100_000]) == nil)
  }

  @Test func extentsThatMatterStay() {
    let whole = FuzzCase([numbers([40, 3]).matmul(numbers([3, 9])).sum(axis: 1)])
    let (smallest, _) = whole.shrunk { candidate, _ in
      candidate.graph.nodes.contains { node in
        guard case .reduce(.sum, _) = node.op else { return false }
        return candidate.graph.nodes[node.sources[0]].shape.elementCount >= 6
      }
    }
    #expect(smallest.graph.nodes.count == 2)
    #expect((6...9).contains(smallest.leaves[0].shape.elementCount), "\(smallest)")
  }

  /// Whatever is left out, what remains is a graph that can be evaluated.
  @Test func everyStepLeavesASoundCase() {
    var (tried, done) = (0, 0)
    for number in 0..<40 {
      let whole = FuzzCase.make(seed: 3, number: number)
      for reduction in whole.reductions.prefix(24) {
        tried += 1
        guard let smaller = whole.reduced(by: reduction) else { continue }
        done += 1
        #expect(smaller.graph.fault == nil, "\(reduction)\n\(whole)")
        #expect(smaller.leaves.map(\.shape) == smaller.graph.leaves.map { smaller.graph.nodes[$0].shape })
        // An index may have come to name no element: that is thrown, and no crash.
        _ = try? smaller.evaluate()
      }
    }
    #expect(done * 2 > tried)
  }
}
