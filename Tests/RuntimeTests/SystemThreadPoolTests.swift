import Foundation
import LazyRuntime
import Synchronization
import Testing

@Suite("System: the thread pool") struct SystemThreadPoolTests {
  @Test("every chunk runs once, whatever the numbers", arguments: 1...8)
  func everyChunkOnce(threads: Int) {
    let pool = ThreadPool(threadCount: threads)
    // Plain memory: a missing barrier would show as a wrong number.
    let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: 64)
    counts.initialize(repeating: 0)
    defer { counts.deallocate() }
    var expected = [Int](repeating: 0, count: 64)
    for round in 0..<1500 {
      let chunks = (round &* 37) % 65
      pool.run(chunks: chunks) { chunk in counts[chunk] += round }
      for chunk in 0..<chunks { expected[chunk] += round }
    }
    #expect(Array(counts) == expected)
  }

  @Test("a loop sees what the one before wrote on other threads")
  func visibility() {
    let pool = ThreadPool(threadCount: 3)
    let cells = UnsafeMutableBufferPointer<Int>.allocate(capacity: 12)
    cells.initialize(repeating: 0)
    defer { cells.deallocate() }
    let next = UnsafeMutableBufferPointer<Int>.allocate(capacity: 12)
    defer { next.deallocate() }
    var expected = [Int](repeating: 0, count: 12)
    for round in 0..<2000 {
      pool.run(chunks: 12) { chunk in next[chunk] = cells[(chunk + 5) % 12] &+ chunk &+ round }
      pool.run(chunks: 12) { chunk in cells[chunk] = next[chunk] }
      expected = (0..<12).map { expected[($0 + 5) % 12] + $0 + round }
    }
    #expect(Array(cells) == expected)
  }

  @Test("chunks really run at the same time")
  func parallel() {
    let pool = ThreadPool(threadCount: 3)
    for pause in [UInt32(0), 3000, 0, 3000] {
      // After a pause the helpers are asleep.
      usleep(pause)
      let begun = Atomic<Int>(0)
      let met = Atomic<Int>(0)
      pool.run(chunks: 3) { _ in
        begun.wrappingAdd(1, ordering: .relaxed)
        let end = monotonicNanoseconds() + 5_000_000_000
        while begun.load(ordering: .relaxed) < 3 && monotonicNanoseconds() < end { usleep(50) }
        if begun.load(ordering: .relaxed) == 3 { met.wrappingAdd(1, ordering: .relaxed) }
      }
      #expect(met.load(ordering: .relaxed) == 3)
    }
  }

  @Test("a limit on threads holds", arguments: [1, 2, 3])
  func limit(threads: Int) {
    let pool = ThreadPool(threadCount: 6)
    pool.run(chunks: 12) { _ in usleep(100) }
    let active = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    for _ in 0..<20 {
      pool.run(chunks: 12, threads: threads) { _ in
        let now = active.wrappingAdd(1, ordering: .relaxed).newValue
        most.max(now, ordering: .relaxed)
        usleep(50)
        active.wrappingSubtract(1, ordering: .relaxed)
      }
    }
    #expect(most.load(ordering: .relaxed) <= threads)
  }

  @Test("one loop inside another runs on its caller, in order")
  func nested() {
    let pool = ThreadPool(threadCount: 4)
    let total = Atomic<Int>(0)
    let disorder = Atomic<Int>(0)
    for _ in 0..<100 {
      pool.run(chunks: 8) { outer in
        var last = -1
        pool.run(chunks: 8) { inner in
          if inner != last + 1 { disorder.wrappingAdd(1, ordering: .relaxed) }
          last = inner
          total.wrappingAdd(outer * inner, ordering: .relaxed)
        }
      }
    }
    #expect(total.load(ordering: .relaxed) == 100 * 28 * 28)
    #expect(disorder.load(ordering: .relaxed) == 0)
  }

  @Test("many callers share a pool")
  func manyCallers() {
    let pool = ThreadPool(threadCount: 4)
    let failures = Log<Int>()
    onThreads(6) { caller in
      for round in 0..<300 {
        let sum = Atomic<Int>(0)
        pool.run(chunks: 16) { chunk in sum.wrappingAdd(chunk * caller + round, ordering: .relaxed) }
        let answer = sum.load(ordering: .relaxed)
        if answer != 120 * caller + 16 * round { failures.append(answer) }
      }
    }
    #expect(failures.entries == [])
  }

  @Test("a slow chunk on a helper or the caller is waited for")
  func uneven() {
    let pool = ThreadPool(threadCount: 2)
    let finished = Atomic<Int>(0)
    for round in 0..<6 {
      pool.run(chunks: 2) { chunk in
        if chunk == round % 2 { usleep(10_000) }
        finished.wrappingAdd(1, ordering: .relaxed)
      }
      #expect(finished.load(ordering: .relaxed) == 2 * (round + 1))
    }
  }

  @Test("pools end with their threads, used or not, asleep or awake")
  func lifetime() {
    for round in 0..<60 {
      let pool = ThreadPool(threadCount: 1 + round % 4)
      let sum = Atomic<Int>(0)
      if round % 3 > 0 { pool.run(chunks: 5) { sum.wrappingAdd($0, ordering: .relaxed) } }
      if round % 5 == 0 { usleep(200) }
      #expect(sum.load(ordering: .relaxed) == (round % 3 > 0 ? 10 : 0))
    }
  }

  @Test("a pool of no threads is a bug")
  func misuse() async {
    await #expect(processExitsWith: .failure) { _ = ThreadPool(threadCount: 0) }
  }
}
