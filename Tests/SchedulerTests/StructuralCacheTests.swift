import LazyOps
import LazyScheduler
import Testing

@Suite struct StructuralCacheTests {
  private func graph(_ numbers: [Float], step: Double, factor: Double = 2) -> Graph {
    let x = Tensor(numbers)
    return Graph.snapshot(of: [((x * factor + Tensor.argument(step)).exp()).node]).graph
  }

  @Test func numbersAndArgumentsAreNoPartOfTheStructure() {
    let cache = StructuralCache<Int>(capacity: 8)
    var made = 0
    for step in 0..<5 {
      _ = cache.plan(for: graph([Float(step), 1], step: Double(step))) {
        made += 1
        return made
      }
    }
    #expect(made == 1)
  }

  @Test func constantsShapesAndSharingAre() {
    let cache = StructuralCache<Int>(capacity: 8)
    var made = 0
    func ask(_ graph: Graph) -> Int {
      cache.plan(for: graph) {
        made += 1
        return made
      }
    }
    let (x, y) = (Tensor([1.0, 2]), Tensor([1.0, 2]))
    let graphs = [
      graph([1, 2], step: 0), graph([1, 2], step: 0, factor: 3), graph([1, 2, 3], step: 0),
      Graph.snapshot(of: [(x + x).node]).graph, Graph.snapshot(of: [(x + y).node]).graph,
    ]
    #expect(graphs.map(ask) == [1, 2, 3, 4, 5])
    #expect(graphs.map(ask) == [1, 2, 3, 4, 5])
  }

  @Test func theLeastUsedPlansGo() {
    let cache = StructuralCache<Int>(capacity: 4)
    for size in 1...20 { _ = cache.plan(for: graph([Float](repeating: 0, count: size), step: 0)) { size } }
    #expect(cache.count <= 4)
  }
}
