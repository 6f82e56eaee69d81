import Foundation
import LazyOps

/// What `Tests/Fixtures/make_fixtures.py` wrote: calls with what PyTorch computes for them.
struct PyTorchFixtures: Decodable {
  let tensors: [Numbers]
  let cases: [Case]

  /// A tensor: its elements stand in a text, so that NaN and infinities need no notation of their own.
  struct Numbers: Decodable {
    let dtype: String
    let shape: [Int]
    let values: String

    var tensor: Tensor {
      let shape = Shape(shape)
      let dtype = DType(named: dtype)
      let texts = values.split(separator: " ")
      if dtype.isFloatingPoint { return Tensor(shape: shape, texts.map { Double($0)! }, dtype: dtype) }
      if dtype == .uint64 { return Tensor(shape: shape, texts.map { UInt64($0)! }) }
      return Tensor(shape: shape, texts.map { Int64($0)! }, dtype: dtype)
    }
  }

  /// One call; tensors are places in `tensors`.
  struct Case: Decodable {
    let name: String
    let inputs: [Int]
    let parameters: [String: Parameter]
    let result: Int
    let gradients: [Int?]?
    let tolerance: Double
    let scale: Bool?
    let note: String?
  }

  /// A number, text or list given to a call beside its tensors.
  enum Parameter: Decodable {
    case truth(Bool)
    case integer(Int)
    case decimal(Double)
    case text(String)
    case integers([Int])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(Bool.self) {
        self = .truth(value)
      } else if let value = try? container.decode(Int.self) {
        self = .integer(value)
      } else if let value = try? container.decode(Double.self) {
        self = .decimal(value)
      } else if let value = try? container.decode(String.self) {
        self = .text(value)
      } else {
        self = .integers(try container.decode([Int].self))
      }
    }
  }

  /// The fixtures in the repository.
  static let shared: PyTorchFixtures = {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try! Data(contentsOf: tests.appendingPathComponent("Fixtures/pytorch.json"))
    return try! JSONDecoder().decode(PyTorchFixtures.self, from: data)
  }()
}

/// The tensors and parameters of a case, as the calls want them.
struct FixtureArguments {
  let inputs: [Tensor]
  let parameters: [String: PyTorchFixtures.Parameter]

  var x: Tensor { inputs[0] }
  var y: Tensor { inputs[1] }
  var z: Tensor { inputs[2] }
  /// The third input, which may be absent.
  var last: Tensor? { inputs.count > 2 ? inputs[2] : nil }
  var axis: Int { integer("axis") }
  var axes: [Int] { integers("axes") }
  var keep: Bool { flag("keep") }
  var reduction: LossReduction {
    switch text("reduction") {
    case "mean": .mean
    case "sum": .sum
    case _: .none
    }
  }

  /// Whether a parameter is given and true.
  func flag(_ name: String) -> Bool {
    guard case .truth(let value)? = parameters[name] else { return false }
    return value
  }

  func integer(_ name: String) -> Int {
    guard case .integer(let value)? = parameters[name] else { fatalError("no integer \(name)") }
    return value
  }

  func decimal(_ name: String) -> Double? {
    switch parameters[name] {
    case .integer(let value): Double(value)
    case .decimal(let value): value
    case _: nil
    }
  }

  func text(_ name: String) -> String {
    guard case .text(let value)? = parameters[name] else { fatalError("no text \(name)") }
    return value
  }

  func integers(_ name: String) -> [Int] {
    guard case .integers(let value)? = parameters[name] else { fatalError("no list \(name)") }
    return value
  }
}

extension DType {
  init(named name: String) { self = DType.allCases.first { "\($0)" == name }! }
}
