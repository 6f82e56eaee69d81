import Swiftlet

extension Workload {
  /// What is not arithmetic: building graphs, looking plans up, launching tiny kernels.
  static let overheads: [Workload] = [buildNode, cacheHit, smallKernel, captured, uncaptured]

  /// The ops one run of `build_node` and `cache_hit` makes.
  private static let nodeCount = 500
  /// The kernels of `captured` and `uncaptured`.
  private static let kernelCount = 100

  private static func leaf() -> Tensor { Input.uniform(0, [8]) }

  private static let buildNode = Workload(
    name: "build_node", summary: "building \(nodeCount) op nodes, nothing computed", checkedRuns: 0
  ) {
    let x = leaf()
    return {
      var y = x
      for _ in 0..<nodeCount { y = y + x }
      return []
    }
  }

  private static let cacheHit = Workload.computing(
    "cache_hit", "a graph of \(nodeCount) nodes on 8 floats: built, found in the cache, run", inputs: leaf
  ) { x in
    var y = x
    for _ in 0..<nodeCount { y = y + x }
    return [y]
  }

  private static let smallKernel = Workload.computing(
    "small_kernel", "x + 1 on 8 floats, realized", inputs: leaf
  ) { x in [x + 1] }

  /// Adds again and again; each sum is asked for, so none is fused with the next.
  private static func sums(_ x: Tensor) -> Tensor {
    var y = x
    for _ in 0..<kernelCount { y = (y + x).realize() }
    return y
  }

  private static let captured = Workload(
    name: "captured", summary: "a captured function of \(kernelCount) tiny kernels, each a realize of its own"
  ) {
    let x = leaf()
    let function = compiled(sums)
    return { [function(x)] }
  }

  private static let uncaptured = Workload(name: "uncaptured", summary: "the same function, not captured") {
    let x = leaf()
    return { [sums(x)] }
  }
}
