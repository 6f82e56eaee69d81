import Swiftlet

/// A graph that can be drawn by its name.
struct BuiltInGraph {
  let name: String
  let summary: String
  /// Builds the graph and returns the tensors that are asked for.
  let make: () -> [Tensor]

  /// What is drawn where no name is given.
  static let standard = "mlp-training-step"

  /// The graphs, from the simplest on.
  static var all: [BuiltInGraph] {
    [
      .init(name: "elementwise-chain", summary: "ten elementwise ops after each other", make: elementwiseChain),
      .init(name: "softmax", summary: "softmax over the last axis", make: softmax),
      .init(name: "layer-norm", summary: "layer norm with weight and bias", make: layerNorm),
      .init(name: "matmul-gelu", summary: "matrix product, bias and GELU", make: matmulGELU),
      .init(name: "attention", summary: "causal self-attention of four heads", make: attention),
      .init(name: standard, summary: "784-128-10 perceptron: loss, gradients and Adam", make: mlpTrainingStep),
      .init(
        name: "convnet-training-step", summary: "two convolutions with pooling: loss, gradients and SGD",
        make: convnetTrainingStep),
    ]
  }

  /// The names with their summaries, a line each.
  static var list: String {
    let width = all.map(\.name.count).max() ?? 0
    return all.map { graph in
      graph.name + String(repeating: " ", count: width - graph.name.count + 2) + graph.summary + "\n"
    }.joined()
  }
}

/// Returns a tensor in memory, as data and parameters are; only its shape matters here.
func input(_ extents: Int...) -> Tensor {
  let shape = Shape(extents)
  return Tensor(shape: shape, [Float](repeating: 0, count: shape.elementCount))
}

/// Returns class numbers in memory.
func classes(_ count: Int) -> Tensor { Tensor(shape: [count], [Int](repeating: 0, count: count)) }
