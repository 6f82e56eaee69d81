import LazyOps
import LazyRuntime
import Testing

/// Realizing from many threads at once is safe.
@Suite struct ConcurrentRealizeTests {
  @Test func oneTensorFromManyTasks() async {
    for round in 0..<20 {
      let x = Tensor((0..<3000).map { Float($0 % 17) })
      let factor = round % 5  // so that no exponential overflows
      let y = (x * Float(factor)).exp().log().sum()
      let expected = Double(factor) * (0..<3000).reduce(0.0) { $0 + Double($1 % 17) }
      let results = await withTaskGroup(of: Double.self) { group in
        for _ in 0..<8 { group.addTask { y.item } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.allSatisfy { abs($0 - expected) <= 1e-3 * Swift.max(1, expected) })
    }
  }

  @Test func graphsThatShareNodes() async {
    let base = Tensor((0..<500).map { Float($0) })
    let shared = (base + 1).sqrt()
    let tensors = (0..<8).map { shared * Float($0) + base }
    await withTaskGroup(of: Void.self) { group in
      for offset in 0..<8 {
        group.addTask { Tensor.realize(tensors[offset], tensors[(offset + 1) % 8], shared) }
      }
    }
    for (factor, tensor) in tensors.enumerated() {
      #expect(abs(tensor[8].item - (3 * Double(factor) + 8)) < 1e-4)
    }
  }
}
