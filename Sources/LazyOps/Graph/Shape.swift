/// The length of one axis: known when the graph is built, or a run-time variable with a bound.
public enum Extent: Hashable, Sendable {
  /// A length that is part of the structure.
  case constant(Int)
  /// A length given at run time, at most `bound`; memory is laid out for the bound.
  case variable(name: String, bound: Int)

  /// The largest length the axis can have.
  public var bound: Int {
    switch self {
    case .constant(let count): count
    case .variable(_, let bound): bound
    }
  }
}

/// The extents of a tensor's axes, outermost first. A scalar has none.
public struct Shape: Hashable, Sendable {
  /// One extent an axis.
  public let extents: [Extent]

  /// Creates a shape of constant extents; a negative one is a programmer's error.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "[shape] extents are not negative, not \(dimensions)")
    extents = dimensions.map { .constant($0) }
  }

  /// The number of axes.
  public var rank: Int { extents.count }

  /// The extents as numbers.
  public var dimensions: [Int] { extents.map(\.bound) }

  /// The product of the extents: 1 for a scalar.
  public var elementCount: Int { extents.reduce(1) { $0 * $1.bound } }

  /// The extent of an axis; `axis` is from 0 to rank - 1.
  public subscript(axis: Int) -> Int { extents[axis].bound }

  /// The distance in elements between neighbours along each axis, in row-major order.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * self[axis + 1] }
    return strides
  }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
  /// Creates a shape of constant extents: `[2, 3]`.
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The extents in brackets: `[2, 3]`.
  public var description: String { "\(dimensions)" }
}

extension Shape {
  /// Returns the shape both broadcast to, or nil where they do not: aligned at the last axis, extents are equal or one
  /// of them is 1.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    let rank = Swift.max(a.rank, b.rank)
    var result = [Int](repeating: 1, count: rank)
    for offset in 1...Swift.max(rank, 1) where offset <= rank {
      let x = offset <= a.rank ? a[a.rank - offset] : 1
      let y = offset <= b.rank ? b[b.rank - offset] : 1
      guard x == y || x == 1 || y == 1 else { return nil }
      result[rank - offset] = x == 1 ? y : x
    }
    return Shape(result)
  }
}
