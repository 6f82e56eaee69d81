import LazyOps
import LazyRuntime
import Synchronization
import Testing

/// Memory that tensors share with others: borrowed, and lent.
@Suite struct TensorMemoryTests {
  /// Memory that counts how often it was given back.
  private final class Owner: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    let releases = Atomic(0)

    init(_ numbers: [Float]) {
      bytes = .allocate(byteCount: Swift.max(numbers.count * 4, 1), alignment: 64)
      numbers.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }

    deinit { bytes.deallocate() }

    var releaseCount: Int { releases.load(ordering: .relaxed) }

    func tensor(_ count: Int, offset: Int = 0) -> Tensor {
      let part = UnsafeRawBufferPointer(rebasing: bytes[offset * 4..<(offset + count) * 4])
      return Tensor(borrowing: part, shape: [count], dtype: .float32) { self.releases.add(1, ordering: .relaxed) }
    }
  }

  @Test func nothingIsCopiedIn() {
    let owner = Owner([1, 2, 3, 4])
    let x = owner.tensor(4)
    #expect(x.isRealized)
    x.withUnsafeBytes { #expect($0.baseAddress == UnsafeRawPointer(owner.bytes.baseAddress!)) }
    #expect(x.floats == [1, 2, 3, 4])
  }

  /// Aligned for a float and no more, as in the middle of a file.
  @Test func kernelsReadElementsAtTheirOwnAlignment() {
    let count = 1000
    let owner = Owner((0...count).map { Float($0) })
    let x = owner.tensor(count, offset: 1)
    #expect((x * 2 + x).floats == (1...count).map { Float($0 * 3) })
    #expect(x.sum().item == Double(count * (count + 1) / 2))
    #expect(x.reshape([10, 100]).matmul(.ones([100, 3])).shape == [10, 3])
  }

  @Test func theMemoryIsGivenBackOnceAfterTheLastReader() {
    let owner = Owner([1, 2, 3])
    do {
      let y: Tensor
      do {
        let x = owner.tensor(3)
        y = x + 1
      }
      #expect(owner.releaseCount == 0)
      #expect(y.floats == [2, 3, 4])
      #expect(owner.releaseCount == 1)
    }
    #expect(owner.releaseCount == 1)
  }

  @Test func theMemoryIsNeverWritten() {
    let owner = Owner([1, 2, 3])
    var x = owner.tensor(3)
    x[0] = Tensor(9.0 as Float)
    x = x + 1
    #expect(x.floats == [10, 3, 4])
    var same = owner.tensor(3).detached().realize()
    same[1] = Tensor(7.0 as Float)
    #expect(same.floats == [1, 7, 3])
    #expect(Array(owner.bytes.bindMemory(to: Float.self)[..<3]) == [1, 2, 3])
  }

  @Test func anOwnerIsKeptAlive() {
    weak var seen: Owner?
    var x: Tensor?
    do {
      let owner = Owner([1, 2])
      seen = owner
      x = Tensor(borrowing: UnsafeRawBufferPointer(owner.bytes), of: owner, shape: [2], dtype: .float32)
    }
    #expect(seen != nil)
    #expect(x?.floats == [1, 2])
    x = nil
    #expect(seen == nil)
  }

  @Test func noElementsNeedNoMemory() {
    let releases = Owner([])
    do {
      let x = Tensor(
        borrowing: UnsafeRawBufferPointer(start: nil, count: 0), shape: [0, 3], dtype: .float64
      ) { releases.releases.add(1, ordering: .relaxed) }
      #expect(x.doubles == [])
    }
    #expect(releases.releaseCount == 1)
  }

  @Test func elementsAreLentAsTheyAre() {
    let x = Tensor([1.5, 2.5])
    #expect(x.withUnsafeElements(as: Float.self) { Array($0) } == [1.5, 2.5])
    #expect((x * 2).withUnsafeElements(as: Float.self) { $0.reduce(0, +) } == 8)
    #expect(Tensor([1, 2]).withUnsafeElements(as: Int.self) { Array($0) } == [1, 2])
    #expect(Tensor([true, false]).withUnsafeElements(as: Bool.self) { Array($0) } == [true, false])
    struct Failure: Error {}
    #expect(throws: Failure.self) { try x.withUnsafeElements(as: Float.self) { _ in throw Failure() } }
  }

  @Test func misuseStops() async {
    var result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let owner = Owner([1, 2])
      _ = Tensor(borrowing: UnsafeRawBufferPointer(owner.bytes), of: owner, shape: [3], dtype: .float32)
    }
    #expect(says(result?.standardErrorContent, "[Tensor] 8 bytes for the 12 of float32[3]"))
    result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let owner = Owner([1, 2, 3])
      let bytes = UnsafeRawBufferPointer(rebasing: owner.bytes[4..<12])
      _ = Tensor(borrowing: bytes, of: owner, shape: [1], dtype: .float64)
    }
    #expect(says(result?.standardErrorContent, "no multiple of 8"))
    result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Tensor([1.0]).withUnsafeElements(as: Double.self) { _ in }
    }
    #expect(says(result?.standardErrorContent, "[withUnsafeElements] Double is laid out as float64"))
  }

  private func says(_ output: [UInt8]?, _ text: String) -> Bool {
    String(decoding: output ?? [], as: UTF8.self).contains(text)
  }
}
