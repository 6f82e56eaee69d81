import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// Convolutions that read a patch of their input, with a tap as a distance, agree with the evaluator of the graph.
@Suite struct InputPatchTests {
  private static func numbers(_ shape: Shape) -> Tensor { LoweringTests.numbers(shape) }

  private static func usesPatch(_ schedule: Schedule) -> Bool {
    schedule.kernels.flatMap(\.sections).contains { section in
      LoopProgram.optimized(section, in: schedule, vectorByteCount: 64).loops.contains { $0.name == "line" }
    }
  }

  /// Images, filters, padding: lines shorter and longer than a vector, a single channel, more channels than a block holds.
  static let cases: [(image: Shape, weight: Shape, padding: Int)] = [
    ([2, 3, 7, 9], [6, 3, 3, 3], 0),
    ([1, 2, 5, 20], [6, 2, 3, 3], 1),
    ([2, 1, 8, 12], [5, 1, 5, 5], 2),
    ([1, 2, 4, 18], [4, 2, 1, 7], 0),
    ([1, 116, 3, 5], [4, 116, 3, 3], 1),
  ]

  @Test(arguments: cases) func convolutions(_ image: Shape, _ weight: Shape, _ padding: Int) throws {
    let result = Self.numbers(image).conv2d(Self.numbers(weight), bias: Self.numbers([weight[0]]), padding: padding)
    let schedule = try LoweringTests.check([result.relu()], tolerance: 1e-4)
    // A small image is padded in scratch, and all of it is one section.
    if padding == 0 { #expect(Self.usesPatch(schedule)) }
  }

  /// The gradient with respect to the input moves with column - tap.
  @Test(arguments: cases) func gradients(_ image: Shape, _ weight: Shape, _ padding: Int) throws {
    let inputs = [Self.numbers(image), Self.numbers(weight)]
    let result = inputs[0].conv2d(inputs[1], padding: padding)
    try LoweringTests.check(result.gradients(with: inputs, seed: Self.numbers(result.shape)), tolerance: 1e-4)
  }

  @Test func gradientOfFewChannels() throws {
    let inputs = [Self.numbers([2, 3, 9, 9]), Self.numbers([8, 3, 5, 5])]
    let result = inputs[0].conv2d(inputs[1])
    let gradient = result.gradients(with: [inputs[0]], seed: Self.numbers(result.shape))
    #expect(Self.usesPatch(try LoweringTests.check(gradient, tolerance: 1e-4)))
  }

  /// What moves with twice the column has no neighbour's elements; and many rows are better served by packed panels.
  @Test func whereThereIsNoPatch() throws {
    let image = Self.numbers([1, 2, 9, 9])
    for schedule in [
      try LoweringTests.check([image.conv2d(Self.numbers([6, 2, 3, 3]), stride: 2)], tolerance: 1e-4),
      try LoweringTests.check([image.conv2d(Self.numbers([70, 2, 3, 3]))], tolerance: 1e-4),
      try LoweringTests.check([Self.numbers([20, 30]).matmul(Self.numbers([30, 40]))], tolerance: 1e-4),
    ] {
      #expect(!Self.usesPatch(schedule))
    }
  }
}
