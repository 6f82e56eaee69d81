import Foundation

/// What came of a run, by name; rates are fractions of 1.
typealias Metrics = [String: Metric]

/// One result.
enum Metric: Encodable, Sendable {
  case number(Double)
  case integer(Int)
  case text(String)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    // JSON has no infinity and no NaN.
    case .number(let value): if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
    case .integer(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    }
  }
}

extension Metrics {
  /// The results as a JSON object on one line.
  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(self) else { preconditionFailure("bug: metrics that are no JSON") }
    return String(decoding: data, as: UTF8.self)
  }
}
