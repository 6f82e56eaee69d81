import LazyOps
import LazyScheduler

// Whether turns of a loop can touch the same element. All answers are on the safe side: "independent" is proven.
extension LoopProgram {
  /// Returns two accesses of which different turns of a loop may touch the same element, one of them writing, or nil
  /// where the turns are independent. Locals may be left out, for a loop whose turns each have their own.
  package func conflict(in loop: Loop, ignoringLocals: Bool = false) -> (Access, Access)? {
    let inside = Set(loop.body.boundVariables.map(\.id))
    let accesses = loop.body.accesses.filter {
      switch $0.place.memory {
      case .buffer: true
      case .local: !ignoringLocals
      }
    }
    return conflict(accesses, accesses) { areApart($0, $1, turns: loop.variable, inside: inside) }
  }

  /// Returns the first pair from two lists that touch the same memory, one of them writing, and are not apart.
  func conflict(_ first: [Access], _ second: [Access], areApart: (Access, Access) -> Bool) -> (Access, Access)? {
    for a in first {
      for b in second where (a.writes || b.writes) && a.place.memory == b.place.memory {
        if !areApart(a, b) { return (a, b) }
      }
    }
    return nil
  }

  /// Whether two accesses to the same memory touch different elements whenever `turns` has different values at the two.
  /// Variables `inside` may have any values at the two; all others have the same.
  func areApart(_ a: Access, _ b: Access, turns: IndexVariable, inside: Set<Int>) -> Bool {
    func areApart(_ x: Index, _ y: Index) -> Bool {
      self.areApart(x, y, a.conditions, b.conditions, turns: turns, inside: inside)
    }
    switch (a.place, b.place) {
    case (.buffer(_, let x), .buffer(_, let y)): return areApart(x, y)
    case (.local(let local, let x), .local(_, let y)):
      let extents = locals[local].extents
      func flat(_ indices: [Index]) -> Index { zip(indices, extents).reduce(.constant(0)) { $0 * $1.1 + $1.0 } }
      return areApart(flat(x), flat(y)) || (x.count > 1 && zip(x, y).contains(where: areApart))
    case (.buffer, .local), (.local, .buffer): return true
    }
  }

  private func areApart(
    _ a: Index, _ b: Index, _ conditionsOfA: [Condition], _ conditionsOfB: [Condition], turns: IndexVariable,
    inside: Set<Int>
  ) -> Bool {
    guard let digits = digits(of: turns, in: [a, b]) else { return false }
    // The two sides get variables of their own, beyond those of the program.
    let left = digits.indices.map { IndexVariable(id: nextVariable + $0, extent: digits[$0].extent) }
    let right = digits.indices.map { IndexVariable(id: left.last!.id + 1 + $0, extent: digits[$0].extent) }
    func renamed(_ variable: IndexVariable) -> IndexVariable {
      IndexVariable(id: right.last!.id + 1 + variable.id, bounds: variable.bounds)
    }
    func side(isLeft: Bool) -> (IndexVariable) -> Index? {
      let whole = zip(isLeft ? left : right, digits).reduce(Index.constant(0)) { $0 + Index($1.0) * $1.1.weight }
      return { variable in
        if variable.id == turns.id { return whole }
        return isLeft || !inside.contains(variable.id) ? nil : Index(renamed(variable))
      }
    }
    let (leftSide, rightSide) = (side(isLeft: true), side(isLeft: false))
    let difference = a.substituting(leftSide) - b.substituting(rightSide)
    let pairs = zip(left, right).filter { $0.0.bounds.count > 1 }
    if isZeroOnlyForEqual(difference, pairs, bounds: \.bounds) { return true }

    // Counts that depend on other loops, and conditions, tell more.
    let uneven = loops.filter { $0.count.constantValue == nil }
    if uneven.isEmpty, conditionsOfA.isEmpty, conditionsOfB.isEmpty { return false }
    var scope = IndexScope()
    for loop in loops {
      if loop.variable.id != turns.id {
        scope.enter(loop.variable, count: loop.count.substituting(leftSide))
        if inside.contains(loop.variable.id) {
          scope.enter(renamed(loop.variable), count: loop.count.substituting(rightSide))
        }
      } else if digits.count == 1 {
        scope.enter(left[0], count: loop.count)
        scope.enter(right[0], count: loop.count)
      }
    }
    for condition in conditionsOfA { scope.assume(condition.substituting(leftSide)) }
    for condition in conditionsOfB { scope.assume(condition.substituting(rightSide)) }
    if scope.isUnreachable { return true }
    return isZeroOnlyForEqual(difference, pairs, bounds: scope.bounds)
  }

