import Foundation
import LazyCodegen
import LazyOps
import LazyRuntime
import LazyScheduler
import Testing

/// A kernel that reaches beyond an array is stopped by the checks of `CHECK=1`.
@Suite struct BoundsCheckTests {
  /// The ways in which kernels reach elements.
  enum Kind: String, CaseIterable, Codable {
    case elementwise, rows, contraction, gathered, scattered

    var tensor: Tensor {
      let x = Tensor(shape: [64, 96], (0..<6144).map { Float($0 % 7) })
      let index = Tensor(shape: [50], (0..<50).map { 63 - $0 })
      switch self {
      case .elementwise: return x * 2 + x.sin()
      case .rows: return x.softmax(axis: -1)
      case .contraction: return x.matmul(Tensor(shape: [96, 80], (0..<7680).map { Float($0 % 5) }))
      case .gathered: return x.take(index)
      case .scattered: return x.take(index).sum().gradients(with: [x])[0]
      }
    }
  }

  /// Runs the kernels of a kind, the last written or the last read array of the last one being said to be one element
  /// shorter than it is.
  private static func run(_ kind: Kind, shortensWritten: Bool) throws {
    let (graph, leaves) = Graph.snapshot(of: [kind.tensor.node])
    let schedule = Schedule(graph)
    let cache = KernelCache.current
    let compiler = try CCompiler.find()
    let renderer = CRenderer(vectorByteCount: compiler.vectorByteCount)
    let section = schedule.kernels[schedule.kernels.count - 1].sections[0]
    var program = LoopProgram.optimized(section, in: schedule, vectorByteCount: compiler.vectorByteCount)
    program.name = "wrong_kernel"
    let wrong = program.buffers.lastIndex { $0.isWritten == shortensWritten }!
    program.buffers[wrong].count -= 1
    let unit = CCompiler.Unit(
      source: try cache.writeTemporary(renderer.unit([renderer.render(program, checked: true)]), suffix: ".c"),
      output: cache.temporaryPath(suffix: ".so"))
    try compiler.compile([unit])
    let library = try SharedLibrary(path: unit.output)
    let function = unsafeBitCast(library.symbol("wrong_kernel")!, to: KernelFunction.self)
    // The memory is as large as it should be: only the check can stop the kernel.
    let storages = section.buffers.map { number in
      let buffer = schedule.buffers[number]
      if case .leaf(let leaf) = buffer.kind, let storage = leaves[leaf].storage { return storage }
      return Storage(byteCount: buffer.byteCount)
    }
    var failure: Int32 = 0
    let count = program.taskCount
    function(storages.map(\.base), [], 0, count, &failure)
    withExtendedLifetime((storages, library)) {}
  }

  @Test(arguments: Kind.allCases, [true, false]) func anElementTooFarIsCaught(kind: Kind, isWritten: Bool) async {
    let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
      [kind = kind as Kind, isWritten = isWritten as Bool] in
      try BoundsCheckTests.run(kind, shortensWritten: isWritten)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains(/bug: kernel wrong_kernel: index \d+ of \w+ is outside 0\.\.<\d+/), "\(text)")
  }
}
