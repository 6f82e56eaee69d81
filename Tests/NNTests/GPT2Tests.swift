import Foundation
import LazyRuntime
import Swiftlet
import Synchronization
import Testing

/// GPT-2 computes what PyTorch does, cached or not, and learns.
@Suite struct GPT2Tests {
  /// What `Tests/Fixtures/gpt2.py` wrote: weights and what PyTorch makes of them.
  static let fixture: [String: Tensor] = {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try! Safetensors(path: tests.appendingPathComponent("Fixtures/gpt2.safetensors").path).tensors
  }()

  static let configuration = GPT2.Configuration(vocabulary: 50, context: 16, width: 32, layers: 2, heads: 4)

  static var weights: [String: Tensor] { fixture.filter { $0.key.hasPrefix("transformer.") } }

  static func model(dtype: DType = .float32) throws -> GPT2 {
    let model = GPT2(configuration, dtype: dtype)
    try model.load(huggingFace: weights)
    return model
  }

  static func random(seed: UInt64) -> GPT2 { GPT2(configuration, using: RandomGenerator(seed: seed)) }

  func distance(_ a: Tensor, _ b: Tensor) -> Double {
    precondition(a.shape == b.shape)
    return zip(a.doubles, b.doubles).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test func logitsAndGradientsAreThoseOfPyTorch() throws {
    let fixture = GPT2Tests.fixture
    let model = try GPT2Tests.model()
    let logits = model(fixture["ids"]!)
    let loss = model.loss(fixture["ids"]!, fixture["targets"]!)
    let named = model.namedParameters()
    let gradients = loss.gradients(with: named.map { $0.parameter.value })
    Tensor.realize([logits, loss] + gradients)
    #expect(distance(logits, fixture["logits"]!) < 2e-4)
    #expect(distance(loss, fixture["loss"]!) < 1e-5)
    let names = Set(fixture.keys.filter { $0.hasPrefix("gradient.") })
    #expect(names.count == named.count)
    let theirs = try Dictionary(
      uniqueKeysWithValues: model.huggingFaceStateDictionary().map { name, value in
        (name, try #require(fixture["gradient.\(name)"]))
      })
    for ((name, _), gradient) in zip(named, gradients) {
      let spelled = name.replacing("ln1", with: "ln_1").replacing("ln2", with: "ln_2").replacing("lnF", with: "ln_f")
        .replacing("cAttn", with: "c_attn").replacing("cProj", with: "c_proj").replacing("cFc", with: "c_fc")
      let expected = try #require(theirs[spelled], "\(name)")
      let scale = expected.doubles.reduce(0) { max($0, abs($1)) }
      #expect(distance(gradient, expected) < 2e-4 * max(scale, 0.1), "\(name)")
    }
  }

  @Test func sixteenBitWeightsComputeInFloat32() throws {
    let (half, whole) = (try GPT2Tests.model(dtype: .bfloat16), try GPT2Tests.model())
    #expect(half.parameters.allSatisfy { $0.dtype == .bfloat16 })
    let logits = half(GPT2Tests.fixture["ids"]!)
    #expect(logits.dtype == .float32)
    #expect(distance(logits, whole(GPT2Tests.fixture["ids"]!)) < 0.5)
  }

  @Test func prefillAndDecodingGiveTheLogitsOfTheWhole() throws {
    let model = try GPT2Tests.model()
    let ids = GPT2Tests.fixture["ids"]!.ints
    let all = model(GPT2Tests.fixture["ids"]!).realize()
    let cache = GPT2.Cache(GPT2Tests.configuration, batch: 2)
    let start = Tensor(shape: [2, 5], Array(ids[0..<5]) + Array(ids[12..<17]))
    #expect(distance(model.prefill(start, into: cache), all[0..., 4]) < 1e-4)
    var bodies = 0
    let decode = compiled { (ids: Tensor, length: Length) in
      bodies += 1
      return model.decode(ids, upTo: length, with: cache)
    }
    let room = cache.capacity
    for position in 5..<12 {
      let logits = decode(Tensor([ids[position], ids[12 + position]]), Length(position + 1, upTo: room))
      #expect(distance(logits, all[0..., position]) < 1e-4, "\(position)")
    }
    // What was captured serves all lengths.
    #expect(bodies == 2)
    // Again from the middle: what is behind is not looked at.
    #expect(distance(decode(Tensor([ids[7], ids[19]]), Length(8, upTo: room)), all[0..., 7]) < 1e-4)
  }

  @Test func aWriterReadsPromptsOfAnyLength() throws {
    let model = try GPT2Tests.model()
    let ids = Array(GPT2Tests.fixture["ids"]!.ints[0..<12])
    let all = model(Tensor(shape: [1, 12], ids)).realize()
    for length in [1, 3, 12] {
      let writer = GPT2.Writer(model)
      #expect(distance(writer.read(Array(ids[..<length])), all[0..., length - 1]) < 1e-4)
      for position in length..<12 {
        #expect(distance(writer.read(ids[position]), all[0..., position]) < 1e-4, "\(length), \(position)")
      }
    }
  }

  @Test func writingStopsWhereThereIsNoRoom() throws {
    let model = try GPT2Tests.model()
    var seen: [Int] = []
    let written = GPT2.Writer(model).write(40, after: [1, 2, 3, 4]) { token in
      seen.append(token)
      return true
    }
    #expect(written == seen && written.count == 13)
    #expect(GPT2.Writer(model).write(40, after: [1, 2, 3, 4]) { _ in false }.count == 1)
    #expect(GPT2.Writer(model).write(3, after: [1, 2, 3, 4]) == Array(written.prefix(3)))
  }

  @Test func decodingCompilesNothingAfterTheSecondToken() async {
    await #expect(processExitsWith: .success) {
      let writer = GPT2.Writer(GPT2Tests.random(seed: 3))
      _ = writer.write(4, after: [1, 2])
      let (plans, nodes) = (Realizer.planCount, Node.count.load(ordering: .relaxed))
      var logits: [Float] = []
      for token in 0..<6 { logits = writer.read(token).floats }
      precondition(logits.count == 50 && Realizer.planCount == plans)
      // A captured call makes nodes for what it takes and returns only.
      precondition(Node.count.load(ordering: .relaxed) - nodes < 10 * 6)
    }
  }

  @Test func oneBatchIsLearnedByHeart() {
    let model = GPT2Tests.random(seed: 4)
    let optimizer = AdamW(
      model.parameters, learningRate: 3e-3, betas: (0.9, 0.95), weightDecay: 0.1, decaysMatricesOnly: true,
      gradientNormLimit: 1)
    let text = Tensor(shape: [2, 9], (0..<18).map { $0 * 17 % 50 })
    let step = compiled { (ids: Tensor, next: Tensor) in optimizer.step(model.loss(ids, next)) }
    var losses: [Double] = []
    for _ in 0..<60 { losses.append(step(text[0..., 0..<8], text[0..., 1..<9]).item) }
    #expect(abs(losses[0] - 3.9) < 0.3)
    #expect(losses[59] < 0.1)
  }

  @Test func namesAreThoseOfHuggingFace() throws {
    let model = GPT2Tests.random(seed: 5)
    let named = model.huggingFaceStateDictionary()
    #expect(
      Set(named.keys).union(["h.0.attn.bias", "h.1.attn.bias"])
        == Set(GPT2Tests.weights.keys.map { $0.replacing("transformer.", with: "") }))
    let other = GPT2Tests.random(seed: 6)
    var given = named
    given["lm_head.weight"] = named["wte.weight"]
    given["h.0.attn.masked_bias"] = Tensor.full([], -1e4)
    try other.load(huggingFace: given)
    let ids = Tensor(shape: [1, 4], [1, 2, 3, 4])
    #expect(distance(other(ids), model(ids)) < 1e-5)
    given["h.0.attn.c_attn.weight"] = nil
    given["extra"] = [1]
    let error = #expect(throws: StateDictionaryError.self) { try other.load(huggingFace: given) }
    #expect(error?.missing == ["h.0.attn.cAttn.weight"] && error?.unexpected == ["extra"])
  }

