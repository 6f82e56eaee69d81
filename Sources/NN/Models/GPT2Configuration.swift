public import LazyOps

extension GPT2 {
  /// How large a model is.
  public struct Configuration: Hashable, Sendable {
    /// The number of token ids.
    public var vocabulary: Int
    /// The most tokens that are looked at together.
    public var context: Int
    /// The numbers that stand for a token between layers.
    public var width: Int
    /// The number of blocks.
    public var layers: Int
    /// The parts the width is split into for attention.
    public var heads: Int

    /// Creates a configuration; `heads` divides `width`.
    public init(vocabulary: Int = 50_257, context: Int = 1024, width: Int, layers: Int, heads: Int) {
      Tensor.require(
        vocabulary > 0 && context > 0 && width > 0 && layers > 0 && heads > 0 && width % heads == 0, "GPT2",
        "a model of vocabulary \(vocabulary), context \(context), width \(width), \(layers) layers and \(heads) heads: "
          + "all are positive, and the heads divide the width")
      self.vocabulary = vocabulary
      self.context = context
      self.width = width
      self.layers = layers
      self.heads = heads
    }

    /// 124 million parameters.
    public static let small = Configuration(width: 768, layers: 12, heads: 12)
    /// 355 million parameters.
    public static let medium = Configuration(width: 1024, layers: 24, heads: 16)
    /// 774 million parameters.
    public static let large = Configuration(width: 1280, layers: 36, heads: 20)
    /// 1,558 million parameters.
    public static let xl = Configuration(width: 1600, layers: 48, heads: 25)

    /// The sizes that were published, by the names they go by.
    public static let named: [(names: [String], configuration: Configuration)] = [
      (["gpt2", "124M", "small"], small), (["gpt2-medium", "355M", "medium"], medium),
      (["gpt2-large", "774M", "large"], large), (["gpt2-xl", "1558M", "xl"], xl),
    ]

    /// Creates a configuration from one of the names in `named`; nil for any other.
    public init?(named name: String) {
      guard let known = Configuration.named.first(where: { $0.names.contains(name) }) else { return nil }
      self = known.configuration
    }

    /// Creates the configuration of a model from its weights, named as in Hugging Face's files; nil where these are not
    /// GPT-2's. Every published size has heads of 64.
    public init?(huggingFace weights: [String: Tensor]) {
      let names = Set(weights.keys.map(GPT2.withoutPrefix))
      func shape(_ name: String) -> Shape? { (weights[name] ?? weights[GPT2.prefix + name])?.shape }
      guard let tokens = shape("wte.weight"), let positions = shape("wpe.weight"), tokens.rank == 2,
        positions.rank == 2, tokens.elementCount > 0, positions[0] > 0
      else { return nil }
      var layers = 0
      while names.contains("h.\(layers).ln_1.weight") { layers += 1 }
      let size = 64
      guard layers > 0, tokens[1] % size == 0 else { return nil }
      self.init(
        vocabulary: tokens[0], context: positions[0], width: tokens[1], layers: layers, heads: tokens[1] / size)
    }

    /// The number of a model's parameters.
    public var parameterCount: Int {
      // Two norms; attention's two projections and the perceptron's two, with their biases.
      let block = 4 * width + (4 * width * width + 4 * width) + (8 * width * width + 5 * width)
      return (vocabulary + context) * width + layers * block + 2 * width
    }

    /// The numbers of a head.
    var headWidth: Int { width / heads }
  }
}
