import LazyOps
import LazyRuntime
import Testing

/// Captured functions write over what is in the cells they assign, where nobody else holds it.
@Suite struct CapturedInPlaceTests {
  private func address(_ x: Tensor) -> UnsafeRawPointer? { x.withUnsafeBytes { $0.baseAddress } }

  private func cell(_ values: [Float]) -> TensorCell {
    let cell = TensorCell(Tensor(shape: [values.count], values) + 0)
    cell.value.realize()
    return cell
  }

  private func pair(_ first: Int) -> [Float] { [Float(first), Float(first + 1)] }

  @Test func aCellKeepsItsMemory() {
    let counter = cell([1, 2, 3])
    let place = address(counter.value)
    let step = compiled { (x: Tensor) -> () in counter.value = counter.value * x + 1 }
    for call in 1...5 {
      step(Tensor([2.0]))
      let expected = Float((2 << call) - 1)
      #expect(counter.value.floats[0] == expected)
      #expect(address(counter.value) == place, "call \(call)")
    }
  }

  @Test func whatSomebodyHoldsStaysAsItIs() {
    let counter = cell([1, 2])
    let step = compiled { () -> Tensor in
      counter.value = counter.value + 1
      return counter.value * 10
    }
    var held: [Tensor] = []
    for call in 1...5 {
      held.append(counter.value)
      #expect(step().floats.map { $0 / 10 } == pair(call + 1))
    }
    for (call, tensor) in held.enumerated() { #expect(tensor.floats == pair(call + 1)) }
  }

  @Test func aReturnedValueIsNotWrittenOver() {
    let counter = cell([1, 2])
    let step = compiled { () -> (Tensor, Tensor) in
      let old = counter.value
      counter.value = old + 1
      return (old, counter.value)
    }
    var all: [(Tensor, Tensor)] = []
    for _ in 0..<4 { all.append(step()) }
    for (call, (old, new)) in all.enumerated() {
      #expect(old.floats == pair(call + 1))
      #expect(new.floats == pair(call + 2))
    }
  }

  @Test func cellsThatChangePlaces() {
    let (a, b) = (cell([1, 2]), cell([3, 4]))
    let step = compiled { () -> () in TensorCell.assign([(a, b.value + 0), (b, a.value + 10)]) }
    var expected: ([Float], [Float]) = ([1, 2], [3, 4])
    for _ in 0..<5 {
      step()
      expected = (expected.1, expected.0.map { $0 + 10 })
      #expect(a.value.floats == expected.0 && b.value.floats == expected.1)
    }
    let swap = compiled { () -> () in TensorCell.assign([(a, b.value), (b, a.value)]) }
    for _ in 0..<3 {
      swap()
      expected = (expected.1, expected.0)
      #expect(a.value.floats == expected.0 && b.value.floats == expected.1)
    }
  }

  @Test func readersOfTheOldValueComeFirst() {
    let (total, row) = (cell([1, 2, 3, 4]), cell([0, 0, 0, 0]))
    let step = compiled { (x: Tensor) -> Tensor in
      let old = total.value
      let mean = old.mean()
      TensorCell.assign([(total, old + x), (row, old.flip(axes: [0]) + row.value)], computing: [mean])
      return mean
    }
    var (values, rows): ([Float], [Float]) = ([1, 2, 3, 4], [0, 0, 0, 0])
    for _ in 0..<5 {
      let mean = Double(values.reduce(0, +)) / 4
      #expect(step(Tensor([1.0])).item == mean)
      rows = zip(values.reversed(), rows).map { $0 + $1 }
      values = values.map { $0 + 1 }
      #expect(total.value.floats == values && row.value.floats == rows)
    }
  }

  @Test func rowsAtARunTimePosition() {
    let table = TensorCell(Tensor.zeros([64, 8]) + 0)
    let place = address(table.value)
    let write = compiled { (row: Tensor, position: Tensor) -> () in
      var rows = table.value
      rows[position] = row
      table.value = rows
    }
    for position in 0..<8 { write(Tensor([Float](repeating: Float(position), count: 8)), position) }
    #expect(address(table.value) == place)
    let expected: [Float] = (0..<512).map { $0 < 64 ? Float($0 / 8) : 0 }
    #expect(table.value.floats == expected)
  }

  @Test func aCallThatFailsLosesNothing() {
    let table = cell([1, 2, 3])
    let step = compiled { (index: Tensor) -> Tensor in
      let old = table.value
      let picked = old.take(index)
      TensorCell.assign([(table, old * 2)], computing: [picked])
      return picked
    }
    var values: [Float] = [1, 2, 3]
    for index in [0, 5, 1, 2, 7, 0, -1, 2] {
      if 0..<3 ~= index {
        #expect((try? step.tryCall(Tensor([index])).floats) == [values[index]])
        values = values.map { $0 * 2 }
      } else {
        #expect(throws: IndexOutOfRange.self) { try step.tryCall(Tensor([index])) }
      }
      #expect(table.value.floats == values)
    }
  }

  @Test func borrowedMemoryIsNeverWritten() {
    nonisolated(unsafe) let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 4)
    bytes.storeBytes(of: 1, toByteOffset: 0, as: Float.self)
    bytes.storeBytes(of: 2, toByteOffset: 4, as: Float.self)
    let owned = TensorCell(
      Tensor(borrowing: UnsafeRawBufferPointer(bytes), shape: [2], dtype: .float32) { bytes.deallocate() })
    let original = owned.value
    let step = compiled { () -> () in owned.value = owned.value + 1 }
    for _ in 0..<4 { step() }
    #expect(owned.value.floats == [5, 6] && original.floats == [1, 2])
  }

