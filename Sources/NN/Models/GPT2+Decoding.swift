public import LazyOps
import LazyRuntime

extension GPT2 {
  /// What attention remembers of the tokens that have been read, so that each is computed once.
  ///
  /// It has room for a fixed number of tokens. A step looks at as many as there are, which is a run-time length: one
  /// compiled plan serves all of them.
  public struct Cache: Sendable {
    /// The most tokens there is room for.
    public let capacity: Int
    /// For each block the keys and the values, [batch, heads, capacity, width / heads].
    let layers: [(keys: TensorCell, values: TensorCell)]

    /// Creates an empty cache for as many tokens as the model's context unless given.
    public init(_ configuration: Configuration, batch: Int = 1, capacity: Int? = nil, dtype: DType = .float32) {
      let capacity = capacity ?? configuration.context
      Tensor.require(
        batch > 0 && 1...configuration.context ~= capacity, "GPT2",
        "a cache for \(batch) texts of \(capacity) tokens; there is at least one, of at most \(configuration.context)")
      self.capacity = capacity
      let shape: Shape = [batch, configuration.heads, capacity, configuration.headWidth]
      layers = (0..<configuration.layers).map { _ in
        (TensorCell(.zeros(shape, dtype: dtype)), TensorCell(.zeros(shape, dtype: dtype)))
      }
      Tensor.realize(cells.map(\.value))
    }

    private var cells: [TensorCell] { layers.flatMap { [$0.keys, $0.values] } }
  }

  /// Reads the first tokens of texts into a cache and returns the logits of what comes after one of them. ids: integers
  /// [batch, tokens] -> [batch, vocabulary]
  ///
  /// - Parameter last: the number of that token, the last one unless given: texts may be filled up to a common length.
  public func prefill(_ ids: Tensor, last: Tensor? = nil, into cache: Cache) -> Tensor {
    let tokens = ids.shape[ids.rank - 1]
    Tensor.require(
      ids.rank == 2 && 1...cache.capacity ~= tokens, "GPT2",
      "ids are of shape \(ids.shape), not [batch, tokens] of at most \(cache.capacity) tokens")
    var x = embedded(ids, positions: wpe.weight()[0..<tokens])
    var values: [(cell: TensorCell, value: Tensor)] = []
    for (block, remembered) in zip(h, cache.layers) {
      let (query, key, value) = block.attn.split(block.ln1(x))
      x = x + block.attn.joined(Tensor.scaledDotProductAttention(query, key, value, isCausal: true))
      x = x + block.mlp(block.ln2(x))
      for (cell, new) in [(remembered.keys, key), (remembered.values, value)] {
        var whole = cell.value
        whole[0..., 0..., 0..<tokens] = new
        values.append((cell, whole.detached()))
      }
    }
    let final = last.map { x.take($0.reshape(1), axis: 1) } ?? x[0..., (tokens - 1)..<tokens]
    let result = logits(lnF(final)).squeezed(at: 1).detached()
    TensorCell.assign(values, computing: [result])
    return result
  }

  /// Reads one more token of each text and returns the logits of what comes after it. ids: integers [batch] -> [batch,
  /// vocabulary]
  ///
  /// - Parameter length: how many tokens of each text have been read then, up to the cache's capacity. One plan serves
  ///   them all, and a token costs what there is to look back at.
  public func decode(_ ids: Tensor, upTo length: Length, with cache: Cache) -> Tensor {
    Tensor.require(ids.rank == 1, "GPT2", "ids are of shape \(ids.shape), not [batch]")
    Tensor.require(
      length.bound <= cache.capacity, "GPT2", "a length of \(length) for a cache of \(cache.capacity) tokens")
    let position = length.tensor - 1
    var x = embedded(ids.reshape(-1, 1), positions: wpe.weight()[position].reshape(1, 1, configuration.width))
    var values: [(cell: TensorCell, value: Tensor)] = []
    for (block, remembered) in zip(h, cache.layers) {
      let (query, key, value) = block.attn.split(block.ln1(x))
      var (keys, all) = (remembered.keys.value, remembered.values.value)
      keys[0..., 0..., position] = key.squeezed(at: 2)
      all[0..., 0..., position] = value.squeezed(at: 2)
      let (seen, known) = (keys[..., ..<length, 0...], all[..., ..<length, 0...])
      x = x + block.attn.joined(Tensor.scaledDotProductAttention(query, seen, known))
      x = x + block.mlp(block.ln2(x))
      values += [(remembered.keys, keys.detached()), (remembered.values, all.detached())]
    }
    let result = logits(lnF(x)).squeezed(at: 1).detached()
    TensorCell.assign(values, computing: [result])
    return result
  }
}
