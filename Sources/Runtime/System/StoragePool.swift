package import LazyOps
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Memory that could not be had.
public struct OutOfMemory: Error, CustomStringConvertible, Sendable {
  /// The bytes that were asked for.
  public let byteCount: Int

  /// One line: how much was asked for, and what to do.
  public var description: String {
    "out of memory: cannot allocate \(byteCount) bytes; use smaller batches or let go of tensors earlier"
  }
}

/// Hands out 64-byte aligned memory and keeps what comes back for the next who asks for about as much.
///
/// Fresh memory costs a page fault for every page; a training step asks for the same sizes again and again. Sizes are
/// rounded up to one of four steps between powers of two, so at most a fifth of a block is unused.
package final class StoragePool: Sendable {
  /// The pool all tensors use. It keeps at most a quarter of the memory unused.
  package static let shared = StoragePool(pooledByteLimit: Machine.memoryByteCount / 4)

  /// How much memory a pool holds, in whole blocks.
  package struct Statistics: Equatable, Sendable {
    /// The bytes in use now.
    package var liveByteCount = 0
    /// The bytes kept for reuse.
    package var pooledByteCount = 0
    /// The most bytes that were in use at one time.
    package var peakLiveByteCount = 0

    /// Sets all three, so that a test can say what it expects.
    package init(liveByteCount: Int = 0, pooledByteCount: Int = 0, peakLiveByteCount: Int = 0) {
      self.liveByteCount = liveByteCount
      self.pooledByteCount = pooledByteCount
      self.peakLiveByteCount = peakLiveByteCount
    }
  }

  fileprivate struct State: @unchecked Sendable {
    var statistics = Statistics()
    /// For each size class, the blocks not in use.
    var free = [[UnsafeMutableRawPointer]](repeating: [], count: SizeClass.count)
    /// For each size class, when it was last asked or given to.
    var lastUse = [UInt64](repeating: 0, count: SizeClass.count)
    var time: UInt64 = 0
  }

  private let state = Mutex(State())
  private let pooledByteLimit: Int

  /// Makes a pool that keeps at most `pooledByteLimit` bytes unused.
  package init(pooledByteLimit: Int) { self.pooledByteLimit = pooledByteLimit }

  deinit { trim() }

  /// How much memory the pool holds now.
  package var statistics: Statistics { state.withLock { $0.statistics } }

  /// Begins to measure the peak anew from what is in use now.
  package func resetPeak() {
    state.withLock { $0.statistics.peakLiveByteCount = $0.statistics.liveByteCount }
  }

  /// Gives memory with any content in it; it comes back by itself when the storage goes.
  package func allocate(byteCount: Int) throws(OutOfMemory) -> Storage {
    precondition(byteCount >= 0, "bug: a storage of \(byteCount) bytes")
    guard byteCount <= SizeClass.largestByteCount else { throw OutOfMemory(byteCount: byteCount) }
    let size = SizeClass(holding: byteCount)
    let pooled: UnsafeMutableRawPointer? = state.withLock { state in
      state.touch(size)
      guard let block = state.free[size.index].popLast() else { return nil }
      state.statistics.pooledByteCount -= size.byteCount
      state.statistics.take(size.byteCount)
      return block
    }
    guard let base = pooled ?? fresh(size) else { throw OutOfMemory(byteCount: byteCount) }
    return Storage(base: base, byteCount: byteCount, isOwned: true) { [self] base, byteCount in
      giveBack(base, byteCount)
    }
  }

  /// Gives memory of zeros.
  ///
  /// Much of it is fresh from the system, which makes the zeros when a page is touched: by all threads that compute, not
  /// by this one. It goes back to the system, and is not counted.
  package func allocateZeros(byteCount: Int) throws(OutOfMemory) -> Storage {
    guard byteCount >= 2 * hugePageByteCount else {
      let storage = try allocate(byteCount: byteCount)
      memset(storage.base, 0, byteCount)
      return storage
    }
    let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let base, base != MAP_FAILED else { throw OutOfMemory(byteCount: byteCount) }
    #if os(Linux)
      madvise(base, byteCount, hugePageAdvice)
    #endif
    return Storage(base: base, byteCount: byteCount, isOwned: true) { base, byteCount in munmap(base, byteCount) }
  }

  /// Gives all memory that is not in use to the system.
  package func trim() {
    let blocks: [UnsafeMutableRawPointer] = state.withLock { state in
      let blocks = state.free.flatMap { $0 }
      for index in state.free.indices { state.free[index] = [] }
      state.statistics.pooledByteCount = 0
      return blocks
    }
    for block in blocks { free(block) }
  }

  private func giveBack(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    let size = SizeClass(holding: byteCount)
    let excess: [UnsafeMutableRawPointer] = state.withLock { state in
      state.touch(size)
      state.statistics.liveByteCount -= size.byteCount
      state.statistics.pooledByteCount += size.byteCount
      state.free[size.index].append(base)
      return state.statistics.pooledByteCount > pooledByteLimit ? state.evict(downTo: pooledByteLimit) : []
    }
    for block in excess { free(block) }
  }

  /// Gets a block from the system, if need be after giving it back all that is unused.
  private func fresh(_ size: SizeClass) -> UnsafeMutableRawPointer? {
    var block = systemBlock(size)
    if block == nil {
      trim()
      block = systemBlock(size)
    }
    if block != nil { state.withLock { $0.statistics.take(size.byteCount) } }
    return block
  }

  private func systemBlock(_ size: SizeClass) -> UnsafeMutableRawPointer? {
    var block: UnsafeMutableRawPointer?
    let isHuge = size.byteCount >= 2 * hugePageByteCount
    guard posix_memalign(&block, isHuge ? hugePageByteCount : 64, size.byteCount) == 0 else { return nil }
    #if os(Linux)
      // One page fault for 2 MB instead of 512, and fewer misses in the page tables. Where the system has no such pages it
      // says so, to no harm.
      if isHuge { madvise(block, size.byteCount, hugePageAdvice) }
    #endif
    return block
  }
}

