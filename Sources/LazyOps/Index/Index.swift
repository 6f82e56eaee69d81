/// An integer expression over variables with known bounds: the one index language of shapes, schedules, loop programs
/// and C.
///
/// Expressions are built with the operators below, which keep them in normal form, so that equal meanings mostly have
/// equal trees: sums are flat, sorted and without zero terms; constants are folded; a division or remainder that the
/// bounds decide is gone. A variable may be written as its case; everything else is written with the operators, because
/// a tree written by cases is not in normal form.
///
/// Only the cases that hold an expression directly are boxed: constants and variables, by far the most frequent, cost
/// no allocation.
package enum Index: Hashable, Sendable {
  case constant(Int)
  case variable(IndexVariable)
  /// `constant + coefficient * atom + ...`, at least one term; atoms are no constants and no sums. Terms are sorted by
  /// atom, each atom occurs once, no coefficient is 0, and there is more to it than one atom.
  case sum(constant: Int, terms: [IndexTerm])
  /// Division rounded towards negative infinity; the divisor is positive.
  indirect case floorDivide(Index, Int)
  /// The remainder of `floorDivide`: from 0 to the divisor - 1.
  indirect case modulo(Index, Int)
  indirect case minimum(Index, Index)
  indirect case maximum(Index, Index)
}

/// One summand of an index expression.
package struct IndexTerm: Hashable, Sendable {
  package var coefficient: Int
  package var atom: Index

  package init(coefficient: Int, atom: Index) {
    self.coefficient = coefficient
    self.atom = atom
  }
}

/// A variable of index expressions: a loop's counter, a run-time extent, or an index read from a tensor.
package struct IndexVariable: Hashable, Sendable {
  /// What tells variables apart inside one kernel.
  package let id: Int
  /// The values it can take, both ends included.
  package let bounds: ClosedRange<Int>

  package init(id: Int, bounds: ClosedRange<Int>) {
    self.id = id
    self.bounds = bounds
  }

  /// Creates a variable that counts from 0 to `extent` - 1; `extent` is at least 1.
  package init(id: Int, extent: Int) { self.init(id: id, bounds: 0...(extent - 1)) }
}
