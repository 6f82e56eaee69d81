import LazyOps
import LazyScheduler

/// Elements of a local: those its indices give as placeholders, in place of loops' variables, run through all values
/// below their counts. A placeholder's id is the complement of its position among the counts.
private struct Region: Hashable {
  var indices: [Index]
  var counts: [Index] = []

  /// Lets a loop's variable run through all its values.
  mutating func generalize(over loop: Loop) {
    let id = loop.variable.id
    guard indices.contains(where: { $0.contains(id) }) || counts.contains(where: { $0.contains(id) }) else { return }
    let placeholder = Index(IndexVariable(id: ~counts.count, bounds: loop.variable.bounds))
    counts.append(loop.count)
    indices = indices.map { $0.substituting { $0.id == id ? placeholder : nil } }
    counts = counts.map { $0.substituting { $0.id == id ? placeholder : nil } }
  }

  /// Whether these are all elements of an array: each index runs through all numbers below its extent, whatever the
  /// others are.
  func isWhole(_ extents: [Int]) -> Bool {
    var used: Set<Int> = []
    return zip(indices, extents).allSatisfy { index, extent in
      // Its terms are the digits of a number: each weighs as much as all lower ones together can count.
      var digits: [(weight: Int, count: Int)] = []
      let terms: [IndexTerm]
      switch index {
      case .constant(0): terms = []
      case .variable: terms = [IndexTerm(coefficient: 1, atom: index)]
      case .sum(0, let summands): terms = summands
      case .constant, .sum, .floorDivide, .modulo, .minimum, .maximum: return false
      }
      for term in terms {
        guard case .variable(let digit) = term.atom, digit.id < 0, used.insert(digit.id).inserted,
          let count = counts[~digit.id].constantValue
        else { return false }
        digits.append((term.coefficient, count))
      }
      var weight = 1
      for digit in digits.sorted(by: { $0.weight < $1.weight }) {
        guard digit.weight == weight else { return false }
        weight *= digit.count
      }
      return weight == extent
    }
  }
}

// Whether what a local holds matters to later turns of a loop and to what follows it.
extension LoopProgram {
  /// Whether each turn of a loop replaces what it reads of a local first, and nothing after the loop reads what the
  /// last turn has left: then each turn may as well have a local of its own.
  func isPrivate(_ local: Int, to id: Int) -> Bool {
    guard let loop = loop(id) else { return false }
    return !readsEarlier(local, in: loop.body) && isRead(local, after: id, in: body) == false
  }

  /// Whether contents that a local has as the loop of an id ends are read; nil where the loop is not in the list.
  private func isRead(_ local: Int, after id: Int, in list: [Statement]) -> Bool? {
    for (position, statement) in list.enumerated() {
      let isReadInside: Bool?
      switch statement {
      case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: continue
      case .loop(let loop):
        if loop.variable.id == id {
          isReadInside = false
        } else {
          // After this turn comes the next one.
          isReadInside = isRead(local, after: id, in: loop.body).map { $0 || readsEarlier(local, in: loop.body) }
        }
      case .branch(_, let then, let otherwise):
        isReadInside = isRead(local, after: id, in: then) ?? isRead(local, after: id, in: otherwise)
      }
      if let isReadInside { return isReadInside || readsEarlier(local, in: Array(list[(position + 1)...])) }
    }
    return nil
  }

  /// Whether statements may read elements of a local that they have not written themselves before.
  private func readsEarlier(_ local: Int, in list: [Statement]) -> Bool {
    var written: Set<Region> = []
    return readsEarlier(local, in: list, loops: [], &written)
  }

  /// - Parameter loops: the loops that have been entered, from the outside in.
  private func readsEarlier(
    _ local: Int, in list: [Statement], loops: [Loop], _ written: inout Set<Region>
  ) -> Bool {
    for statement in list {
      if let access = statement.access, access.place.memory == .local(local) {
        let region = Region(indices: access.place.indices)
        if access.reads, !isWritten(region, of: local, loops, written) { return true }
        if access.writes { written.insert(region) }
      }
      switch statement {
      case .define, .bind, .store, .accumulate, .multiplyAdd, .prefetch: continue
      case .loop(let loop):
        var inner = written
        if readsEarlier(local, in: loop.body, loops: loops + [loop], &inner) { return true }
        for var region in inner.subtracting(written) {
          let before = region
          region.generalize(over: loop)
          if region != before || loop.count.bounds.lowerBound > 0 { written.insert(region) }
        }
      case .branch(_, let then, let otherwise):
        for branch in [then, otherwise] {
          var inner = written
          if readsEarlier(local, in: branch, loops: loops, &inner) { return true }
        }
      }
    }
    return false
  }

  /// Whether elements have been written, in this turn of all loops or in other turns of the inner ones.
  private func isWritten(_ region: Region, of local: Int, _ loops: [Loop], _ written: Set<Region>) -> Bool {
    if written.contains(region) || written.contains(where: { $0.isWhole(locals[local].extents) }) { return true }
    var region = region
    for loop in loops.reversed() {
      region.generalize(over: loop)
      if written.contains(region) { return true }
    }
    return false
  }
}
