/// A length that is given when kernels run: an axis may have one as its extent.
///
///     let length = Length(9, upTo: 1024)
///     let seen = cache[0..., ..<length]                       // [heads, length, width] of [heads, 1024, width]
///     let answers = (query.matmul(seen.T)).softmax(axis: -1).matmul(seen)
///
/// The number is an argument of the kernels, the bound is part of their structure: what is compiled for one number serves
/// all from 1 to the bound, and costs what the number is. Memory is laid out for the bound; what lies beyond the length
/// never counts. A length is equal to itself and its copies only: axes fit together if their extents come from one
/// length.
public struct Length: Sendable {
  /// The leaf that holds the number.
  package let node: Node

  package init(node: Node) { self.node = node }

  /// Creates a length of `count`, which is from 1 to `bound`.
  public init(_ count: Int, upTo bound: Int) {
    Tensor.require(1...Swift.max(bound, 1) ~= count, "Length", "\(count) is not from 1 to the bound \(bound)")
    node = Node(.length(bound: bound), shape: [], dtype: .int64, argument: .integer(Int64(count)))
  }

  /// The largest number there can be.
  public var bound: Int {
    guard case .length(let bound) = node.op else { preconditionFailure("bug: \(node.op) is no length") }
    return bound
  }

  /// The number, which is another one in each call of a captured function: its body cannot read it.
  public var count: Int {
    Tensor.require(
      RandomGenerator.recorder == nil, "Length",
      "the number is read in the body of a captured function, where it would stay as it is; use tensor")
    return number
  }

  /// The number as it is now.
  package var number: Int {
    guard let value = node.argument else { preconditionFailure("bug: a length without a number") }
    return Int(value.int64)
  }

  /// The number as a scalar to compute with. -> int64 []
  public var tensor: Tensor { Primitive.detach(Tensor(node: node)) }
}

extension Length: Hashable {
  /// Whether both are the same length, or copies of it.
  public static func == (a: Length, b: Length) -> Bool { a.node === b.node }

  /// Mixes the identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(node)) }
}

extension Length: CustomStringConvertible {
  /// The bound: `up to 1024`.
  public var description: String { "up to \(bound)" }
}

extension Shape {
  /// Whether an extent is a run-time length.
  package var isVariable: Bool { extents.contains { $0.length != nil } }

  /// The axes whose extents are run-time lengths.
  package var variableAxes: [Int] { extents.indices.filter { extents[$0].length != nil } }

  /// Returns the shape with the lengths of another one of as many elements, each in the place of its bound where as many
  /// elements follow it; nil where there is none.
  package func keepingLengths(of source: Shape) -> Shape? {
    guard source.isVariable else { return self }
    var result = extents
    let (own, strides) = (self.strides, source.strides)
    for axis in source.variableAxes {
      let places = indices.filter { self[$0] == source[axis] && own[$0] == strides[axis] && result[$0] == extents[$0] }
      // Axes of extent 1 are alike but for the length.
      let place = places.first { extents[$0] == source.extents[axis] } ?? places.last
      guard let place, extents[place].length == nil || extents[place] == source.extents[axis] else { return nil }
      result[place] = source.extents[axis]
    }
    let kept = Shape(extents: result)
    return kept.variableAxes.count == source.variableAxes.count ? kept : nil
  }

  private var indices: Range<Int> { extents.indices }

  /// The shape memory has: lengths are their bounds.
  package var laidOut: Shape { isVariable ? Shape(dimensions) : self }

  /// The extents as numbers: of a run-time length the number it has now, not the bound.
  public var counts: [Int] { extents.map { $0.length?.count ?? $0.bound } }
}
