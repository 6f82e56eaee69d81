import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// With `CHECK=1` no element is read or written but behind a bounds check.
@Suite struct CheckedAccessTests {
  /// The accesses to elements in a function's text that are not checked, each with its line. Declarations, and the
  /// tables of pointers and scalars that the runtime hands over, are none.
  private static func uncheckedAccesses(_ text: String) -> (count: Int, unchecked: [Substring]) {
    var (count, unchecked) = (0, [Substring]())
    for line in text.split(separator: "\n") where !line.contains("//") {
      if line.firstMatch(of: /^\s*[\w ]+ \w+(\[\d+\])+( __attribute__.*)?;$/) != nil { continue }
      for access in line.matches(of: /(\w+)\[/) where access.output.1 != "buffers" && access.output.1 != "arguments" {
        count += 1
        if !line[access.range.upperBound...].hasPrefix("checked(") { unchecked.append(line) }
      }
      // The second index of an array of the kernel's own.
      for access in line.matches(of: /\]\[/) where !line[access.range.upperBound...].hasPrefix("checked(") {
        unchecked.append(line)
      }
    }
    return (count, unchecked)
  }

  private static func check(_ tensors: [Tensor], _ vectorByteCount: Int) -> Int {
    let schedule = Schedule(Graph.snapshot(of: tensors.map(\.node)).graph)
    let renderer = CRenderer(vectorByteCount: vectorByteCount)
    var count = 0
    for section in schedule.kernels.flatMap(\.sections) {
      let program = LoopProgram.optimized(section, in: schedule, vectorByteCount: vectorByteCount)
      let found = uncheckedAccesses(renderer.render(program, checked: true))
      #expect(found.unchecked.isEmpty, "\(found.unchecked)")
      count += found.count
    }
    return count
  }

  @Test(arguments: [16, 32, 64]) func networks(vectorByteCount: Int) {
    let numbers = { LoweringTests.numbers($0) }
    let (a, b, image, filters) = (
      numbers([64, 96]), numbers([96, 80]), numbers([2, 3, 18, 18]), numbers([8, 3, 3, 3])
    )
    let table = numbers([40, 64])
    let index = Tensor(shape: [50], (0..<50).map { $0 * 7 % 40 })
    var updated = a
    updated[2..<5] = numbers([3, 96])
    let cases: [Tensor] = [
      a.softmax(axis: -1), a.softmax(axis: 0), a.layerNorm(axes: [-1]), a.matmul(b).gelu(), b.T.matmul(a.T),
      a.matmul(numbers([70, 96]).T), image.conv2d(filters, padding: 1), a.sum(), a.argmax(axis: 1),
      table.take(index), table.take(index).sum().gradients(with: [table])[0], updated * 2,
      Tensor.concatenate([a, a * 2], axis: 1),
      (image.conv2d(filters).sum() * 2).gradients(with: [filters])[0],
    ]
    var count = 0
    for tensor in cases { count += Self.check([tensor], vectorByteCount) }
    #expect(count > 100)
  }

  @Test func randomGraphs() {
    var count = 0
    for seed in 0..<60 {
      var graphs = RandomGraphs(seed: UInt64(2_000_000 + seed))
      count += Self.check(graphs.make(), 32)
    }
    #expect(count > 300)
  }

  @Test func theSearchFindsWhatIsNotChecked() {
    let found = Self.uncheckedAccesses(
      "  float s1[48] __attribute__((aligned(32)));\n  s1[i] = in0[checked(i, 1, 3, \"k\", \"in0\")];")
    #expect(found.count == 2)
    #expect(found.unchecked.count == 1)
  }
}