private let hugePageByteCount = 2 << 20
#if os(Linux)
  /// MADV_HUGEPAGE, which Swift cannot see.
  private let hugePageAdvice: Int32 = 14
#endif

extension StoragePool.Statistics {
  fileprivate mutating func take(_ byteCount: Int) {
    liveByteCount += byteCount
    peakLiveByteCount = max(peakLiveByteCount, liveByteCount)
  }
}

extension StoragePool.State {
  fileprivate mutating func touch(_ size: SizeClass) {
    time += 1
    lastUse[size.index] = time
  }

  /// Takes blocks out, those of the sizes longest not used first, until no more than `limit` bytes are left. Freeing
  /// what just came back instead would keep sizes that nobody asks for any more for ever.
  fileprivate mutating func evict(downTo limit: Int) -> [UnsafeMutableRawPointer] {
    var blocks: [UnsafeMutableRawPointer] = []
    let order = free.indices.filter { !free[$0].isEmpty }.sorted { lastUse[$0] < lastUse[$1] }
    for index in order {
      while statistics.pooledByteCount > limit, let block = free[index].popLast() {
        blocks.append(block)
        statistics.pooledByteCount -= SizeClass.byteCount(ofClass: index)
      }
    }
    return blocks
  }
}

/// A block size: a power of two from 64 bytes up, or one of the three steps between two of them.
private struct SizeClass {
  let index: Int
  let byteCount: Int

  static let largestByteCount = 1 << 60
  static let count = 4 * 55 + 1

  /// Rounds up to a block size.
  init(holding requested: Int) {
    let last = UInt(max(requested, 64) - 1)
    // `last` has its highest bit at `shift + 2`; that bit and the two below are the class.
    let shift = UInt.bitWidth - last.leadingZeroBitCount - 3
    let steps = Int(last >> UInt(shift)) + 1
    byteCount = steps << shift
    index = 4 * (shift - 3) + steps - 8
  }

  static func byteCount(ofClass index: Int) -> Int {
    // Steps run from 5 to 8 in each class of four, except that the first class has 64 bytes only.
    let position = index + 3
    return (position % 4 + 5) << (position / 4 + 3)
  }
}
