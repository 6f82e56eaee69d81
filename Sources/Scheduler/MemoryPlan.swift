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
    var lastUse: [Int: Int] = [:]
    for (step, kernel) in kernels.enumerated() { for buffer in kernel.buffers { lastUse[homes[buffer]] = step } }
    var free: [Range<Int>] = []
    for (step, kernel) in kernels.enumerated() {
      let own = kernel.buffers.map { homes[$0] }.filter { buffers[$0].kind == .temporary }
      for buffer in own where offsets[buffer] == nil {
        offsets[buffer] = take(size(of: buffers[buffer]), from: &free)
      }
      var isGiven: Set<Int> = []
      for buffer in own where lastUse[buffer] == step && isGiven.insert(buffer).inserted {
        let offset = offsets[buffer]!
        give(offset..<(offset + size(of: buffers[buffer])), to: &free)
      }
    }
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

  private func size(of buffer: Buffer) -> Int {
    (buffer.byteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
  }

  /// Takes the smallest free range that fits, or new bytes at the end.
  private mutating func take(_ size: Int, from free: inout [Range<Int>]) -> Int {
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

  private func give(_ range: Range<Int>, to free: inout [Range<Int>]) {
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
