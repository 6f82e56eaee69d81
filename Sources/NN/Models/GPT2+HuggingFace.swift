public import LazyOps

extension GPT2 {
  /// Creates a model from weights named as in Hugging Face's files, of the size they have.
  ///
  /// - Parameter dtype: what the weights are converted to; nil leaves them as they are, and their memory shared.
  /// - Throws: `StateDictionaryError`.
  public init(huggingFace weights: [String: Tensor], dtype: DType? = nil) throws(StateDictionaryError) {
    guard let configuration = Configuration(huggingFace: weights) else {
      var error = StateDictionaryError()
      error.missing = ["wte.weight", "wpe.weight", "h.0.ln_1.weight"]
      throw error
    }
    let kind = dtype ?? weights.first { GPT2.withoutPrefix($0.key) == "wte.weight" }!.value.dtype
    Tensor.require(kind.isFloatingPoint, "GPT2", "weights are floating point, not \(kind)")
    self.init(configuration, dtype: kind)
    try load(huggingFace: weights)
  }

  /// Assigns all weights from those in one of Hugging Face's files, with or without the prefix `transformer.`; all or, if
  /// it throws, none. What such files hold beside weights is passed over: the causal masks, and the output layer, which is
  /// the table of tokens.
  ///
  /// - Throws: `StateDictionaryError`.
  public func load(huggingFace weights: [String: Tensor]) throws(StateDictionaryError) {
    var own: [String: Tensor] = [:]
    for (name, value) in weights {
      let name = GPT2.withoutPrefix(name)
      if name == "lm_head.weight" || name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias") { continue }
      own[GPT2.renamed(name, \.theirs, \.ours)] = value
    }
    try load(stateDictionary: own)
  }

  /// The weights by the names of Hugging Face's files.
  public func huggingFaceStateDictionary() -> [String: Tensor] {
    let own = stateDictionary().map { (GPT2.renamed($0.key, \.ours, \.theirs), $0.value) }
    return Dictionary(uniqueKeysWithValues: own)
  }

  /// What precedes names in files of a model with an output layer.
  static let prefix = "transformer."

  static func withoutPrefix(_ name: String) -> String { String(name.trimmingPrefix(prefix)) }

  /// The parts of names that are spelled otherwise.
  private static let spellings: [(ours: Substring, theirs: Substring)] = [
    ("ln1", "ln_1"), ("ln2", "ln_2"), ("lnF", "ln_f"), ("cAttn", "c_attn"), ("cFc", "c_fc"), ("cProj", "c_proj"),
  ]

  private static func renamed(
    _ name: String, _ from: KeyPath<(ours: Substring, theirs: Substring), Substring>,
    _ to: KeyPath<(ours: Substring, theirs: Substring), Substring>
  ) -> String {
    name.split(separator: ".", omittingEmptySubsequences: false).map { part in
      spellings.first { $0[keyPath: from] == part }?[keyPath: to] ?? part
    }.joined(separator: ".")
  }
}
