import Foundation
import LazyOps
import LazyRuntime
import Testing

@Suite("System: storage and mapped files") struct SystemStorageTests {
  @Test("blocks are aligned, big enough, not much bigger, and separate")
  func blocks() throws {
    let pool = StoragePool(pooledByteLimit: 1 << 30)
    var live: [Storage] = []
    for byteCount in [0, 1, 63, 64, 65, 96, 97, 128, 1000, 4096, 5000, 65535, 1 << 20, (4 << 20) + 1, 10_000_000] {
      let before = pool.statistics.liveByteCount
      let storage = try pool.allocate(byteCount: byteCount)
      let size = pool.statistics.liveByteCount - before
      #expect(storage.byteCount == byteCount)
      #expect(UInt(bitPattern: storage.base) % 64 == 0)
      #expect(size >= byteCount && size <= max(64, byteCount + byteCount / 4 + 16))
      memset(storage.base, Int32(live.count), byteCount)
      live.append(storage)
    }
    for (index, storage) in live.enumerated() {
      let bytes = UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount)
      #expect(bytes.allSatisfy { $0 == UInt8(index) })
    }
  }

  @Test("memory given back is handed out again, and counted")
  func reuse() throws {
    let pool = StoragePool(pooledByteLimit: 1 << 20)
    var first: Storage? = try pool.allocate(byteCount: 1000)
    let base = first?.base
    #expect(pool.statistics == .init(live: 1024, pooled: 0, peak: 1024))
    first = nil
    #expect(pool.statistics == .init(live: 0, pooled: 1024, peak: 1024))
    let second = try pool.allocate(byteCount: 900)
    #expect(second.base == base)
    let third = try pool.allocate(byteCount: 1024)
    #expect(third.base != base)
    #expect(pool.statistics == .init(live: 2048, pooled: 0, peak: 2048))
    withExtendedLifetime((second, third)) {}
  }

  @Test("the peak can be measured anew, and unused memory given back")
  func peakAndTrim() throws {
    let pool = StoragePool(pooledByteLimit: 1 << 20)
    _ = try (0..<4).map { _ in try pool.allocate(byteCount: 4096) }
    #expect(pool.statistics == .init(live: 0, pooled: 16384, peak: 16384))
    pool.resetPeak()
    #expect(pool.statistics.peakLiveByteCount == 0)
    pool.trim()
    #expect(pool.statistics == .init(live: 0, pooled: 0, peak: 0))
  }

  @Test("no more than the limit is kept, and the sizes longest not used go first")
  func bound() throws {
    let pool = StoragePool(pooledByteLimit: 10_000)
    for byteCount in [1024, 2048, 4096] { _ = try pool.allocate(byteCount: byteCount) }
    _ = try pool.allocate(byteCount: 1024)
    #expect(pool.statistics.pooledByteCount == 7168)
    _ = try pool.allocate(byteCount: 5120)
    // 2048 is the oldest, then 4096; 1024 was used again.
    #expect(pool.statistics.pooledByteCount == 1024 + 5120)
    _ = try pool.allocate(byteCount: 1 << 20)
    #expect(pool.statistics.pooledByteCount == 0)
  }

  @Test("what cannot be had is an error with its size, and counts nowhere", arguments: [Int.max, 1 << 60, 1 << 55])
  func outOfMemory(byteCount: Int) {
    let pool = StoragePool(pooledByteLimit: 1 << 20)
    let error = #expect(throws: OutOfMemory.self) { try pool.allocate(byteCount: byteCount) }
    #expect(error?.byteCount == byteCount)
    #expect(error?.description.contains("\(byteCount) bytes") == true)
    #expect(pool.statistics == .init(live: 0, pooled: 0, peak: 0))
  }

  @Test("many threads may allocate and give back")
  func threads() {
    let pool = StoragePool(pooledByteLimit: 1 << 16)
    let failures = Log<Int>()
    onThreads(4) { thread in
      var kept: [Storage] = []
      for round in 0..<500 {
        let byteCount = 16 + (round * 131) % 9000
        guard let storage = try? pool.allocate(byteCount: byteCount) else { return failures.append(round) }
        memset(storage.base, Int32(thread), storage.byteCount)
        kept.append(storage)
        if kept.count > 5 {
          let old = kept.remove(at: round % 5)
          let bytes = UnsafeRawBufferPointer(start: old.base, count: old.byteCount)
          if !bytes.allSatisfy({ $0 == UInt8(thread) }) { failures.append(round) }
        }
      }
    }
    #expect(failures.entries == [])
    #expect(pool.statistics.liveByteCount == 0)
    #expect(pool.statistics.pooledByteCount <= 1 << 16)
  }

  @Test("a mapped file has the file's bytes")
  func mapping() throws {
    let directory = TemporaryDirectory()
    let contents = (0..<100_001).map { UInt8(truncatingIfNeeded: $0) }
    let file = try MappedFile(path: try directory.write("data", contents))
    #expect(file.withBytes { $0.elementsEqual(contents) })
    #expect(try MappedFile(path: try directory.write("empty", [])).withBytes { $0.count } == 0)
    // Replacing the file does not change what is mapped.
    _ = try directory.write("new", [1])
    #expect(rename(directory.path + "/new", directory.path + "/data") == 0)
    #expect(file.withBytes { $0.elementsEqual(contents) })
  }

  @Test("what cannot be mapped is an error with the path and the reason")
  func notMapped() {
    let directory = TemporaryDirectory()
    let missing = #expect(throws: FileError.self) { try MappedFile(path: directory.path + "/none") }
    #expect(missing?.description == "cannot open \(directory.path)/none: No such file or directory")
    let folder = #expect(throws: FileError.self) { try MappedFile(path: directory.path) }
    #expect(folder?.description == "cannot map \(directory.path): Is a directory")
  }
}

extension StoragePool.Statistics {
  fileprivate init(live: Int, pooled: Int, peak: Int) {
    self.init(liveByteCount: live, pooledByteCount: pooled, peakLiveByteCount: peak)
  }
}
