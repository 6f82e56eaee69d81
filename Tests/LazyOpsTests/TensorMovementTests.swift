import LazyOps
import Testing

@Suite struct TensorMovementTests {
  /// [[0, 1, 2], [3, 4, 5]]
  let x = Tensor.arange(6).reshape(2, 3)

  @Test func reshapes() throws {
    #expect(x.reshape(3, -1).shape == [3, 2])
    #expect(x.reshape([-1]).shape == [6])
    #expect(x.reshape(to: [1, 6]).shape == [1, 6])
    #expect(Tensor.zeros([0, 4]).reshape(4, -1).shape == [4, 0])
    #expect(x.reshape(2, 3).node === x.node, "the same shape is the same tensor")
    #expect(x.flatten().shape == [6])
    #expect(Tensor.zeros([2, 3, 4]).flatten(from: 1).shape == [2, 12])
    #expect(Tensor.zeros([2, 3, 4]).flatten(through: 1).shape == [6, 4])
    #expect(Tensor(1.0).flatten().shape == [1])
    #expect(x.unsqueezed(at: 0).shape == [1, 2, 3])
    #expect(x.unsqueezed(at: -1).shape == [2, 3, 1])
    #expect(x.unsqueezed(at: -2).shape == [2, 1, 3])
    #expect(Tensor.zeros([1, 2, 1]).squeezed().shape == [2])
    #expect(Tensor.zeros([1, 2, 1]).squeezed(at: -1).shape == [1, 2])
  }

  @Test func permutes() throws {
    try expect(x.T, [0, 3, 1, 4, 2, 5], [3, 2])
    #expect(Tensor.zeros([2, 3, 4]).permute(2, 0, 1).shape == [4, 2, 3])
    #expect(Tensor.zeros([2, 3, 4]).permute(-1, 0, 1).shape == [4, 2, 3])
    #expect(Tensor.zeros([2, 3, 4]).transpose(0, -1).shape == [4, 3, 2])
    try expect(Tensor.arange(8).reshape(2, 2, 2).permute(1, 2, 0), [0, 4, 1, 5, 2, 6, 3, 7])
    #expect(x.permute(0, 1).node === x.node)
  }

  @Test func broadcasts() throws {
    try expect(Tensor([1, 2]).broadcast(to: [2, 2]), [1, 2, 1, 2], [2, 2])
    try expect(Tensor(5).broadcast(to: [2]), [5, 5])
    try expect(Tensor([[1], [2]]).broadcast(to: [2, 2]), [1, 1, 2, 2])
  }

  @Test func pads() throws {
    try expect(x.pad([(1, 0), (0, 1)]), [0, 0, 0, 0, 0, 1, 2, 0, 3, 4, 5, 0], [3, 4])
    try expect(Tensor([1.5]).pad([(1, 1)], value: -Double.infinity), [-.infinity, 1.5, -.infinity])
    try expect(x.pad(axis: 1, low: 1, high: 0, value: 9), [9, 0, 1, 2, 9, 3, 4, 5], [2, 4])
    #expect(x.pad([(0, 0), (0, 0)]).node === x.node)
  }

  @Test func selectsRegions() throws {
    try expect(x.shrink([1..<2, 0..<2]), [3, 4], [1, 2])
    try expect(x.flip(), [5, 4, 3, 2, 1, 0], [2, 3])
    try expect(x.flip(axes: [-1]), [2, 1, 0, 5, 4, 3])
    try expect(x.stride([1, 2]), [0, 2, 3, 5], [2, 2])
    try expect(Tensor.arange(6).stride([-4]), [5, 1])
    #expect(Tensor.zeros([0]).flip().shape == [0])
  }

  @Test func repeats() throws {
    try expect(Tensor([1, 2]).tile([3]), [1, 2, 1, 2, 1, 2])
    try expect(Tensor([[1, 2]]).tile([2, 2]), [1, 2, 1, 2, 1, 2, 1, 2], [2, 4])
    try expect(x.repeated(2, axis: 1), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [2, 6])
    try expect(x.repeated(2, axis: 0), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5], [4, 3])
    try expect(Tensor.arange(4).roll(1, axis: 0), [3, 0, 1, 2])
    try expect(Tensor.arange(4).roll(-5, axis: 0), [1, 2, 3, 0])
    #expect(x.roll(3, axis: 1).node === x.node)
  }

  @Test func windows() throws {
    try expect(Tensor.arange(5).window(axis: 0, size: 3), [0, 1, 2, 1, 2, 3, 2, 3, 4], [3, 3])
    try expect(Tensor.arange(7).window(axis: 0, size: 2, stride: 2, dilation: 3), [0, 3, 2, 5], [2, 2])
    #expect(Tensor.zeros([4, 8, 2]).window(axis: 1, size: 4, stride: 4).shape == [4, 2, 2, 4])
  }

  @Test func joins() throws {
    try expect(.concatenate([x, x[0..<1]]), [0, 1, 2, 3, 4, 5, 0, 1, 2], [3, 3])
    try expect(
      .concatenate([x, Tensor([[0.5], [1.5]])], axis: -1), [0, 1, 2, 0.5, 3, 4, 5, 1.5], [2, 4], dtype: .float32)
    try expect(.stack([x[0], x[1]]), [0, 1, 2, 3, 4, 5], [2, 3])
    try expect(.stack([x[0], x[1]], axis: -1), [0, 3, 1, 4, 2, 5], [3, 2])
    #expect(x.split([1, 2], axis: 1).map(\.shape) == [[2, 1], [2, 2]])
    try expect(x.split([1, 2], axis: 1)[1], [1, 2, 4, 5])
    #expect(Tensor.arange(7).chunk(3).map(\.shape) == [[3], [3], [1]])
    #expect(Tensor.arange(4).chunk(3).map(\.shape) == [[2], [2]])
  }

  @Test func diagonals() throws {
    try expect(x.diagonal(), [0, 4], [2])
    try expect(x.T.diagonal(), [0, 4], [2])
    try expect(Tensor.arange(8).reshape(2, 2, 2).diagonal(), [0, 3, 4, 7], [2, 2])
  }

  @Test func misuse() async {
    let reshape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).reshape(4, -1)
    }
    #expect(says(reshape?.standardErrorContent ?? [], "[reshape] [2, 3] does not reshape to [4, -1]"))
    let axis = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).transpose(0, 2)
    }
    #expect(says(axis?.standardErrorContent ?? [], "[transpose] axis 2 is out of range for shape [2, 3]"))
    let join = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.concatenate([.zeros([2, 3]), .zeros([2, 4])])
    }
    #expect(says(join?.standardErrorContent ?? [], "[concatenate] shapes differ elsewhere than on axis 0"))
  }
}
