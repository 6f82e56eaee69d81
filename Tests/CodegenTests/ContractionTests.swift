import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// Contractions of all shapes and kinds, as register tiles over packed panels, agree with the evaluator of the graph.
@Suite struct ContractionTests {
  private static func numbers(_ shape: Shape) -> Tensor { LoweringTests.numbers(shape) }

  /// Sizes around the edges of tiles.
  private static let edges = [1, 2, 5, 8, 9, 15, 17, 33, 47, 49, 64, 65]

  @Test(arguments: 0..<12) func productsOfEveryShape(batch: Int) throws {
    var numbers = SeededNumbers(batch)
    for _ in 0..<5 {
      let (m, n, k) = (numbers.pick(Self.edges), numbers.pick(Self.edges), 1 + numbers.below(40))
      let (isLeftTransposed, isRightTransposed) = (numbers.below(2) == 0, numbers.below(2) == 0)
      let dtypes = (
        numbers.pick([DType.float32, .float32, .bfloat16]), numbers.pick([DType.float32, .float32, .float16])
      )
      var left = Self.numbers(isLeftTransposed ? [k, m] : [m, k]).cast(to: dtypes.0)
      var right = Self.numbers(isRightTransposed ? [n, k] : [k, n]).cast(to: dtypes.1)
      if isLeftTransposed { left = left.T }
      if isRightTransposed { right = right.T }
      left = left.cast(to: .float32)
      right = right.cast(to: .float32)
      if numbers.below(3) == 0 { left = left * 2 + 1 }
      var result = left.matmul(right)
      if numbers.below(2) == 0 { result = (result + Self.numbers([n])).tanh() }
      try LoweringTests.check([result], tolerance: 1e-4)
    }
  }

  @Test func batchesAndBroadcasting() throws {
    try LoweringTests.check([Self.numbers([3, 9, 17]).matmul(Self.numbers([3, 17, 20]))])
    try LoweringTests.check([Self.numbers([2, 3, 9, 17]).matmul(Self.numbers([17, 20]))])
    try LoweringTests.check([Self.numbers([9, 17]).matmul(Self.numbers([2, 17, 20]))])
    try LoweringTests.check([Self.numbers([2, 50, 6]).matmul(Self.numbers([2, 50, 6]).transpose(1, 2))])
  }

  /// Sums longer than a block, whose parts are kept in the result or, where something else is made of it, in a local.
  @Test func longSums() throws {
    let (a, b) = (Self.numbers([3, 1100]), Self.numbers([1100, 9]))
    try LoweringTests.check([a.matmul(b)], tolerance: 1e-4)
    try LoweringTests.check([a.matmul(b) * 0.5 + 1], tolerance: 1e-4)
    try LoweringTests.check([a.matmul(Self.numbers([9, 1100]).T)], tolerance: 1e-4)
    let kept = Self.numbers([3, 9])
    try LoweringTests.check([kept - a.matmul(b) * 0.1], tolerance: 1e-4)
  }

  /// One vector or few times a matrix that no cache holds: rows whose number no unrolling divides, columns that fill no
  /// block of lanes, weights of 16 bits, and what follows the sums.
  @Test func fewVectorsTimesALargeMatrix() throws {
    let tall = Self.numbers([513, 256]).cast(to: .bfloat16).cast(to: .float32)
    let schedule = try LoweringTests.check(
      [(Self.numbers([1, 130]).matmul(Self.numbers([130, 1010])) + Self.numbers([1010])).tanh()], tolerance: 1e-4)
    try LoweringTests.check([Self.numbers([2, 513]).matmul(tall) * 2], tolerance: 1e-4)
    try LoweringTests.check([Self.numbers([1, 16]).matmul(Self.numbers([16, 8200]))], tolerance: 1e-4)
    // Rows of the matrix are read before they are used.
    let program = LoopProgram.optimized(schedule.kernels[0].sections[0], in: schedule, vectorByteCount: 64)
    #expect("\(program)".contains("prefetch in"))
  }

