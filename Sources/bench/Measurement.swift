import Foundation
import LazyRuntime
import Swiftlet

/// What was measured of one workload.
struct Measurement: Encodable {
  let name: String
  let milliseconds: [Double]
  let kernels: Int
  /// The most memory that computed tensors and temporaries took at one time.
  let peakBytes: Int
  /// The most memory the process has had, or 0 where the system does not tell.
  let residentBytes: Int
  let flops: Int
  let bytes: Int
  let results: [Sample]

  /// Some elements of a result, at places that follow from its size alone, so that another program can take the same.
  struct Sample: Encodable {
    let shape: [Int]
    let values: [Double]

    private static let count = 512

    init(_ tensor: Tensor) {
      shape = tensor.shape.dimensions
      let elementCount = tensor.elementCount
      func pick<Number>(_ numbers: UnsafeBufferPointer<Number>, _ convert: (Number) -> Double) -> [Double] {
        (0..<min(elementCount, Sample.count)).map { convert(numbers[$0 * 2_654_435_761 % elementCount]) }
      }
      switch tensor.dtype {
      case .float32: values = tensor.withUnsafeElements(as: Float.self) { pick($0) { Double($0) } }
      case .int64: values = tensor.withUnsafeElements(as: Int64.self) { pick($0) { Double($0) } }
      case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .uint64, .float16, .bfloat16, .float64:
        values = tensor.doubles.withUnsafeBufferPointer { pick($0) { $0 } }
      }
    }
  }

  var least: Double { milliseconds[0] }
  var median: Double { milliseconds[milliseconds.count / 2] }

  /// Times a workload: a few runs to warm up, whose first results are kept, then runs for so many seconds, at most a
  /// thousand and at least three.
  init(_ workload: Workload, seconds: Double) {
    StoragePool.shared.resetPeak()
    let run = workload.prepare()
    var results: [Sample] = []
    let clock = ContinuousClock()
    let warmUp = clock.now
    for turn in 0..<max(3, workload.checkedRuns) {
      // A slow workload is warm after one run.
      if turn >= workload.checkedRuns && clock.now - warmUp > .seconds(seconds) { break }
      let outputs = run()
      if turn < workload.checkedRuns { results += outputs.map { Sample($0) } }
    }
    let launches = PlanRun.kernelCount
    _ = run()
    kernels = PlanRun.kernelCount - launches

    var times: [Double] = []
    let start = clock.now
    while times.count < 3 || (times.count < 1000 && clock.now - start < .seconds(seconds)) {
      var outputs: [Tensor] = []
      times.append(clock.measure { outputs = run() } / .milliseconds(1))
      // Freeing the results is no part of the time.
      withExtendedLifetime(outputs) {}
    }
    (name, flops, bytes) = (workload.name, workload.flops, workload.bytes)
    peakBytes = StoragePool.shared.statistics.peakLiveByteCount
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace)
    residentBytes = peak.flatMap { $0.count > 1 ? Int($0[1]) : nil }.map { $0 << 10 } ?? 0
    milliseconds = times.sorted()
    self.results = results
  }

  /// One line to read: times, rates, kernels and memory.
  var line: String {
    func rate(_ count: Int, _ unit: String) -> String {
      count == 0
        ? String(repeating: " ", count: 9 + unit.count)
        : String(format: "%8.1f ", Double(count) / least * 1e-6) + unit
    }
    return name.padding(toLength: 28, withPad: " ", startingAt: 0)
      + String(format: "min %9.4f ms  median %9.4f ms  ", least, median) + rate(flops, "GFLOP/s") + rate(bytes, "GB/s")
      + "  \(kernels) kernel\(kernels == 1 ? " " : "s")" + String(format: " peak %.1f MB", Double(peakBytes) * 1e-6)
  }

  /// One line of JSON.
  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // Numbers, texts and lists of them can always be encoded.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }
}
