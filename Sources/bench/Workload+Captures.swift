import Swiftlet

extension Workload {
  /// Many tiny kernels, captured and not.
  static let captures = [captured, uncaptured]

  /// The kernels of each.
  private static let kernelCount = 100

  /// Adds again and again; each sum is asked for, so none is fused with the next.
  private static func sums(_ x: Tensor) -> Tensor {
    var y = x
    for _ in 0..<kernelCount { y = (y + x).realize() }
    return y
  }

  private static let captured = Workload(
    name: "captured", summary: "a captured function of \(kernelCount) tiny kernels, each a realize of its own"
  ) {
    let x = leaf(8)
    let function = compiled(sums)
    return { _ = function(x) }
  }

  private static let uncaptured = Workload(name: "uncaptured", summary: "the same function, not captured") {
    let x = leaf(8)
    return { _ = sums(x) }
  }
}
