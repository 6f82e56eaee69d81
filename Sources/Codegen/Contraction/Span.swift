import LazyOps
import LazyScheduler

/// Some consecutive values of a range: what a nest of loops covers of it.
struct Span {
  let range: IndexVariable
  /// The first value.
  let first: Index
  /// How many values there are: at least one. It may depend on loops around the nest.
  let count: Index
  /// The most there can be.
  let extent: Int

  /// All values of a range.
  init(_ range: IndexVariable) {
    self.init(range, from: .constant(0), count: .constant(range.extent), atMost: range.extent)
  }

  /// The values of a stage's range, to where it ends.
  init(_ range: IndexVariable, of stage: Stage) {
    self.init(range, from: .constant(0), count: stage.count(of: range), atMost: range.extent)
  }

  /// The values of a range from `first` on.
  init(_ range: IndexVariable, from first: Index, count: Index, atMost extent: Int) {
    (self.range, self.first, self.count, self.extent) = (range, first, count, extent)
  }

  /// The values of a block of a range that falls into blocks of `size`; the last one may be smaller.
  init(_ range: IndexVariable, block: Index, of size: Int, endingAt end: Index? = nil) {
    let first = block * size
    self.init(
      range, from: first, count: Index.min(.constant(size), (end ?? .constant(range.extent)) - first),
      atMost: Swift.min(size, range.extent))
  }

  /// Whether the number of values is known.
  var isConstant: Bool { count.constantValue != nil }

  /// The range's value at a position among these.
  subscript(position: Index) -> Index { first + position }
}
