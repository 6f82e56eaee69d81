/// The conjunction of conditions: where an access is valid, or a stage has something to do.
///
/// The conditions are undecided, sorted, and at most one for each index expression; a mask that never holds has
/// `Condition.impossible` as its only one.
package struct Mask: Hashable, Sendable {
  /// What has to hold, all of it.
  package private(set) var conditions: [Condition]

  /// The mask that holds everywhere.
  package static let always = Mask(sorted: [])
  /// The mask that holds nowhere.
  package static let never = Mask(sorted: [.impossible])

  /// Creates the conjunction of some conditions.
  package init(_ conditions: some Sequence<Condition>) {
    self = .always
    for condition in conditions { insert(condition) }
  }

  /// Creates the mask of one condition: `index` lies in `range`.
  package init(_ index: Index, in range: Range<Int>) { self.init(CollectionOfOne(Condition(index, in: range))) }

  private init(sorted conditions: [Condition]) { self.conditions = conditions }

  /// Whether the mask holds for all values of the variables.
  package var isAlways: Bool { conditions.isEmpty }

  /// Whether the mask is known to hold for no values of the variables.
  package var isNever: Bool { conditions.first?.decided == false }

  /// Returns the mask that holds where both do.
  package func and(_ other: Mask) -> Mask {
    if other.isAlways { return self }
    if isAlways { return other }
    var result = self
    for condition in other.conditions { result.insert(condition) }
    return result
  }

  /// Returns the mask that holds where this one and a condition do.
  package func and(_ condition: Condition) -> Mask {
    var result = self
    result.insert(condition)
    return result
  }

  /// Tells whether the mask holds for values of the variables.
  package func evaluate(_ value: (IndexVariable) -> Int) -> Bool {
    for condition in conditions where !condition.evaluate(value) { return false }
    return true
  }

  /// Replaces variables by expressions and simplifies, as `Index.substituting` does.
  package func substituting(_ replace: (IndexVariable) -> Index?) -> Mask {
    let replaced = conditions.map { $0.substituting(replace) }
    return replaced == conditions ? self : Mask(replaced)
  }

  /// The variables the mask depends on.
  package var variables: Set<IndexVariable> {
    var found: Set<IndexVariable> = []
    for condition in conditions { condition.index.forEachVariable { found.insert($0) } }
    return found
  }

  /// Tells whether the variable of an id occurs in the mask.
  package func contains(_ id: Int) -> Bool { conditions.contains { $0.index.contains(id) } }

  private mutating func insert(_ condition: Condition) {
    if isNever || condition.decided == true { return }
    if condition.decided == false {
      self = .never
      return
    }
    var place = conditions.count
    while place > 0 {
      let order = conditions[place - 1].index.compared(to: condition.index)
      if order < 0 { break }
      place -= 1
      if order > 0 { continue }
      let range = conditions[place].range.clamped(to: condition.range)
      let merged = Condition(condition.index, in: range)
      if merged.decided == false {
        self = .never
      } else if merged.index == condition.index {
        conditions[place] = merged
      } else {
        // The narrower range has let the condition become one on a simpler index, which may have its own already.
        conditions.remove(at: place)
        insert(merged)
      }
      return
    }
    conditions.insert(condition, at: place)
  }
}
