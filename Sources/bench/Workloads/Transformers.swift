import Swiftlet

extension Workload {
  /// GPT-2 of 124 M parameters: a training step, reading a prompt, and writing with a cache.
  static let transformers: [Workload] = [training, prefill, decoding(.float32), decoding(.bfloat16)]

  /// Returns a model whose weights are inputs: numbers up to 0.035, and those about 1 in the norms' weights.
  private static func gpt2(dtype: DType = .float32) -> GPT2 {
    let model = GPT2(.small, dtype: dtype)
    for (number, (name, parameter)) in model.namedParameters().enumerated() {
      let numbers = Input.uniform(number, parameter.shape, scale: 0.035)
      let isScale = name.hasSuffix("weight") && parameter.shape.rank == 1
      parameter.value = (isScale ? numbers + 1 : numbers).cast(to: dtype)
    }
    return model
  }

  private static let tableCount = 1024 * 768
  private static let parameterCount = GPT2.Configuration.small.parameterCount

  private static let training = Workload(
    name: "gpt2_training", summary: "GPT-2 124M, a training step of 4 x 64 tokens with AdamW",
    flops: 6 * 256 * (parameterCount - tableCount), checkedRuns: 3
  ) {
    let model = gpt2()
    let optimizer = AdamW(
      model.parameters, learningRate: 3e-4, betas: (0.9, 0.95), weightDecay: 0.1, decaysMatricesOnly: true)
    let step = compiled { (ids: Tensor, next: Tensor) -> Tensor in optimizer.step(model.loss(ids, next)) }
    let (ids, next) = (Input.integers(1000, below: 50_257, [4, 64]), Input.integers(1001, below: 50_257, [4, 64]))
    return { [step(ids, next)] }
  }

  private static let prefill = Workload(
    name: "gpt2_prefill", summary: "GPT-2 124M, reading a prompt of 1024 tokens into a cache",
    flops: 2 * 1024 * 12 * 12 * 768 * 768 + 12 * 2 * 2 * 1024 * 1024 * 768 / 2
  ) {
    let model = gpt2()
    let cache = GPT2.Cache(model.configuration)
    let ids = Input.integers(1000, below: 50_257, [1, 1024])
    let prefill = compiled { (ids: Tensor) -> Tensor in model.prefill(ids, into: cache) }
    return { [prefill(ids)] }
  }

  /// The first position that is written; those before it are the prompt.
  private static let promptCount = 16

  private static func decoding(_ dtype: DType) -> Workload {
    Workload(
      name: "gpt2_decoding_\(dtype)", summary: "GPT-2 124M, a token with a cache, weights of \(dtype)",
      bytes: (parameterCount - tableCount) * dtype.byteCount
    ) {
      let model = gpt2(dtype: dtype)
      let cache = GPT2.Cache(model.configuration, dtype: .float32)
      model.prefill(Input.integers(1000, below: 50_257, [1, promptCount]), into: cache).realize()
      let read = compiled { (ids: Tensor, length: Length) -> Tensor in model.decode(ids, upTo: length, with: cache) }
      var position = promptCount
      return {
        let token = Tensor(shape: [1], [position * 7919 % 50_257])
        let logits = read(token, Length(position + 1, upTo: cache.capacity))
        position = position < 1000 ? position + 1 : promptCount
        return [logits]
      }
    }
  }
}
