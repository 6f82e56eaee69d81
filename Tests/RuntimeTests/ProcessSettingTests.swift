import Foundation
import LazyOps
import LazyRuntime
import TestSupport
import Testing

/// What environment variables and a poor environment do to a whole process. Each test runs in one of its own, because
/// the variables are read once.
@Suite struct ProcessSettingTests {
  /// Sets variables, with a kernel cache of the process's own unless one is named, before anything is computed.
  private static func prepare(_ variables: [String: String]) {
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("swiftlet-test-\(UUID().uuidString)")
    setenv("SWIFTLET_CACHE", cache.path, 1)
    for (name, value) in variables { setenv(name, value, 1) }
  }

  /// Removes the process's own cache.
  private static func cleanUp() {
    let path = String(cString: getenv("SWIFTLET_CACHE"))
    if path.contains("swiftlet-test-") { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Computes something small in two schedules and expects it to be right.
  private static func compute() {
    let x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    let y = x.matmul(x.T).relu() + 1
    #expect(y.floats == [6, 12, 12, 26])
    #expect((y * 2).sum().item == 112)
  }

  private func lines(_ output: [UInt8]?) -> [Substring] {
    String(decoding: output ?? [], as: UTF8.self).split(separator: "\n")
  }

  private func warnings(_ output: [UInt8]?) -> [Substring] {
    lines(output).filter { $0.hasPrefix("swiftlet: warning:") }
  }

  @Test func withoutACompilerTheEvaluatorComputesAfterOneWarning() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["CC": "/nonexistent/cc"])
      ProcessSettingTests.compute()
      ProcessSettingTests.cleanUp()
    }
    let warnings = self.warnings(result?.standardErrorContent)
    try #require(warnings.count == 1)
    #expect(warnings[0].contains("/nonexistent/cc"))
  }

  @Test func aCacheThatCannotBeWrittenIsDoneWithoutAfterOneWarning() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["SWIFTLET_CACHE": #filePath + "/cache"])
      ProcessSettingTests.compute()
    }
    let warnings = self.warnings(result?.standardErrorContent)
    try #require(warnings.count == 1)
    #expect(warnings[0].contains("kernels will not be kept"))
  }

  @Test func aCompilerThatFailsIsAnError() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["CC": "false"])
      #expect(throws: CompileError.self) { try Tensor([1.0, 2.0]).exp().tryRealize() }
      ProcessSettingTests.cleanUp()
      ProcessSettingTests.prepare([:])
      Tensor([1.0, 2.0]).exp().realize()
    }
    let text = lines(result?.standardErrorContent).joined(separator: "\n")
    #expect(text.contains("[realize] the C compiler"))
    #expect(text.contains("command: "))
    #expect(text.contains("try next: "))
    let warnings = self.warnings(result?.standardErrorContent)
    #expect(warnings.isEmpty)
  }

  @Test func aFailingCompilerThrowsAndTheProgramGoesOn() async {
    await #expect(processExitsWith: .success) {
      ProcessSettingTests.prepare(["CC": "false"])
      let x = Tensor([1.0, 2.0])
      #expect(throws: CompileError.self) { try x.exp().tryRealize() }
      #expect(throws: CompileError.self) { try x.exp().tryRealize() }
      #expect(x.floats == [1, 2])
      ProcessSettingTests.cleanUp()
    }
  }

  @Test func theInterpreterNeedsNoCompiler() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["CC": "/nonexistent/cc", "DEVICE": "INTERPRETER"])
      ProcessSettingTests.compute()
      ProcessSettingTests.cleanUp()
    }
    let warnings = self.warnings(result?.standardErrorContent)
    #expect(warnings.isEmpty)
  }

  @Test func verifiedAndCheckedKernelsComputeRandomGraphs() async {
    await #expect(processExitsWith: .success) {
      ProcessSettingTests.prepare(["VERIFY": "1", "CHECK": "1"])
      ProcessSettingTests.compute()
      var tensors: [Tensor] = []
      for seed in 0..<20 {
        var graphs = RandomGraphs(seed: UInt64(1_000_000 + seed))
        tensors += graphs.make()
      }
      Tensor.realize(tensors)
      ProcessSettingTests.cleanUp()
    }
  }

  @Test func debug2PrintsKernelsAndTheirTimes() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["DEBUG": "2"])
      ProcessSettingTests.compute()
      ProcessSettingTests.cleanUp()
    }
    let lines = self.lines(result?.standardErrorContent)
    #expect(lines.contains { $0.hasPrefix("static void ") })
    #expect(lines.contains { $0.contains("GFLOP/s") && $0.contains("GB/s") })
  }

  @Test func aVariableWithoutSenseIsReportedOnce() async {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      ProcessSettingTests.prepare(["THREADS": "many"])
      ProcessSettingTests.compute()
      ProcessSettingTests.cleanUp()
    }
    let warnings = self.warnings(result?.standardErrorContent)
    #expect(warnings.count == 1)
  }

  /// The same bits come out for every number of threads.
  @Test func resultsDoNotDependOnTheNumberOfThreads() async {
    var results: [[UInt8]] = []
    for count: Int in [1, 2, 3, 8] {
      let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [count = count as Int] in
        setenv("THREADS", "\(count)", 1)
        print("bits: \(ProcessSettingTests.bitsOfManyResults())")
      }
      let line = lines(result?.standardOutputContent).first { $0.contains("bits: ") }
      results.append(Array((line ?? "none of \(count)").utf8))
    }
    #expect(Set(results).count == 1, "\(results.map { String(decoding: $0, as: UTF8.self) })")
  }

  /// Returns a hash of each of several results that threads share the work of.
  private static func bitsOfManyResults() -> String {
    func numbers(_ shape: Shape, _ factor: Int) -> Tensor {
      Tensor(shape: shape, (0..<shape.elementCount).map { Float(($0 &* factor) % 1009) / 509 - 0.97 })
    }
    let x = numbers([301, 257], 37)
    let image = numbers([4, 3, 33, 31], 11)
    let filters = numbers([7, 3, 3, 3], 13)
    let convolved = image.conv2d(filters, padding: 1)
    let weight = numbers([257, 65], 17)
    let hidden = x.matmul(weight).gelu()
    let loss = hidden.crossEntropy(Tensor(shape: [301], (0..<301).map { $0 % 65 }))
    let step = weight - loss.gradients(with: [weight])[0] * Tensor.argument(0.1)
    let results = [
      x.softmax(axis: 1), x.softmax(axis: 0), x.sum(), x.sum(axis: 0), x.sum(axis: 1), x.variance(), x.layerNorm(),
      x.matmul(weight), x.T.matmul(x), convolved, loss, step,
      (convolved * convolved).mean().gradients(with: [image])[0],
      (convolved * convolved).mean().gradients(with: [filters])[0],
      numbers([100_003], 7).exp().sum(), numbers([100_003], 7).max(), numbers([100_003], 7).argmax(),
      x.take(Tensor(shape: [900], (0..<900).map { $0 * 7 % 301 })).sum(axis: 0),
    ]
    Tensor.realize(results)
    return results.map { result in
      result.withUnsafeBytes { bytes in
        String(bytes.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }, radix: 16)
      }
    }.joined(separator: " ")
  }
}