  @Test func sizesAreThePublishedOnes() throws {
    let sizes = GPT2.Configuration.named.map { $0.configuration.parameterCount }
    #expect(sizes == [124_439_808, 354_823_168, 774_030_080, 1_557_611_200])
    #expect(GPT2.Configuration(named: "774M") == .large && GPT2.Configuration(named: "7B") == nil)
    #expect(GPT2Tests.random(seed: 1).parameterCount == GPT2Tests.configuration.parameterCount)
    let found = GPT2.Configuration(huggingFace: [
      "transformer.wte.weight": .zeros([100, 128]), "wpe.weight": .zeros([10, 128]), "h.0.ln_1.weight": .zeros([128]),
      "transformer.h.1.ln_1.weight": .zeros([128]),
    ])
    #expect(found == GPT2.Configuration(vocabulary: 100, context: 10, width: 128, layers: 2, heads: 2))
    #expect(GPT2.Configuration(huggingFace: ["wte.weight": .zeros([100, 128])]) == nil)
  }
}

/// Tokens are picked by their odds.
@Suite struct TokenSamplerTests {
  @Test func greedyPicksTheFirstOfTheLikeliest() {
    #expect(TokenSampler.greedy.pick(Tensor([0.5, 2, -1, 2])) == 1)
  }

  @Test func topKNeverPicksAnyOther() {
    let sampler = TokenSampler(temperature: 5, topK: 3, using: RandomGenerator(seed: 1))
    let logits = Tensor([0.5, 2, -1, 2, 1, 1])
    let picked = Set((0..<200).map { _ in sampler.pick(logits) })
    #expect(picked == [1, 3, 4])
  }

  @Test func oddsAreThoseOfTheSoftmax() {
    let sampler = TokenSampler(temperature: 2, using: RandomGenerator(seed: 2))
    let logits = Tensor([0.0, 2, 1])
    var counts = [0.0, 0, 0]
    for _ in 0..<2000 { counts[sampler.pick(logits)] += 1 / 2000 }
    for (count, odds) in zip(counts, (logits / 2).softmax(axis: 0).doubles) { #expect(abs(count - odds) < 0.04) }
  }
}
