/// Where the temporaries of a schedule lie in one block of memory: buffers that are not alive together share bytes.
package struct MemoryPlan: Hashable, Sendable {
  /// The offset in the block of each temporary, by its number in the schedule.
  package private(set) var offsets: [Int: Int] = [:]
  /// The bytes of the block.
  package private(set) var byteCount = 0

  /// The alignment of every buffer in bytes: a cache line.
  private static let alignment = 64

  /// For each buffer, the one in whose memory it lies: itself, or another of those that take over from each other.
  package private(set) var homes: [Int] = []

  /// Creates the plan of a schedule without buffers.
  init() {}

  /// Plans for kernels that run in order: a temporary lives from the kernel that writes it to the last that reads it, or
  /// what has taken it over.
  init(buffers: [Buffer], kernels: [Kernel]) {
    homes = MemoryPlan.homes(buffers)
    var lives: [Life] = []
    var numbers: [Int: Int] = [:]
    for (step, kernel) in kernels.enumerated() {
      for buffer in kernel.buffers.map({ homes[$0] }) where buffers[buffer].kind == .temporary {
        if let number = numbers[buffer] {
          lives[number].last = step
        } else {
          numbers[buffer] = lives.count
          lives.append(Life(buffer: buffer, size: MemoryPlan.size(of: buffers[buffer]), first: step, last: step))
        }
      }
    }
    let inOrder = MemoryPlan.bestFit(lives, steps: kernels.count)
    let bySize = lives.count <= MemoryPlan.sortedLimit ? MemoryPlan.largestFirst(lives) : inOrder
    let best = bySize.byteCount < inOrder.byteCount ? bySize : inOrder
    for (life, offset) in zip(lives, best.offsets) { offsets[life.buffer] = offset }
    byteCount = best.byteCount
  }

  /// A temporary from the kernel that writes it to the last that touches it.
  private struct Life {
    let buffer: Int
    let size: Int
    let first: Int
    var last: Int
  }

  /// So many temporaries are placed by size too: that takes the square of their number in time.
  private static let sortedLimit = 1024

  /// Places lives, which come in the order of their beginnings, where the smallest gap is that fits at that time.
  private static func bestFit(_ lives: [Life], steps: Int) -> (offsets: [Int], byteCount: Int) {
    var ending = [[Int]](repeating: [], count: steps)
    for (number, life) in lives.enumerated() { ending[life.last].append(number) }
    var offsets: [Int] = []
    var byteCount = 0
    var free: [Range<Int>] = []
    var step = 0
    for life in lives {
      while step < life.first {
        for ended in ending[step] { give(offsets[ended]..<(offsets[ended] + lives[ended].size), to: &free) }
        step += 1
      }
      offsets.append(take(life.size, from: &free, &byteCount))
    }
    return (offsets, byteCount)
  }

  /// Places lives, the largest first, each at the lowest offset where nothing lies that is alive at the same time.
  private static func largestFirst(_ lives: [Life]) -> (offsets: [Int], byteCount: Int) {
    var offsets = [Int](repeating: 0, count: lives.count)
    var byteCount = 0
    var placed: [Int] = []
    for number in lives.indices.sorted(by: { (lives[$1].size, $0) < (lives[$0].size, $1) }) {
      let life = lives[number]
      var offset = 0
      for other in placed where lives[other].first <= life.last && life.first <= lives[other].last {
        if offsets[other] - offset >= life.size { break }
        offset = Swift.max(offset, offsets[other] + lives[other].size)
      }
      offsets[number] = offset
      byteCount = Swift.max(byteCount, offset + life.size)
      placed.insert(number, at: placed.firstIndex { offsets[$0] > offset } ?? placed.count)
    }
    return (offsets, byteCount)
  }

  /// Of buffers that take over from each other, the first one's memory serves if it is a leaf, the last one's if that is
  /// an output, and else that of the first.
  private static func homes(_ buffers: [Buffer]) -> [Int] {
    var next = [Int?](repeating: nil, count: buffers.count)
    for (number, buffer) in buffers.enumerated() { if let over = buffer.over { next[over] = number } }
    var homes = Array(buffers.indices)
    for first in buffers.indices where buffers[first].over == nil && next[first] != nil {
      let chain = Array(sequence(first: first) { next[$0] })
      let last = chain[chain.count - 1]
      let home = if case .leaf = buffers[first].kind { first } else { buffers[last].kind == .output ? last : first }
      for buffer in chain { homes[buffer] = home }
    }
    return homes
  }

  private static func size(of buffer: Buffer) -> Int {
    (buffer.byteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
  }

  /// Takes the smallest free range that fits, or new bytes at the end.
  private static func take(_ size: Int, from free: inout [Range<Int>], _ byteCount: inout Int) -> Int {
    if let best = free.indices.filter({ free[$0].count >= size }).min(by: { free[$0].count < free[$1].count }) {
      let range = free[best]
      if range.count > size {
        free[best] = (range.lowerBound + size)..<range.upperBound
      } else {
        free.remove(at: best)
      }
      return range.lowerBound
    }
    defer { byteCount += size }
    return byteCount
  }

  private static func give(_ range: Range<Int>, to free: inout [Range<Int>]) {
    guard !range.isEmpty else { return }
    var range = range
    for neighbour in free.indices.reversed()
    where free[neighbour].upperBound == range.lowerBound || free[neighbour].lowerBound == range.upperBound {
      let other = free.remove(at: neighbour)
      range = Swift.min(range.lowerBound, other.lowerBound)..<Swift.max(range.upperBound, other.upperBound)
    }
    free.append(range)
  }
}
