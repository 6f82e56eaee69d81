import Foundation
import Swiftlet

/// GPT-2, as large as it was published.
///
/// The model is `GPT2` in Sources/NN/Models, written as in A. Radford et al., "Language Models are Unsupervised Multitask
/// Learners", 2019. Texts are lists of token ids here.
enum GPT2Exhibit {
  static let exhibit = Exhibit(
    name: "gpt2", summary: "GPT-2 of 124 to 1,558 million parameters (Radford et al., 2019)",
    details: """
      Writes a text on, as token ids; with random weights, unless --weights names a safetensors file with Hugging Face's
      names, whatever comes to its mind. --train takes training steps before. --bench measures instead.
      """,
    options: [
      OwnOption(name: "--size", value: "NAME", help: "gpt2 (124M, small), gpt2-medium, gpt2-large or gpt2-xl"),
      OwnOption(name: "--weights", value: "FILE", help: "the weights, model.safetensors of Hugging Face's gpt2"),
      OwnOption(name: "--dtype", value: "TYPE", help: "how weights are kept: float32, bfloat16 or float16"),
      OwnOption(name: "--prompt-ids", value: "IDS", help: "the text's beginning as ids between commas"),
      OwnOption(name: "--tokens", value: "N", help: "how many tokens to write (20)"),
      OwnOption(
        name: "--temperature", value: "T", help: "how evenly tokens are drawn; 0, as without, takes the likeliest"),
      OwnOption(name: "--top-k", value: "K", help: "draw from the K likeliest tokens"),
      OwnOption(name: "--train", value: "N", help: "first take N training steps, 4 x 64 random tokens each"),
      OwnOption(name: "--bench", help: "measure training, prefill, decoding and starts, each in a process of its own"),
      OwnOption(name: "--measure", value: "WHAT", help: "one of the measurements of --bench, as JSON"),
    ], run: run)

  static func run(_ options: Options) throws -> Metrics {
    if options.own["--bench"] != nil { return try GPT2Bench.run(options) }
    if let what = options.own["--measure"] { return try GPT2Bench.measure(what, options) }
    let model = try model(options)
    let size = model.configuration
    report(
      "\(size.parameterCount) parameters: \(size.layers) layers of width \(size.width) with \(size.heads) heads, "
        + "\(size.vocabulary) tokens, context \(size.context)")
    var metrics: Metrics = ["parameters": .integer(size.parameterCount)]
    if let steps = try options.number("--train") {
      metrics["loss"] = .number(train(model, steps: steps, using: RandomGenerator(seed: options.seed &+ 1)))
    }

    let prompt = try prompt(options, size)
    let sampler = TokenSampler(
      temperature: try options.decimal("--temperature") ?? (options.own["--top-k"] == nil ? 0 : 1),
      topK: try options.number("--top-k", atLeast: 1), using: RandomGenerator(seed: options.seed))
    let length = try options.number("--tokens") ?? 20
    report("prompt: " + prompt.map { "\($0)" }.joined(separator: ","))
    let start = ContinuousClock.now
    let written = GPT2.Writer(model).write(length, after: prompt, sampler: sampler)
    let seconds = start.duration(to: .now) / .seconds(1)
    report("written: " + written.map { "\($0)" }.joined(separator: ","))
    report(String(format: "%d tokens in %.2f s, the first compilation included", written.count, seconds))
    metrics["tokens"] = .integer(written.count)
    return metrics
  }

  /// Returns the model that is asked for.
  static func model(_ options: Options) throws -> GPT2 {
    let name = options.own["--size"] ?? "gpt2"
    guard let size = GPT2.Configuration(named: name) else {
      let names = GPT2.Configuration.named.flatMap(\.names)
      throw UsageError("there is no size \(name), but \(names.joined(separator: ", "))")
    }
    let dtype: DType?
    switch options.own["--dtype"] {
    case nil: dtype = nil
    case "float32": dtype = .float32
    case "bfloat16": dtype = .bfloat16
    case "float16": dtype = .float16
    case let other?: throw UsageError("--dtype wants float32, bfloat16 or float16, not \(other)")
    }
    guard let path = options.own["--weights"] else {
      return GPT2(size, dtype: dtype ?? .float32, using: RandomGenerator(seed: options.seed))
    }
    let weights = try Safetensors(path: path).tensors
    return try GPT2(huggingFace: weights, dtype: dtype)
  }

  /// Takes training steps on random tokens and returns the last loss.
  static func train(_ model: GPT2, steps: Int, using generator: RandomGenerator) -> Double {
    let optimizer = AdamW(
      model.parameters, learningRate: 3e-4, betas: (0.9, 0.95), weightDecay: 0.1, decaysMatricesOnly: true)
    let step = compiled { (ids: Tensor, next: Tensor) in optimizer.step(model.loss(ids, next)) }
    let text = Tensor.integers(0..<model.configuration.vocabulary, [4, 65], using: generator).realize()
    let (ids, next) = (text[0..., 0..<64].realize(), text[0..., 1...].realize())
    var loss = Double.nan
    for number in 0..<steps {
      loss = step(ids, next).item
      report(String(format: "step %d: loss %.4f", number + 1, loss))
    }
    return loss
  }

  private static func prompt(_ options: Options, _ size: GPT2.Configuration) throws(UsageError) -> [Int] {
    // "The capital of France is"
    guard let text = options.own["--prompt-ids"] else { return [464, 3139, 286, 4881, 318] }
    let ids = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0.trimmingCharacters(in: [" "])) }
    guard ids.count <= size.context, ids.allSatisfy({ $0.map { 0..<size.vocabulary ~= $0 } ?? false }) else {
      throw UsageError(
        "--prompt-ids wants at most \(size.context) ids from 0 to \(size.vocabulary - 1) between commas, not \(text)")
    }
    return ids.map { $0! }
  }
}
