public import LazyOps

/// The language model of A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019: blocks of causal
/// attention and a perceptron, each behind a layer norm, between a table of token vectors and the same table again.
///
///     let model = GPT2(.small)
///     let loss = model(ids).reshape(-1, 50_257).crossEntropy(next.flatten())
///
/// Weights are those of Hugging Face's files in shape, and in name but for the spelling: `load(huggingFace:)`. They may be
/// 16-bit floating point; all that is computed with them is `float32`.
public struct GPT2: Module, Sendable {
  /// How large the model is.
  public let configuration: Configuration
  /// A vector for each token; also what turns vectors into tokens again.
  public let wte: Embedding
  /// A vector for each position.
  public let wpe: Embedding
  /// The blocks.
  public let h: [Block]
  /// The norm behind the last block.
  public let lnF: LayerNorm

  /// Creates a model with random weights: as the paper's, normal with deviation 0.02, and for the two projections of each
  /// block that are added to its input smaller by the root of how many of them there are.
  public init(
    _ configuration: Configuration = .small, dtype: DType = .float32, using generator: RandomGenerator = .global
  ) {
    Tensor.require(dtype.isFloatingPoint, "GPT2", "weights are floating point, not \(dtype)")
    func weight(_ shape: Shape, deviation: Double = 0.02) -> Tensor {
      Tensor.normal(shape, standardDeviation: deviation, using: generator).cast(to: dtype)
    }
    self.configuration = configuration
    let width = configuration.width
    wte = Embedding(weight: weight([configuration.vocabulary, width]))
    wpe = Embedding(weight: weight([configuration.context, width]))
    let residual = 0.02 / Double(2 * configuration.layers).squareRoot()
    h = (0..<configuration.layers).map { _ in
      Block(
        ln1: LayerNorm(width, dtype: dtype),
        attn: Attention(
          heads: configuration.heads, cAttn: Projection(weight([width, 3 * width])),
          cProj: Projection(weight([width, width], deviation: residual))),
        ln2: LayerNorm(width, dtype: dtype),
        mlp: Perceptron(
          cFc: Projection(weight([width, 4 * width])),
          cProj: Projection(weight([4 * width, width], deviation: residual))))
    }
    lnF = LayerNorm(width, dtype: dtype)
  }

  /// Returns for each position how likely each token comes next, as logits. ids: integers [batch, tokens] -> [batch,
  /// tokens, vocabulary]
  public func callAsFunction(_ ids: Tensor) -> Tensor { logits(features(ids)) }

  /// Returns what the last norm makes of each position. ids: integers [batch, tokens] -> [batch, tokens, width]
  public func features(_ ids: Tensor) -> Tensor {
    Tensor.require(
      ids.rank == 2 && ids.shape[1] <= configuration.context, "GPT2",
      "ids are of shape \(ids.shape), not [batch, tokens] of at most \(configuration.context) tokens")
    return lnF(h.reduce(embedded(ids, positions: wpe.weight()[0..<ids.shape[1]])) { $1($0) })
  }

  /// Returns the logits of each token for features. [..., width] -> [..., vocabulary]
  public func logits(_ features: Tensor) -> Tensor { features.linear(wte.weight()) }

  /// Returns the mean loss of predicting `targets`, which are integers of the shape of `ids`.
  public func loss(_ ids: Tensor, _ targets: Tensor) -> Tensor {
    self(ids).reshape(-1, configuration.vocabulary).crossEntropy(targets.flatten())
  }

  /// Returns the sum of the tokens' vectors and the positions', in `float32` if the weights are narrower.
  func embedded(_ ids: Tensor, positions: Tensor) -> Tensor {
    func wide(_ x: Tensor) -> Tensor { x.dtype == .float64 ? x : x.cast(to: .float32) }
    return wide(wte(ids)) + wide(positions)
  }
}

extension GPT2 {
  /// A block: what attention and a perceptron make of the normalized input is added to it.
  public struct Block: Layer, Sendable {
    /// The norm before attention.
    public let ln1: LayerNorm
    /// What lets each position look at those before it.
    public let attn: Attention
    /// The norm before the perceptron.
    public let ln2: LayerNorm
    /// What works on each position alone.
    public let mlp: Perceptron

    /// Returns the block's output. [batch, tokens, width] -> the same shape
    public func callAsFunction(_ x: Tensor) -> Tensor {
      let x = x + attn(ln1(x))
      return x + mlp(ln2(x))
    }
  }

  /// Causal attention of several heads.
  public struct Attention: Layer, Sendable {
    /// The parts the width is split into.
    public let heads: Int
    /// What makes queries, keys and values, side by side.
    public let cAttn: Projection
    /// What is made of the heads' answers, side by side.
    public let cProj: Projection

    /// Returns for each position what it finds at those up to it. [batch, tokens, width] -> the same shape
    public func callAsFunction(_ x: Tensor) -> Tensor {
      let (query, key, value) = split(x)
      return joined(Tensor.scaledDotProductAttention(query, key, value, isCausal: true))
    }

    /// Returns queries, keys and values by heads. [batch, tokens, width] -> three of [batch, heads, tokens, width / heads]
    func split(_ x: Tensor) -> (query: Tensor, key: Tensor, value: Tensor) {
      let parts = cAttn(x).chunk(3, axis: -1).map { part in
        part.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)
      }
      return (parts[0], parts[1], parts[2])
    }

    /// Returns what is made of the heads' answers. [batch, heads, tokens, width / heads] -> [batch, tokens, width]
    func joined(_ answers: Tensor) -> Tensor {
      let shape = answers.shape
      return cProj(answers.transpose(1, 2).reshape(shape[0], shape[2], shape[1] * shape[3]))
    }
  }

  /// Two layers with GELU between them, four times as wide in the middle.
  public struct Perceptron: Layer, Sendable {
    /// What widens.
    public let cFc: Projection
    /// What narrows.
    public let cProj: Projection

    /// Returns the output for each position. [..., width] -> [..., width]
    public func callAsFunction(_ x: Tensor) -> Tensor { cProj(cFc(x).geluTanh()) }
  }

  /// A linear layer whose weight is [in, out], as GPT-2's files have it: x weight + bias.
  public struct Projection: Layer, Sendable {
    /// [in, out]
    public let weight: Parameter
    /// [out]
    public let bias: Parameter

    /// Creates a layer whose bias is 0.
    init(_ weight: Tensor) {
      self.weight = Parameter(weight)
      bias = Parameter(.zeros([weight.shape[1]], dtype: weight.dtype))
    }

    /// Returns x weight + bias. [..., in] -> [..., out]
    public func callAsFunction(_ x: Tensor) -> Tensor { x.matmul(weight()) + bias() }
  }
}