  /// Whether a difference of two flat indices is 0 only where both variables of each pair are equal.
  ///
  /// It is read as a number with digits: the terms with the largest coefficients have one sum only where all the others
  /// together can be one multiple only of their common divisor.
  private func isZeroOnlyForEqual(
    _ difference: Index, _ pairs: [(IndexVariable, IndexVariable)], bounds: (Index) -> ClosedRange<Int>
  ) -> Bool {
    if !bounds(difference).contains(0) { return true }
    var rest = difference
    var open: [(coefficient: Int, terms: Index, isPair: Bool)] = []
    for (left, right) in pairs {
      // Elsewhere in the difference, in a minimum perhaps, the variables count as part of the rest.
      let stride = difference.ownCoefficient(of: left.id)
      guard stride != 0 else { return false }
      open.append((abs(stride), (Index(left) - Index(right)) * stride, true))
      rest = rest - open[open.count - 1].terms
    }
    var constant: Int
    switch rest {
    case .constant(let value): constant = value
    case .sum(let value, let terms):
      constant = value
      open += terms.map { (abs($0.coefficient), $0.atom * $0.coefficient, false) }
    case .variable, .floorDivide, .modulo, .minimum, .maximum:
      constant = 0
      open.append((1, rest, false))
    }
    open.sort { $0.coefficient > $1.coefficient }
    while open.contains(where: \.isPair) {
      var found: (cut: Int, multiple: Int)?
      for cut in 1...open.count where found == nil {
        let divisor = open[..<cut].reduce(0) { Int.greatestCommonDivisor($0, $1.coefficient) }
        let range = bounds(open[cut...].reduce(.constant(constant)) { $0 + $1.terms })
        // What is left is a multiple of the divisor too: which ones are possible?
        let (first, last) = (range.lowerBound.ceilDivided(by: divisor), range.upperBound.floorDivided(by: divisor))
        if first > last { return true }
        if first == last { found = (cut, first * divisor) }
      }
      guard let (cut, multiple) = found else { return false }
      if open[..<cut].contains(where: \.isPair), cut > 1 || multiple != 0 { return false }
      constant -= multiple
      open.removeFirst(cut)
    }
    return true
  }

  /// Writes a variable as a number with digits, so that its quotients and remainders in some expressions each are made
  /// of whole digits; nil where the divisors do not divide each other. The lowest digit comes first.
  private func digits(of variable: IndexVariable, in indices: [Index]) -> [(weight: Int, extent: Int)]? {
    guard variable.bounds.lowerBound == 0 else { return nil }
    var cuts: Set<Int> = []
    for index in indices { collectCuts(of: variable.id, in: index, into: &cuts) }
    let extent = variable.bounds.upperBound + 1
    let weights = [1] + cuts.filter { $0 > 1 && $0 < extent }.sorted()
    var digits: [(weight: Int, extent: Int)] = []
    for (place, weight) in weights.enumerated() {
      let next = place + 1 < weights.count ? weights[place + 1] : nil
      if let next, next % weight != 0 { return nil }
      digits.append((weight, next.map { $0 / weight } ?? extent.ceilDivided(by: weight)))
    }
    return digits
  }

  private func collectCuts(of id: Int, in index: Index, into cuts: inout Set<Int>) {
    switch index {
    case .constant, .variable: return
    case .sum(_, let terms): for term in terms { collectCuts(of: id, in: term.atom, into: &cuts) }
    case .floorDivide(let dividend, let divisor), .modulo(let dividend, let divisor):
      guard dividend.contains(id) else { return }
      cuts.insert(divided(dividend).multipliedSaturated(by: divisor))
      collectCuts(of: id, in: dividend, into: &cuts)
    case .minimum(let a, let b), .maximum(let a, let b):
      collectCuts(of: id, in: a, into: &cuts)
      collectCuts(of: id, in: b, into: &cuts)
    }
  }

  /// What a chain of quotients divides by, all in all.
  private func divided(_ index: Index) -> Int {
    guard case .floorDivide(let dividend, let divisor) = index else { return 1 }
    return divided(dividend).multipliedSaturated(by: divisor)
  }
}
