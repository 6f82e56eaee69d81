import LazyOps
import LazyScheduler
import Testing

/// Checkpoints bring down the memory that a training step needs at once.
@Suite struct CheckpointMemoryTests {
  private static func leaf(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, [Float](repeating: 0.01, count: shape.elementCount))
  }

  /// Schedules the loss of a stack and the gradients of its weights.
  private static func schedule(
    depth: Int, _ x: Tensor, _ checkpoints: Bool, weights shapes: [Shape], _ block: (Tensor, [Tensor]) -> Tensor
  ) -> Schedule {
    var y = x
    var all: [Tensor] = []
    for _ in 0..<depth {
      let weights = shapes.map(leaf)
      all += weights
      y = checkpoints ? Tensor.checkpoint(y) { block($0, weights) } : block(y, weights)
    }
    let loss = (y * y).mean()
    let schedule = Schedule(Graph.snapshot(of: ([loss] + loss.gradients(with: all)).map(\.node)).graph)
    schedule.verify()
    return schedule
  }

  /// Three layers a block: 3 activations of a block are kept without checkpoints, 1 with.
  private static func perceptron(depth: Int, checkpoints: Bool) -> Schedule {
    schedule(depth: depth, leaf([512, 64]), checkpoints, weights: [[64, 256], [256, 256], [256, 64]]) { x, weights in
      weights.reduce(x) { $0.matmul($1).tanh() } + x
    }
  }

  private static func transformer(depth: Int, checkpoints: Bool) -> Schedule {
    let shapes: [Shape] = [[64, 192], [64, 64], [64, 256], [256, 64]]
    return schedule(depth: depth, leaf([4, 64, 64]), checkpoints, weights: shapes) { x, weights in
      let parts = x.layerNorm(axes: [-1]).matmul(weights[0])
      let heads: [Tensor] = (0..<3).map { part in
        parts[..., (64 * part)..<(64 * part + 64)].reshape([4, 64, 4, 16]).transpose(1, 2)
      }
      let scores = (heads[0].matmul(heads[1].transpose(-2, -1)) * 0.25).softmax(axis: -1).dropout(0.1)
      let mixed = scores.matmul(heads[2]).transpose(1, 2).reshape([4, 64, 64])
      let attended = x + mixed.matmul(weights[1])
      return attended + attended.layerNorm(axes: [-1]).matmul(weights[2]).gelu().matmul(weights[3])
    }
  }

  @Test func deepPerceptron() {
    let (plain, again) = (Self.perceptron(depth: 16, checkpoints: false), Self.perceptron(depth: 16, checkpoints: true))
    #expect(again.memory.byteCount * 5 < plain.memory.byteCount * 2)
    // Each layer is computed a second time, and nothing else is new.
    #expect(again.kernels.count <= plain.kernels.count + 3 * 16)
  }

  /// Weights' gradients are computed as the backward pass comes by, so that only activations are kept for it.
  @Test func gradientsAreNotKeptWaiting() {
    let activations = 16 * 512 * (256 + 256 + 64) * 4
    #expect(Self.perceptron(depth: 16, checkpoints: false).memory.byteCount <= activations + 3 << 20)
  }

  @Test func transformerStack() {
    let (plain, again) = (Self.transformer(depth: 8, checkpoints: false), Self.transformer(depth: 8, checkpoints: true))
    #expect(again.memory.byteCount * 5 < plain.memory.byteCount * 2)
  }

  /// Only the tensors between blocks are kept longer in a deeper stack.
  @Test func memoryGrowsByBlockInputs() {
    let (shallow, deep) = (Self.perceptron(depth: 8, checkpoints: true), Self.perceptron(depth: 16, checkpoints: true))
    let blockInput = 512 * 64 * 4
    #expect(deep.memory.byteCount - shallow.memory.byteCount <= 8 * blockInput + 64 * 1024)
  }
}
