import LazyOps

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the machine does at most with the threads at hand, measured: `DEBUG=2` says what part of it a kernel reaches.
package struct MachinePeaks: Equatable, Sendable {
  /// Operations on `float32` numbers a second, a fused multiply-add being two.
  package let flopRate: Double
  /// Bytes a second that are read from memory, and from no cache.
  package let readRate: Double

  /// Gives rates that are known.
  package init(flopRate: Double, readRate: Double) { (self.flopRate, self.readRate) = (flopRate, readRate) }

  /// What binds a kernel.
  package enum Limit: String, Sendable {
    /// The multiply-add units.
    case arithmetic
    /// The memory's bandwidth.
    case bandwidth
  }

  /// Returns the part of a peak that a kernel of so many operations and bytes has reached, for the peak that it is
  /// closer to. The part of the bandwidth exceeds 1 where buffers were in a cache.
  package func share(flops: Int, bytes: Int, seconds: Double) -> (part: Double, limit: Limit) {
    let seconds = Swift.max(seconds, 1e-9)
    let (arithmetic, bandwidth) = (Double(flops) / seconds / flopRate, Double(bytes) / seconds / readRate)
    return arithmetic > bandwidth ? (arithmetic, .arithmetic) : (bandwidth, .bandwidth)
  }

  /// The peaks of this machine for `THREADS`, measured when first asked for and kept in the cache's directory; nil where
  /// that cannot be done.
  package static let current: MachinePeaks? = {
    guard let compiler = try? KernelCompiler.shared.get() else { return nil }
    return cached(in: .current, threads: ThreadPool.shared.threadCount) { try? measure(with: compiler) }
  }()

  // MARK: - On disk

  /// Reads the peaks kept for this processor and so many threads, or measures them and keeps the answer.
  package static func cached(
    in cache: KernelCache, threads: Int, measure: () -> MachinePeaks?
  ) -> MachinePeaks? {
    let question = "\(Machine.processorIdentity)\0\(Machine.coreCount) cores, \(threads) threads"
    let path = "\(cache.directory)/peaks-\(Hash128(question).hex)"
    if Files.isOwn(path), let text = Files.readText(path, limit: 4096), let peaks = MachinePeaks(text) { return peaks }
    guard let peaks = measure() else { return nil }
    // Without the file the next process measures again; nothing worse.
    if let file = try? cache.writeTemporary(peaks.text, suffix: ".txt"), rename(file, path) != 0 {
      cache.removeTemporary([file])
    }
    return peaks
  }

  /// The form kept on disk: both rates, a line each, and a fingerprint of those lines.
  package var text: String { "\(flopRate)\n\(readRate)\n\(Hash128("\(flopRate)\n\(readRate)").hex)\n" }

  /// Reads what `text` gives; nil when it is damaged.
  package init?(_ text: String) {
    let lines = text.split(separator: "\n")
    guard lines.count == 3, let flopRate = Double(lines[0]), let readRate = Double(lines[1]) else { return nil }
    self.init(flopRate: flopRate, readRate: readRate)
    guard flopRate > 0, readRate > 0, self.text == text else { return nil }
  }

  // MARK: - Measuring

  /// The turns of the loop of multiply-adds in a chunk.
  private static let turns = 50_000
  /// Far more than caches hold, for most machines.
  private static let byteCount = 256 << 20
  /// A chunk of that memory.
  private static let chunkByteCount = 1 << 20

  /// Measures both, in some 0.1 s: the best of several runs, as a machine is never quite idle.
  private static func measure(with compiler: KernelCompiler) throws -> MachinePeaks {
    let kernels = try compiler.functions(
      ["peak_multiply_add", "peak_read"], source: source(vectorByteCount: compiler.vectorByteCount))
    return try withExtendedLifetime(kernels) {
      let byteCount = Swift.min(MachinePeaks.byteCount, Machine.memoryByteCount / 16) / chunkByteCount * chunkByteCount
      let memory = try StoragePool(pooledByteLimit: 0).allocate(byteCount: byteCount)
      let results = try StoragePool(pooledByteLimit: 0).allocate(byteCount: 4096)
      let chunkCount = byteCount / chunkByteCount
      // Touching it first, else the system maps one page of zeros for all.
      ThreadPool.shared.run(chunks: chunkCount) { chunk in
        memset(memory.base + chunk * chunkByteCount, 0, chunkByteCount)
      }
      let lanes = compiler.vectorByteCount / 4
      let shares = ThreadPool.shared.threadCount * 4
      let arithmetic = best(of: 8, kernels[0], [results.base], chunks: shares, each: turns)
      let reading = best(of: 6, kernels[1], [results.base, memory.base], chunks: chunkCount, each: chunkByteCount)
      return MachinePeaks(
        flopRate: Double(2 * chains * lanes * turns * shares) / arithmetic, readRate: Double(byteCount) / reading)
    }
  }

  /// The seconds of the fastest of several runs of a function on all threads.
  private static func best(
    of runs: Int, _ kernel: LoadedKernel, _ buffers: [UnsafeMutableRawPointer], chunks: Int, each: Int
  ) -> Double {
    var least = UInt64.max
    for _ in 0..<runs {
      let start = monotonicNanoseconds()
      ThreadPool.shared.run(chunks: chunks) { chunk in
        var (argument, failure): (UInt64, Int32) = (0, 0)
        kernel.function(buffers, &argument, chunk * each, (chunk + 1) * each, &failure)
      }
      least = Swift.min(least, monotonicNanoseconds() - start)
    }
    return Double(Swift.max(least, 1)) * 1e-9
  }
}
