/// Where the temporaries of a schedule lie in one block of memory: buffers that are not alive together share bytes.
package struct MemoryPlan: Hashable, Sendable {
  /// The offset in the block of each temporary, by its number in the schedule.
  package private(set) var offsets: [Int: Int] = [:]
  /// The bytes of the block.
  package private(set) var byteCount = 0

  /// The alignment of every buffer in bytes: a cache line.
  private static let alignment = 64

  /// Plans for kernels that run in order: a temporary lives from the kernel that writes it to the last that reads it.
  init(buffers: [Buffer], kernels: [Kernel]) {
    var lastUse: [Int: Int] = [:]
    for (step, kernel) in kernels.enumerated() { for buffer in kernel.buffers { lastUse[buffer] = step } }
    var free: [Range<Int>] = []
    for (step, kernel) in kernels.enumerated() {
      for buffer in kernel.buffers where buffers[buffer].kind == .temporary && offsets[buffer] == nil {
        offsets[buffer] = take(size(of: buffers[buffer]), from: &free)
      }
      for buffer in kernel.buffers where lastUse[buffer] == step {
        guard let offset = offsets[buffer] else { continue }
        give(offset..<(offset + size(of: buffers[buffer])), to: &free)
      }
    }
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
