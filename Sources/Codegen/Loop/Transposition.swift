import LazyOps
import LazyScheduler

/// The square of elements that a `transposed` loop copies.
struct Transposition {
  /// The number of its rows, and of its columns.
  let count: Int
  /// Where the first element is read and written.
  let source: Place
  let target: Place
  /// How far apart in memory the rows are, where they are read and where they are written.
  let sourceStride: Int
  let targetStride: Int

  /// Recognizes the loop; nil where it does something else.
  init?(_ loop: Loop, in program: LoopProgram) {
    guard let count = loop.count.constantValue, count > 1, count & (count - 1) == 0, loop.body.count == 1,
      case .loop(let inner) = loop.body[0], inner.count == loop.count, inner.body.count == 2,
      case .define(let value, .load(let source, .always)) = inner.body[0], program.values[value] == .float32,
      case .store(let target, value) = inner.body[1]
    else { return nil }
    let (row, column) = (loop.variable, inner.variable)
    guard let sourceStride = program.stride(of: source, along: row), program.stride(of: source, along: column) == 1,
      let targetStride = program.stride(of: target, along: column), program.stride(of: target, along: row) == 1,
      sourceStride > 0, targetStride > 0
    else { return nil }
    let first = { (variable: IndexVariable) in variable == row || variable == column ? Index.constant(0) : nil }
    self.count = count
    (self.source, self.target) = (source.substituting(first), target.substituting(first))
    (self.sourceStride, self.targetStride) = (sourceStride, targetStride)
  }
}

extension LoopProgram {
  /// How far apart in memory the elements for neighbours of a variable lie; nil where that is uneven.
  fileprivate func stride(of place: Place, along variable: IndexVariable) -> Int? {
    switch place {
    case .buffer(_, let index): return index.coefficient(of: variable.id)
    case .local(let local, let indices):
      var stride = 0
      for (index, extent) in zip(indices, locals[local].extents) {
        guard let own = index.coefficient(of: variable.id) else { return nil }
        stride = stride * extent + own
      }
      return stride
    }
  }
}
