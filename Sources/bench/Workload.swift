import Swiftlet

/// Something to time: set up once, then run again and again.
struct Workload: Sendable {
  let name: String
  let summary: String
  /// The floating-point operations of one run, or 0 where no rate makes sense.
  var flops = 0
  /// The bytes that have to be read and written in one run.
  var bytes = 0
  /// Prepares inputs and returns one run.
  let prepare: @Sendable () -> () -> Void
}

extension Workload {
  /// All workloads, in the order in which they are listed and run.
  static let all: [Workload] =
    [
      chain, affine(.float32), affine(.float16), affine(.bfloat16), softmax, layerNorm, sum, matmul(256), matmul(512),
      matmul(1024), matmul(512, .float16), matmul(512, .bfloat16), linearGELU, buildNode, cacheHit,
      smallKernel,
    ] + captures + reductions

  /// Realized numbers between -1 and 1.
  static func leaf(_ dimensions: Int...) -> Tensor {
    Tensor.uniform(Shape(dimensions), low: -1, high: 1).realize()
  }

  private static let chain = Workload(
    name: "chain", summary: "gelu(2x + 1) then tanh over 4 M floats", bytes: 2 << 24
  ) {
    let x = leaf(1 << 22)
    return { _ = (x * 2 + 1).geluTanh().tanh().realize() }
  }

  private static func affine(_ dtype: DType) -> Workload {
    let count = 1 << 24
    return Workload(
      name: "affine_\(dtype)", summary: "2x + 1 over 16 M elements", bytes: 2 * count * dtype.byteCount
    ) {
      let x = leaf(count).cast(to: dtype).realize()
      return { _ = (x * 2 + 1).realize() }
    }
  }

  private static let softmax = Workload(name: "softmax", summary: "softmax of rows, 4096 x 1024", bytes: 2 << 24) {
    let x = leaf(4096, 1024)
    return { _ = x.softmax(axis: -1).realize() }
  }

  private static let layerNorm = Workload(
    name: "layernorm", summary: "layer norm of rows, 4096 x 768", bytes: 2 * 4096 * 768 * 4
  ) {
    let (x, weight, bias) = (leaf(4096, 768), leaf(768), leaf(768))
    return { _ = x.layerNorm(axes: [-1], weight: weight, bias: bias).realize() }
  }

  private static let sum = Workload(name: "sum", summary: "sum of 16 M floats", bytes: 1 << 26) {
    let x = leaf(1 << 12, 1 << 12)
    return { _ = x.sum().realize() }
  }

  private static func matmul(_ n: Int, _ dtype: DType = .float32) -> Workload {
    let suffix = dtype == .float32 ? "" : "_\(dtype)"
    return Workload(
      name: "matmul\(n)\(suffix)", summary: "matrix product of \(dtype), \(n) cubed", flops: 2 * n * n * n
    ) {
      let (a, b) = (leaf(n, n).cast(to: dtype).realize(), leaf(n, n).cast(to: dtype).realize())
      return { _ = a.matmul(b).realize() }
    }
  }

  private static let linearGELU = Workload(
    name: "linear_gelu", summary: "linear 768 -> 3072 and GELU on 512 rows", flops: 2 * 512 * 768 * 3072
  ) {
    let (x, weight, bias) = (leaf(512, 768), leaf(3072, 768), leaf(3072))
    return { _ = x.linear(weight, bias: bias).gelu().realize() }
  }

  /// The ops one run of `build_node` and `cache_hit` makes.
  static let nodeCount = 500

  private static let buildNode = Workload(
    name: "build_node", summary: "building \(nodeCount) op nodes, nothing computed"
  ) {
    let x = leaf(8)
    return {
      var y = x
      for _ in 0..<nodeCount { y = y + x }
    }
  }

  private static let cacheHit = Workload(
    name: "cache_hit", summary: "a graph of \(nodeCount) nodes on 8 floats: built, found in the cache, run"
  ) {
    let x = leaf(8)
    return {
      var y = x
      for _ in 0..<nodeCount { y = y + x }
      y.realize()
    }
  }

  private static let smallKernel = Workload(name: "small_kernel", summary: "x + 1 on 8 floats, realized") {
    let x = leaf(8)
    return { _ = (x + 1).realize() }
  }
}
