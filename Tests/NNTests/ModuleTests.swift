import Swiftlet
import Testing

@Suite struct ModuleTests {
  struct Block: Module {
    let norm = LayerNorm(4)
    let linear = Linear(4, 4, bias: false)
  }

  class Base: Module {
    let first = Linear(1, 1, bias: false)
  }

  final class Derived: Base {
    let second = Linear(1, 1, bias: false)
    lazy var third = Linear(1, 1, bias: false)
    let numbers: [Float] = [1, 2, 3]
    var parent: Derived?
  }

  struct Everything: Module {
    let weight = Parameter(.zeros([2]))
    let blocks = [Block(), Block()]
    let some: Linear? = Linear(2, 3)
    let none: Linear? = nil
    let optionalParameters: [Parameter?] = [nil, Parameter(.zeros([1]))]
    let table = ["b": Parameter(.zeros([1])), "a": Parameter(.zeros([1]))]
    let pair = (left: Parameter(.zeros([1])), Parameter(.zeros([1])))
    let layer: any Layer = Linear(2, 2, bias: false)
    let notOurs = "text"
    let constant = Tensor.zeros([3])
  }

  enum Head: Module {
    case small(Linear)
    case none
  }

  @Test func findsParametersByName() {
    #expect(
      Everything().namedParameters().map(\.name) == [
        "weight",
        "blocks.0.norm.weight", "blocks.0.norm.bias", "blocks.0.linear.weight",
        "blocks.1.norm.weight", "blocks.1.norm.bias", "blocks.1.linear.weight",
        "some.weight", "some.bias",
        "optionalParameters.1",
        "table.a", "table.b",
        "pair.left", "pair.1",
        "layer.weight",
      ])
  }

  @Test func findsInheritedAndLazyProperties() {
    let derived = Derived()
    #expect(derived.namedParameters().map(\.name) == ["first.weight", "second.weight"])
    _ = derived.third
    #expect(derived.namedParameters().map(\.name) == ["first.weight", "second.weight", "third.weight"])
  }

  @Test func isNotLedAroundInCircles() {
    let derived = Derived()
    derived.parent = derived
    #expect(derived.parameters.count == 2)
  }

  @Test func findsWhatACaseHolds() {
    #expect(Head.small(Linear(1, 2)).namedParameters().map(\.name) == ["small.weight", "small.bias"])
    #expect(Head.none.parameters.isEmpty)
  }

  @Test func namesTheLayersOfSequential() {
    let model = Sequential(Linear(2, 3), Function.relu, Linear(3, 1))
    #expect(
      model.namedParameters().map(\.name)
        == ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"])
    #expect(model.parameterCount == 2 * 3 + 3 + 3 + 1)
  }

  struct Tied: Module {
    let embedding: Embedding
    let head: Linear
    let tied: Parameter

    init() {
      embedding = Embedding(3, 2)
      head = Linear(2, 3)
      tied = embedding.weight
    }
  }

  @Test func tiedParametersHaveTwoNames() {
    let model = Tied()
    #expect(model.namedParameters().map(\.name) == ["embedding.weight", "head.weight", "head.bias", "tied"])
    #expect(model.parameters.count == 3)
    #expect(model.parameterCount == 6 + 6 + 3)
  }

  @Test func trainAndEvaluateReachAllModules() {
    struct Model: Module {
      let dropouts = [Dropout(0.5), Dropout(0.25)]
      let nested: Sequential
    }
    let inner = Dropout()
    let model = Model(nested: Sequential(Linear(1, 1), inner))
    model.evaluate()
    #expect(!inner.isTraining && model.dropouts.allSatisfy { !$0.isTraining })
    model.train()
    #expect(inner.isTraining && model.dropouts.allSatisfy { $0.isTraining })
  }

  // State dictionaries.

  @Test func stateGoesThereAndBack() throws {
    let (a, b) = (Everything(), Everything())
    Parameter.assign(a.parameters.map { ($0, .uniform($0.shape, using: RandomGenerator(seed: 7))) })
    let state = a.stateDictionary()
    // What is done to the model later does not reach the dictionary.
    a.weight.value = .full([2], Float(9))
    try b.load(stateDictionary: state)
    for (name, parameter) in b.namedParameters() { #expect(parameter().floats == state[name]!.floats) }
    #expect(b.weight().floats != [9, 9])
    #expect(b.parameters.allSatisfy { $0().tracksGradient })
    #expect(state.values.allSatisfy { !$0.tracksGradient })
  }

  @Test func stateThatDoesNotFitIsRefused() throws {
    let model = Linear(2, 3)
    let before = model.weight().floats
    let state: [String: Tensor] = ["weight": .zeros([3, 5]), "scale": .zeros([1]), "angle": .zeros([1])]
    let error = #expect(throws: StateDictionaryError.self) { try model.load(stateDictionary: state) }
    #expect(error?.missing == ["bias"])
    #expect(error?.unexpected == ["angle", "scale"])
    #expect(error?.misshaped.map(\.name) == ["weight"])
    #expect(
      "\(try #require(error))" == """
        [load] the state dictionary does not fit the module
          missing: bias
          unexpected: angle, scale
          weight is of shape [3, 5], the parameter of [3, 2]
          hint: rename the entries, or pass strict: false to load only those that both have
        """)
    #expect(model.weight().floats == before)
  }

  @Test func looseLoadingTakesWhatFits() throws {
    let model = Linear(2, 1)
    let bias = model.bias!().floats
    try model.load(stateDictionary: ["weight": Tensor([[3, 4]]), "more": .zeros([1])], strict: false)
    #expect(model.weight().floats == [3, 4])
    #expect(model.weight.dtype == .float32)
    #expect(model.bias!().floats == bias)
    #expect(throws: StateDictionaryError.self) {
      try model.load(stateDictionary: ["weight": .zeros([2])], strict: false)
    }
  }

  @Test func oneNameOfATiedParameterIsEnough() throws {
    let model = Tied()
    try model.load(
      stateDictionary: ["tied": .ones([3, 2]), "head.weight": .zeros([3, 2]), "head.bias": .zeros([3])])
    #expect(model.embedding.weight().floats == [Float](repeating: 1, count: 6))
  }
}