  @Test func whatTheBodyGivesAwayHasItsElements() {
    let counter = cell([1, 2])
    var given: [Tensor] = []
    let step = compiled { (x: Tensor) -> Tensor in
      let y = (x + counter.value).realize()
      counter.value = y * 2
      given += [y, counter.value]
      return y.sum()
    }
    #expect(step(Tensor([1.0, 1])).item == 5)
    #expect(given.map(\.floats) == [[2, 3], [4, 6]])
    #expect(step(Tensor([1.0, 1])).item == 12)
    #expect(given.map(\.floats) == [[2, 3], [4, 6], [5, 7], [10, 14]])
    for _ in 0..<2 { step(Tensor([0.0, 0])) }
    #expect(counter.value.floats == [40, 56])
    #expect(given.map(\.floats) == [[2, 3], [4, 6], [5, 7], [10, 14]])
  }

  @Test func aBodyThatThrowsChangesNothing() {
    struct Refusal: Error {}
    let counter = cell([1, 2])
    var refuses = true
    let step = compiled { (x: Tensor) throws -> Tensor in
      counter.value = counter.value + x
      if refuses { throw Refusal() }
      return counter.value.sum()
    }
    #expect(throws: Refusal.self) { try step.tryCall(Tensor([1.0, 1])) }
    #expect(counter.value.floats == [1, 2])
    refuses = false
    for call in 1...4 { #expect(step(Tensor([1.0, 1])).ints == [3 + 2 * call]) }
  }

  @Test func whatAFailedCallMadeIsNotRead() async {
    struct Refusal: Error {}
    await #expect(processExitsWith: .failure) {
      var made: [Tensor] = []
      let step = compiled { (x: Tensor) throws -> Tensor in
        made.append((x + 1).realize())
        throw Refusal()
      }
      _ = try? step.tryCall(Tensor([1.0, 1]))
      if made.count == 1 { _ = made[0].floats }
    }
  }

  @Test func lookUpsBeforeDoNotKeepATableFromBeingWrittenOver() {
    let table = TensorCell(Tensor(shape: [4, 8], (0..<32).map { Float($0) }) + 0)
    let place = address(table.value)
    let step = compiled { (ids: Tensor) -> Tensor in
      let old = table.value
      let loss = old.take(ids).square().sum()
      TensorCell.assign([(table, (old - loss.gradients(with: [old])[0] * 0.25).detached())], computing: [loss])
      return loss
    }
    var values = (0..<32).map { Float($0) }
    for ids in [[0, 1], [3, 3], [1, 2], [0, 0]] {
      step(Tensor(ids))
      var changed = values
      for id in ids { for column in 0..<8 { changed[id * 8 + column] -= values[id * 8 + column] / 2 } }
      values = changed
      #expect(table.value.floats == values)
    }
    #expect(address(table.value) == place)
  }
}
