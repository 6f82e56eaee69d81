import Foundation
import LazyRuntime
import Swiftlet

/// What `zoo gpt2 --bench` measures. Each measurement has a process of its own, so that it has its own peak of memory and
/// begins as cold or as warm as it says.
enum GPT2Bench {
  /// Runs all measurements, prints a line for each and returns them together.
  static func run(_ options: Options) throws -> Metrics {
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("swiftlet-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: cache.path)
    defer { try? FileManager.default.removeItem(at: cache) }
    var all: Metrics = [:]
    /// Measures in a child process and keeps its numbers under a name.
    func child(_ name: String, _ what: String, _ arguments: [String] = []) throws -> [String: Double] {
      let numbers = try self.child(what, arguments, options, cache: cache)
      for (key, value) in numbers { all["\(name)_\(key)"] = .number(value) }
      return numbers
    }
    let cold = try child("cold", "start")
    report(String(format: "cold start, empty cache to first loss  %8.2f s", cold["first_loss_s"] ?? .nan))
    let warm = try child("warm", "start")
    report(
      String(
        format: "warm start, a new process              %8.2f s, of which the weights' making %.2f s and a step %.2f s",
        warm["first_loss_s"] ?? .nan, warm["weights_s"] ?? .nan, warm["step_s"] ?? .nan))
    let training = try child("train", "train")
    report(
      String(
        format: "training step, 4 x 64 tokens           %8.1f ms, loss %.4f, peak memory %.0f MB, %.0f kernels",
        training["ms"] ?? .nan, training["loss"] ?? .nan, training["peak_mb"] ?? .nan, training["kernels"] ?? .nan))
    let prefill = try child("prefill", "prefill")
    report(String(format: "prefill, 1024 tokens                   %8.1f ms", prefill["ms"] ?? .nan))
    for dtype in ["float32", "bfloat16"] {
      let decoding = try child("decode_\(dtype)", "decode", ["--dtype", dtype])
      report(
        String(
          format: "decoding, \(dtype.padding(toLength: 8, withPad: " ", startingAt: 0))"
            + "                     %8.1f tokens/s, %.0f%% of the %.1f GB/s a sum reads at",
          decoding["tokens_s"] ?? .nan, decoding["bandwidth_percent"] ?? .nan, decoding["peak_gb_s"] ?? .nan))
    }
    return all
  }

  /// Measures one thing: `start`, `train`, `prefill` or `decode`.
  static func measure(_ what: String, _ options: Options) throws -> Metrics {
    switch what {
    case "start": return try start(options)
    case "train": return try train(options)
    case "prefill": return try prefill(options)
    case "decode": return try decode(options)
    case _: throw UsageError("--measure wants start, train, prefill or decode, not \(what)")
    }
  }

  /// The step that is measured, as a user writes it.
  private static func step(_ model: GPT2) -> CompiledFunction<Tensor, Tensor, Tensor> {
    let optimizer = AdamW(
      model.parameters, learningRate: 3e-4, betas: (0.9, 0.95), weightDecay: 0.1, decaysMatricesOnly: true)
    return compiled { ids, next in optimizer.step(model.loss(ids, next)) }
  }

  private static func text(_ model: GPT2, _ seed: UInt64) -> (ids: Tensor, next: Tensor) {
    let ids = Tensor.integers(0..<model.configuration.vocabulary, [4, 65], using: RandomGenerator(seed: seed)).ints
    let rows = (0..<4).map { Array(ids[$0 * 65..<($0 + 1) * 65]) }
    return (Tensor(rows.map { Array($0.dropLast()) }), Tensor(rows.map { Array($0.dropFirst()) }))
  }

  private static func start(_ options: Options) throws -> Metrics {
    let clock = ContinuousClock.now
    let model = try GPT2Exhibit.model(options)
    Tensor.realize(model.parameters.map(\.value))
    let weights = clock.duration(to: .now) / .seconds(1)
    let (ids, next) = text(model, 1)
    let loss = step(model)(ids, next).item
    let first = clock.duration(to: .now) / .seconds(1)
    return [
      "first_loss_s": .number(first), "weights_s": .number(weights), "step_s": .number(first - weights),
      "loss": .number(loss),
    ]
  }

  private static func train(_ options: Options) throws -> Metrics {
    let model = try GPT2Exhibit.model(options)
    let step = step(model)
    let (ids, next) = text(model, 1)
    let loss = step(ids, next).item
    _ = step(ids, next).item
    let kernels = Realizer.launchCount
    let seconds = least(of: 5) { _ = step(ids, next).item }
    return [
      "ms": .number(seconds * 1000), "loss": .number(loss), "peak_mb": .number(peakMemory),
      "kernels": .integer((Realizer.launchCount - kernels) / 5),
    ]
  }

  private static func prefill(_ options: Options) throws -> Metrics {
    let model = try GPT2Exhibit.model(options)
    let cache = GPT2.Cache(model.configuration)
    let ids = Tensor.integers(0..<model.configuration.vocabulary, [1, cache.capacity], using: RandomGenerator(seed: 1))
      .realize()
    let prefill = compiled { ids in model.prefill(ids, into: cache) }
    for _ in 0..<2 { _ = prefill(ids) }
    let seconds = least(of: 4) { _ = prefill(ids) }
    return ["ms": .number(seconds * 1000), "peak_mb": .number(peakMemory)]
  }

  private static func decode(_ options: Options) throws -> Metrics {
    let model = try GPT2Exhibit.model(options)
    let writer = GPT2.Writer(model)
    _ = writer.write(8, after: [464, 3139, 286])
    let count = try options.number("--tokens", atLeast: 1) ?? 64
    var token = 1
    let start = ContinuousClock.now
    for _ in 0..<count { token = TokenSampler.greedy.pick(writer.read(token)) }
    let seconds = start.duration(to: .now) / .seconds(1) / Double(count)
    let weights = Double(model.configuration.parameterCount - model.configuration.context * model.configuration.width)
    let bytes = weights * Double(model.wte.weight.dtype.byteCount)
    let bandwidth = bandwidth()
    return [
      "tokens_s": .number(1 / seconds), "peak_gb_s": .number(bandwidth * 1e-9), "peak_mb": .number(peakMemory),
      "bandwidth_percent": .number(100 * bytes / seconds / bandwidth),
    ]
  }

  /// Returns the bytes a second that the sum of a large tensor reads.
  private static func bandwidth() -> Double {
    let x = Tensor.uniform([1 << 26]).realize()
    return Double(x.elementCount * 4) / least(of: 5) { _ = x.sum().realize() }
  }

  /// Returns the seconds the fastest of some runs takes.
  private static func least(of count: Int, _ run: () -> Void) -> Double {
    (0..<count).map { _ in ContinuousClock().measure(run) / .seconds(1) }.min() ?? .nan
  }

  /// The most memory the process has had, in megabytes; NaN where the system does not tell.
  private static var peakMemory: Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 / 1000 }
      ?? .nan
  }

  /// Measures in a child process, which keeps its kernels in `cache`, and returns the numbers it tells.
  private static func child(
    _ what: String, _ arguments: [String], _ options: Options, cache: URL
  ) throws -> [String: Double] {
    let process = Process()
    process.executableURL = Bundle.main.executableURL
    process.arguments =
      ["gpt2", "--measure", what, "--json", "--seed", "\(options.seed)"] + arguments
      + ["--size", "--weights"].flatMap { name in options.own[name].map { [name, $0] } ?? [] }
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFTLET_CACHE": cache.path]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let line = data.split(separator: 10).last,
      let numbers = try JSONSerialization.jsonObject(with: line) as? [String: Any]
    else { throw MeasurementError(what: what, status: process.terminationStatus) }
    return numbers.compactMapValues { $0 as? Double }
  }

  /// A measurement that did not come to its end.
  private struct MeasurementError: Error, CustomStringConvertible {
    let what: String
    let status: Int32
    var description: String { "measuring \(what) ended with status \(status)" }
  }
}
