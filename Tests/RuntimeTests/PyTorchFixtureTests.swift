import LazyOps
import LazyRuntime
import Testing

/// Every function and its gradients give what PyTorch gives (`Tests/Fixtures/make_fixtures.py`).
@Suite struct PyTorchFixtureTests {
  private static let blockSize = 120
  static let blocks = 0..<(PyTorchFixtures.shared.cases.count + blockSize - 1) / blockSize

  @Test func everyCallIsTested() {
    #expect(Set(PyTorchCalls.all.keys) == Set(PyTorchFixtures.shared.cases.map(\.name)))
  }

  /// The cases in blocks, each realized in one schedule: the compiler runs seldom.
  @Test(arguments: blocks) func resultsAndGradientsArePyTorchs(block: Int) throws {
    let first = block * Self.blockSize
    let last = Swift.min(first + Self.blockSize, PyTorchFixtures.shared.cases.count)
    let claims = (first..<last).flatMap(claims(ofCase:))
    try Tensor.tryRealize(claims.map(\.found))
    for claim in claims { claim.check() }
  }

  /// Returns what is to hold for one case: of its result, and of the gradient of each input that has one.
  private func claims(ofCase number: Int) -> [Claim] {
    let fixtures = PyTorchFixtures.shared
    let fixture = fixtures.cases[number]
    let inputs = fixture.inputs.map { fixtures.tensors[$0].tensor }
    let parameters = fixture.parameters.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", ")
    let name = "case \(number), \(fixture.name)(\(inputs.map { "\($0.dtype)\($0.shape)" }) \(parameters))"
    guard let call = PyTorchCalls.all[fixture.name] else {
      Issue.record("no call stands for \(fixture.name)")
      return []
    }
    let result = call(FixtureArguments(inputs: inputs, parameters: fixture.parameters))
    func claim(_ name: String, _ found: Tensor, _ place: Int) -> Claim {
      Claim(
        name: name, found: found, expected: fixtures.tensors[place], tolerance: fixture.tolerance,
        isScaled: fixture.scale ?? false)
    }
    let forward = claim(name, result, fixture.result)
    guard let gradients = fixture.gradients else { return [forward] }
    let weights = (0..<result.elementCount).map { Double(7 * $0 % 11 - 5) / 4 }
    let wanted = gradients.indices.filter { gradients[$0] != nil }
    let found = result.gradients(
      with: wanted.map { inputs[$0] }, seed: Tensor(shape: result.shape, weights, dtype: result.dtype))
    return [forward] + zip(wanted, found).map { claim("gradient \($0) of \(name)", $1, gradients[$0]!) }
  }
}

/// A tensor that is to equal numbers.
private struct Claim {
  let name: String
  let found: Tensor
  let expected: PyTorchFixtures.Numbers
  let tolerance: Double
  let isScaled: Bool

  func check() {
    #expect("\(found.dtype)\(found.shape)" == "\(expected.dtype)\(Shape(expected.shape))", "\(name)")
    guard found.dtype.isFloatingPoint else {
      let integers = HostArray(found.node).scalars.map { "\($0)" }
      let wanted = expected.values.split(separator: " ").map(String.init)
      #expect(integers == wanted, "\(name)")
      return
    }
    let numbers = found.doubles
    let wanted = expected.tensor.doubles
    guard numbers.count == wanted.count else { return }
    let largest = wanted.filter(\.isFinite).map(abs).max() ?? 0
    let wrong = zip(numbers, wanted).enumerated().filter { _, pair in
      !isClose(pair.0, pair.1, allowed: tolerance * (isScaled ? Swift.max(largest, 1e-3) : abs(pair.1)))
    }
    let text = wrong.prefix(6).map { "[\($0)] \($1.0) for \($1.1)" }.joined(separator: ", ")
    #expect(wrong.isEmpty, "\(name): \(wrong.count) of \(numbers.count) differ: \(text)")
  }

  /// Whether numbers agree; without a tolerance zeros have one sign. Below the least normal number digits are lost.
  private func isClose(_ a: Double, _ b: Double, allowed: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    if tolerance == 0 { return a == b && (a != 0 || a.sign == b.sign) }
    return a == b || abs(a - b) <= allowed + 2e-38
  }
}
