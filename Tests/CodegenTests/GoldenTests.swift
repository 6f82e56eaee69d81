import Foundation
import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Dumps of all four levels, compared with files in `Goldens`. `UPDATE_GOLDENS=1 swift test` writes them anew; the
/// change then shows in the diff.
@Suite struct GoldenTests {
  private static let cases: [(name: String, make: @Sendable () -> Tensor)] = [
    ("softmax", { leaf([64, 256]).softmax(axis: -1) }),
    ("layer-norm", { leaf([64, 256]).layerNorm(axes: [-1], weight: leaf([256]), bias: leaf([256])) }),
    ("matmul-gelu", { (leaf([64, 96]).matmul(leaf([96, 128])) + leaf([128])).gelu() }),
    ("convolution", { leaf([2, 3, 18, 18]).conv2d(leaf([8, 3, 3, 3]), bias: leaf([8])) }),
  ]

  /// AVX2's, so that the files do not depend on the machine.
  private static let vectorByteCount = 32

  private static func leaf(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, [Float](repeating: 0.5, count: shape.elementCount).enumerated().map { Float($0.offset % 7) })
  }

  @Test(arguments: cases.indices) func allLevels(_ number: Int) throws {
    let (name, make) = Self.cases[number]
    let graph = Graph.snapshot(of: [make().node]).graph
    let schedule = Schedule(graph)
    let programs = schedule.kernels.flatMap(\.sections).map {
      LoopProgram.optimized($0, in: schedule, vectorByteCount: Self.vectorByteCount)
    }
    let renderer = CRenderer(vectorByteCount: Self.vectorByteCount)
    let functions = programs.map { renderer.render($0, checked: false) }
    try compare("\(graph)", with: "\(name).graph")
    try compare("\(schedule)", with: "\(name).schedule")
    try compare(programs.map { "\($0)" }.joined(separator: "\n"), with: "\(name).loops")
    try compare(renderer.unit(functions), with: "\(name).c")
  }

  private func compare(_ text: String, with name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/\(name)")
    if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = try? String(contentsOf: file, encoding: .utf8)
    let hint = "differs from Goldens/\(name); if that is meant, run UPDATE_GOLDENS=1 swift test --filter GoldenTests"
    #expect(text == golden, Comment(rawValue: hint))
  }
}
