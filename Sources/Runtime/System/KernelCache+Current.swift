import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension KernelCache {
  private static let wanted = KernelCache(directory: Environment.current.cacheDirectory)
  /// What serves when the directory goes bad while the process runs.
  private static let substitute = KernelCache(substituteFor: wanted)
  private static let isAbandoned = Atomic<Bool>(false)

  /// The cache of this process: where the environment says, or a private one after that was abandoned.
  package static var current: KernelCache {
    isAbandoned.load(ordering: .acquiring) ? substitute : wanted
  }

  /// Calls `body` with the cache of this process, and where its directory fails, with a private one.
  ///
  /// The directory may have gone, and is made again; or it is full, read-only by now, or on a file system from which
  /// nothing can be loaded. If all goes well in a private directory, that one serves from now on, after one warning.
  /// If not, the first error is thrown.
  package static func withWorking<Result>(_ body: (KernelCache) throws -> Result) throws -> Result {
    let cache = current
    guard cache.isPersistent else { return try body(cache) }
    do {
      return try cache.attempt(body)
    } catch let error as CompileError {
      // A compiler that hangs would hang again.
      guard case .failed = error else { throw error }
      let summary = "the C compiler failed in \(cache.directory) and works elsewhere; is the disk full?"
      return try cache.abandon(error, summary, body)
    } catch {
      // Something may have been removed between two looks.
      if let result = try? cache.attempt(body) { return result }
      return try cache.abandon(error, "\(error)", body)
    }
  }

  private func attempt<Result>(_ body: (KernelCache) throws -> Result) throws -> Result {
    if let refusal = CacheDirectory.refusal(of: directory) { throw UnsafeDirectory(description: refusal) }
    return try body(self)
  }

  private func abandon<Result>(
    _ error: any Error, _ summary: String, _ body: (KernelCache) throws -> Result
  ) throws -> Result {
    do {
      let result = try body(KernelCache.substitute)
      KernelCache.isAbandoned.store(true, ordering: .releasing)
      Warning.once("cache " + directory, "compiled kernels will not be kept: \(summary)")
      return result
    } catch let second {
      // The first error names a source that is kept; this one nobody hears of.
      if case .failed(_, _, _, let source?)? = second as? CompileError { unlink(source) }
      throw error
    }
  }
}

/// A cache directory that others could put code into by now.
struct UnsafeDirectory: Error, CustomStringConvertible {
  let description: String
}