  /// A sum of several blocks for results that lie apart in memory.
  @Test func longSumsOfResultsThatLieApart() throws {
    let (image, weight) = (Self.numbers([1, 4, 35, 35]), Self.numbers([5, 4, 3, 3]))
    let result = image.conv2d(weight)
    try LoweringTests.check(
      result.gradients(with: [weight], seed: Self.numbers(result.shape)), tolerance: 1e-4)
  }

  @Test func convolutionsWithPaddingStrideAndDilation() throws {
    let (image, weight) = (Self.numbers([2, 3, 9, 11]), Self.numbers([5, 3, 3, 3]))
    try LoweringTests.check([image.conv2d(weight)])
    try LoweringTests.check([image.conv2d(weight, bias: Self.numbers([5]), padding: 1).relu()])
    try LoweringTests.check([image.conv2d(weight, stride: 2, padding: 1)])
    try LoweringTests.check([image.conv2d(weight, padding: 2, dilation: 2)])
    try LoweringTests.check([Self.numbers([1, 4, 9, 9]).conv2d(Self.numbers([6, 2, 3, 3]), padding: 1, groups: 2)])
  }

  @Test(arguments: [(1, 0), (2, 1)]) func gradientsOfConvolutions(stride: Int, padding: Int) throws {
    let (image, weight) = (Self.numbers([2, 3, 8, 9]), Self.numbers([4, 3, 3, 3]))
    let result = image.conv2d(weight, stride: stride, padding: padding)
    try LoweringTests.check(result.gradients(with: [image, weight], seed: Self.numbers(result.shape)), tolerance: 1e-4)
  }

  /// Strides that divide the image's extents and that do not, kernels shorter than the stride and longer, more phases than a
  /// section may fall into.
  static let strided: [(image: Shape, kernel: Int, stride: Int, padding: Int)] = [
    ([1, 3, 12, 12], 5, 2, 0), ([2, 3, 9, 11], 3, 2, 1), ([2, 4, 8, 8], 1, 2, 0), ([1, 2, 13, 13], 4, 3, 2),
    ([1, 2, 11, 9], 2, 4, 0), ([1, 1, 21, 21], 6, 5, 0),
  ]

  /// The input gradient of a convolution with a stride falls into phases, of which each is a matrix product.
  @Test(arguments: strided) func phasesOfStridedGradients(
    _ image: Shape, _ kernel: Int, _ stride: Int, _ padding: Int
  ) throws {
    let inputs = [Self.numbers(image), Self.numbers([6, image[1], kernel, kernel])]
    let result = inputs[0].conv2d(inputs[1], stride: stride, padding: padding)
    let schedule = try LoweringTests.check(
      result.gradients(with: [inputs[0]], seed: Self.numbers(result.shape)), tolerance: 1e-4)
    let sections = schedule.kernels.flatMap(\.sections)
    // Where no windows overlap each element has one term, and nothing is summed up over taps.
    #expect(sections.count == (kernel <= stride ? 1 : stride < 5 ? stride * stride : stride))
  }

  /// The filters of groups and their phases: each condition stays with the factor that needs it, so that register tiles
  /// multiply without masks.
  @Test func maskedFactorsOfStridedGradients() throws {
    let inputs = [Self.numbers([1, 8, 12, 12]), Self.numbers([12, 4, 5, 5])]
    let result = inputs[0].conv2d(inputs[1], stride: 2, groups: 2)
    let schedule = try LoweringTests.check(
      result.gradients(with: [inputs[0]], seed: Self.numbers(result.shape)), tolerance: 1e-4)
    for section in schedule.kernels.flatMap(\.sections) {
      let program = LoopProgram.optimized(section, in: schedule, vectorByteCount: 64)
      #expect(program.loops.contains { $0.kind == .lanes })
    }
  }
}
