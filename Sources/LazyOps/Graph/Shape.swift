/// The length of one axis: known when the graph is built, or a run-time variable with a bound.
public enum Extent: Hashable, Sendable {
  /// A length that is part of the structure.
  case constant(Int)
  /// A length given at run time; memory is laid out for its bound.
  case variable(Length)

  /// The largest length the axis can have.
  public var bound: Int {
    switch self {
    case .constant(let count): count
    case .variable(let length): length.bound
    }
  }

  /// The run-time length, where it is one.
  package var length: Length? { if case .variable(let length) = self { length } else { nil } }
}

extension Extent: CustomStringConvertible {
  /// The number, or of a run-time length its bound: `3`, `up to 1024`.
  public var description: String {
    switch self {
    case .constant(let count): "\(count)"
    case .variable(let length): "\(length)"
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

  /// Creates a shape of extents of both kinds.
  package init(extents: [Extent]) { self.extents = extents }

  /// The number of axes.
  public var rank: Int { extents.count }

  /// The extents as numbers; of a run-time length the bound.
  public var dimensions: [Int] { extents.map(\.bound) }

  /// The product of the extents: 1 for a scalar. Run-time lengths count as their bounds, for which memory is laid out.
  public var elementCount: Int { extents.reduce(1) { $0 * $1.bound } }

  /// The extent of an axis, of a run-time length the bound; `axis` is from 0 to rank - 1.
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
  public var description: String { "[" + extents.map(\.description).joined(separator: ", ") + "]" }
}

extension Shape {
  /// Returns the shape both broadcast to, or nil where they do not: aligned at the last axis, extents are equal or one
  /// of them is 1.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    let rank = Swift.max(a.rank, b.rank)
    let one = Extent.constant(1)
    var result = [Extent](repeating: one, count: rank)
    for offset in 1...Swift.max(rank, 1) where offset <= rank {
      let x = offset <= a.rank ? a.extents[a.rank - offset] : one
      let y = offset <= b.rank ? b.extents[b.rank - offset] : one
      guard x == y || x == one || y == one else { return nil }
      result[rank - offset] = x == one ? y : x
    }
    return Shape(extents: result)
  }
}
