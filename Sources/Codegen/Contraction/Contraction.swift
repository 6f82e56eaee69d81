import LazyOps
import LazyScheduler

/// A stage that sums up products of two factors: a matrix product, a convolution, an einsum, a row of attention scores.
///
/// A factor is any expression: an element of a buffer or of scratch, or what a few steps make of some, masks and casts
/// included. Ranges are sorted by which factor they move: *rows* move only the left one, *columns* only the right one.
struct Contraction {
  /// One side of the product.
  struct Factor {
    /// The value in the stage.
    let value: Value
    /// The steps it takes, in order.
    let steps: [Stage.Step]
    /// The place of the factor where it is a float32 element that is always there.
    let place: Place?
    private let variables: Set<Int>

    /// Whether the factor depends on a range.
    func moves(with range: IndexVariable) -> Bool { variables.contains(range.id) }

    /// How far apart in memory the elements for neighbours of a range lie; nil where that is uneven, or the factor is
    /// no element.
    func stride(of range: IndexVariable) -> Int? {
      switch place {
      case .buffer(_, let index)?: return index.coefficient(of: range.id)
      case .local(_, let indices)?:
        if indices.dropLast().contains(where: { $0.contains(range.id) }) { return nil }
        return indices.last.map { $0.coefficient(of: range.id) } ?? 0
      case nil: return nil
      }
    }

    /// The factor as an element of memory under a mask; nil if it is none.
    private var load: (place: Place, mask: Mask)? {
      guard steps.count == 1, case .define(_, .load(let place, let mask)) = steps[0] else { return nil }
      return (place, mask)
    }

    /// Where the factor is loaded, and not 0 for that reason alone; nil if it is no element.
    fileprivate var mask: Mask? { load?.mask }

    /// The conditions of that mask which tell nothing but about ranges that the element moves with.
    fileprivate var ownMask: Mask? {
      guard let (place, mask) = load else { return nil }
      let ranges = place.indices.reduce(into: Set()) { $0.formUnion($1.variables) }
      return Mask(mask.conditions.filter { $0.index.variables.isSubset(of: ranges) })
    }

    /// The factor as an element that is loaded wherever another mask holds; nil if that mask does not keep it in its
    /// buffer.
    fileprivate func loaded(where mask: Mask, _ counts: [Int], of stage: Stage) -> Factor? {
      guard let place = load?.place, case .buffer(let buffer, let index) = place, counts.indices.contains(buffer),
        stage.values[value] == .float32
      else { return nil }
      var scope = IndexScope()
      for variable in index.variables.union(mask.variables) { scope.enter(variable) }
      scope.assume(mask)
      let bounds = scope.bounds(of: index)
      guard bounds.lowerBound >= 0, bounds.upperBound < counts[buffer] else { return nil }
      var other = stage
      other.steps = [.define(value, .load(place, mask))]
      return Factor(value, of: other)
    }

    fileprivate init?(_ value: Value, of stage: Stage) {
      var needed: Set<Value> = [value]
      var steps: [Stage.Step] = []
      var variables: Set<Int> = []
      for step in stage.steps.reversed() {
        switch step {
        case .define(let value, let instruction):
          guard needed.contains(value) else { continue }
          needed.formUnion(instruction.operands)
          instruction.forEachIndex { $0.forEachVariable { variables.insert($0.id) } }
          steps.append(step)
        case .bind: return nil
        }
      }
      (self.value, self.variables) = (value, variables)
      self.steps = steps.reversed()
      if steps.count == 1, case .define(_, .load(let place, .always)) = steps[0], stage.values[value] == .float32 {
        self.place = place
      } else {
        place = nil
      }
    }
  }

  let stage: Stage
  var left: Factor
  var right: Factor
  /// Where the sum goes.
  let target: Place

  /// Recognizes a stage whose only result is a float32 sum of products; nil for every other one.
  ///
  /// A product that counts only where a mask holds is one of factors of which one is 0 wherever the mask does not hold:
  /// each keeps the conditions it needs to be in memory, or that move with it. `counts` are the numbers of elements of
  /// the section's buffers.
  init?(_ stage: Stage, counts: [Int] = []) {
    guard stage.results.count == 1, case .reduce(.sum, var sum, let target) = stage.results[0],
      stage.values[sum] == .float32, !stage.reduced.isEmpty
    else { return nil }
    var definitions: [Value: Instruction] = [:]
    for case .define(let value, let instruction) in stage.steps { definitions[value] = instruction }
    var mask = Mask.always
    while case .select(let test, let product, let zero)? = definitions[sum],
      case .test(let condition)? = definitions[test], case .constant(.real(0))? = definitions[zero]
    {
      mask = mask.and(condition)
      sum = product
    }
    guard case .binary(.multiply, let a, let b)? = definitions[sum],
      let left = Factor(a, of: stage), let right = Factor(b, of: stage)
    else { return nil }
    (self.stage, self.left, self.right, self.target) = (stage, left, right, target)
    if mask.isAlways { return }
    guard let leftMask = left.mask, let rightMask = right.mask, let leftOwn = left.ownMask, let rightOwn = right.ownMask
    else { return nil }
    for (leftMask, rightMask) in [(.always, rightMask), (leftMask, .always), (leftOwn, rightOwn)] {
      let both = leftMask.and(rightMask)
      guard both.and(mask) == both, let left = left.loaded(where: leftMask, counts, of: stage),
        let right = right.loaded(where: rightMask, counts, of: stage)
      else { continue }
      (self.left, self.right) = (left, right)
      return
    }
    return nil
  }

  /// The reduced ranges, outermost first, in an order in which one factor lies in memory, the left one if it is an element.
  var depthOrder: [IndexVariable] {
    let order = stage.reduced
    guard let factor = [left, right].first(where: { $0.place != nil }) else { return order }
    let strides = order.map { factor.stride(of: $0).map(abs) }
    guard !strides.contains(nil) else { return order }
    return order.indices.sorted { (-strides[$0]!, $0) < (-strides[$1]!, $1) }.map { order[$0] }
  }

  /// Whether a nest can sum over the reduced ranges in some order: what ends at a run-time length is the outermost of
  /// them, and blocks fall into no other.
  func endsOutside(_ order: [IndexVariable]) -> Bool {
    if order.allSatisfy({ stage.ends[$0] == nil }) { return true }
    let inner = order.dropFirst()
    return inner.allSatisfy { stage.ends[$0] == nil }
      && 2 * inner.reduce(1) { $0 * $1.extent } <= ContractionNest.depthBlock
  }

  /// The number of products that are added up for each result.
  var depth: Int { stage.reduced.reduce(1) { $0 * $1.extent } }

  /// The ranges that move the left factor only, the right one only.
  func rows(among ranges: [IndexVariable]) -> [IndexVariable] {
    ranges.filter { left.moves(with: $0) && !right.moves(with: $0) }
  }

  func columns(among ranges: [IndexVariable]) -> [IndexVariable] {
    ranges.filter { right.moves(with: $0) && !left.moves(with: $0) }
  }

  /// The contraction with the factors exchanged.
  var exchanged: Contraction {
    var result = self
    (result.left, result.right) = (right, left)
    return result
  }
}
