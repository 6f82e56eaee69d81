public import LazyOps
import LazyRuntime

extension GPT2 {
  /// Writes a text on, token by token.
  ///
  ///     let writer = GPT2.Writer(model)
  ///     let ids = writer.write(40, after: [464, 3139, 286], sampler: TokenSampler(temperature: 0.8, topK: 40))
  ///
  /// A prompt is read at once, filled up to one of a few lengths, so that few plans are compiled. Every later token is one
  /// call of a captured function.
  public final class Writer {
    /// The model that writes.
    public let model: GPT2
    /// What it remembers.
    public let cache: Cache
    private let decode: CompiledFunction<Tensor, Length, Tensor>
    /// The tokens that have been read.
    public private(set) var count = 0

    /// Creates a writer for texts of at most `capacity` tokens, the model's context unless given.
    public init(_ model: GPT2, capacity: Int? = nil) {
      self.model = model
      let cache = Cache(model.configuration, capacity: capacity)
      self.cache = cache
      decode = compiled { model.decode($0, upTo: $1, with: cache) }
    }

    /// Reads a text from its beginning, and returns the logits of what comes after it. -> [1, vocabulary]
    public func read(_ prompt: [Int]) -> Tensor {
      Tensor.require(
        1...cache.capacity ~= prompt.count, "GPT2",
        "a prompt of \(prompt.count) tokens: there is at least one, of at most \(cache.capacity)")
      var length = Swift.min(Writer.shortest, cache.capacity)
      while length < prompt.count { length = Swift.min(2 * length, cache.capacity) }
      // What stands behind the prompt is written over before anything looks at it.
      let filled = prompt + [Int](repeating: 0, count: length - prompt.count)
      count = prompt.count
      return model.prefill(
        Tensor(shape: [1, length], filled), last: .argument(prompt.count - 1, dtype: .int64), into: cache)
    }

    /// Reads one more token, and returns the logits of what comes after it. -> [1, vocabulary]
    public func read(_ token: Int) -> Tensor {
      Tensor.require(
        count < cache.capacity, "GPT2", "token \(count) of a text, for which there is room for \(cache.capacity)")
      count += 1
      return decode(Tensor([token]), Length(count, upTo: cache.capacity))
    }

    /// Returns `length` tokens that come after a prompt, or fewer where there is no room for more. `each` is called with
    /// each of them at once, and stops the writing by returning false.
    public func write(
      _ length: Int, after prompt: [Int], sampler: TokenSampler = .greedy, each: (Int) -> Bool = { _ in true }
    ) -> [Int] {
      var written: [Int] = []
      var logits = read(prompt)
      while written.count < length {
        let token = sampler.pick(logits)
        written.append(token)
        guard each(token), written.count < length, count < cache.capacity else { break }
        logits = read(token)
      }
      return written
    }

    /// The length that shorter prompts are filled up to.
    private static let shortest = 16
  }
}
