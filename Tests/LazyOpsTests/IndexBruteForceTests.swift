import LazyOps
import Testing

/// The generator of Steele, Lea and Flood: the same seed gives the same tests everywhere.
struct IndexTestGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// An expression built by the smart constructors, beside what it has to be: its value at every point, computed one
/// operation at a time without any simplification.
struct IndexSample {
  var index: Index
  var values: [Int]
  /// How it was built, for messages.
  var history: String
}

/// All points of a few variables with small ranges.
struct IndexTestSpace {
  let variables: [IndexVariable]
  let points: [[Int]]

  init(_ ranges: [ClosedRange<Int>]) {
    variables = ranges.enumerated().map { IndexVariable(id: $0.offset, bounds: $0.element) }
    points = ranges.reduce([[]]) { points, range in points.flatMap { point in range.map { point + [$0] } } }
  }

  static func random(_ generator: inout IndexTestGenerator) -> IndexTestSpace {
    let count = Int.random(in: 2...4, using: &generator)
    let most = [2: 8, 3: 4, 4: 3][count]!
    return IndexTestSpace(
      (0..<count).map { _ in
        let lower = Bool.random(using: &generator) ? 0 : Int.random(in: -3...2, using: &generator)
        return lower...(lower + Int.random(in: 0..<most, using: &generator))
      })
  }

  func evaluate(_ index: Index) -> [Int] { points.map { point in index.evaluate { point[$0.id] } } }

  /// Returns the variables and what random operations make of them; every one of `count` results is made of earlier ones.
  func samples(_ count: Int, _ generator: inout IndexTestGenerator) -> [IndexSample] {
    var pool = variables.map { variable in
      IndexSample(index: Index(variable), values: points.map { $0[variable.id] }, history: "\(variable)")
    }
    while pool.count < variables.count + count {
      let sample = combine(pool.randomElement(using: &generator)!, pool.randomElement(using: &generator)!, &generator)
      if sample.values.allSatisfy({ $0.magnitude < 100_000 }), sample.history.utf8.count < 300 { pool.append(sample) }
    }
    return pool
  }

  private func combine(_ a: IndexSample, _ b: IndexSample, _ generator: inout IndexTestGenerator) -> IndexSample {
    let divisor = [1, 2, 2, 3, 4, 4, 5, 6, 8, 12, 24].randomElement(using: &generator)!
    let factor = [-12, -4, -3, -2, -1, 0, 2, 2, 3, 4, 4, 5, 6, 8, 12].randomElement(using: &generator)!
    func unary(_ index: Index, _ name: String, _ f: (Int) -> Int) -> IndexSample {
      IndexSample(index: index, values: a.values.map(f), history: "(\(a.history))\(name)")
    }
    func binary(_ index: Index, _ name: String, _ f: (Int, Int) -> Int) -> IndexSample {
      IndexSample(index: index, values: zip(a.values, b.values).map(f), history: "(\(a.history))\(name)(\(b.history))")
    }
    func floor(_ value: Int) -> Int { Int((Double(value) / Double(divisor)).rounded(.down)) }
    switch Int.random(in: 0..<21, using: &generator) {
    case 0...2: return binary(a.index + b.index, "+", +)
    case 3: return binary(a.index - b.index, "-", -)
    case 4: return unary(a.index + factor, "+\(factor)") { $0 + factor }
    case 5: return unary(a.index - factor, "-\(factor)") { $0 - factor }
    case 6, 7: return unary(a.index * factor, "*\(factor)") { $0 * factor }
    case 8: return binary(a.index * divisor + b.index, "*\(divisor)+") { $0 * divisor + $1 }
    case 9: return unary(-a.index, ".negated") { -$0 }
    case 10, 11: return unary(a.index.floorDivide(by: divisor), "/\(divisor)", floor)
    case 12, 13: return unary(a.index.modulo(divisor), "%\(divisor)") { $0 - floor($0) * divisor }
    case 14: return binary(Index.min(a.index, b.index), "min") { $0 < $1 ? $0 : $1 }
    case 15: return binary(Index.max(a.index, b.index), "max") { $0 > $1 ? $0 : $1 }
    // What quotients and remainders are made of together, belonging to one another or not.
    case 16:
      let whole = a.index.floorDivide(by: divisor) * divisor * factor + b.index.modulo(divisor) * factor
      return binary(whole, "/n*n + %n of \(divisor), \(factor) ") {
        (floor($0) * divisor + $1 - floor($1) * divisor) * factor
      }
    case 17:
      let rest = b.index * factor - a.index.floorDivide(by: divisor) * divisor * factor
      return binary(rest, "/n*n less from x of \(divisor), \(factor) ") { ($1 - floor($0) * divisor) * factor }
    case 18:
      let digits = a.index.floorDivide(by: divisor).modulo(4) * divisor + b.index.modulo(divisor)
      return binary(digits, "/n%4*n + %n of \(divisor) ") {
        ((floor($0) % 4) + 4) % 4 * divisor + $1 - floor($1) * divisor
      }
    case 19: return unary(Index.min(a.index, .constant(factor)), "min\(factor)") { $0 < factor ? $0 : factor }
    default: return unary(Index.max(.constant(factor), a.index), "max\(factor)") { $0 > factor ? $0 : factor }
    }
  }
}

@Suite struct IndexBruteForceTests {
  /// Everything one can ask of an expression, at every point: 32 spaces at a time, 8 x 32 x 80 = 20,480 expressions.
  @Test(arguments: 0..<8) func agreesWithPlainEvaluation(seed: Int) {
    var generator = IndexTestGenerator(state: UInt64(seed))
    for _ in 0..<32 {
      let space = IndexTestSpace.random(&generator)
      for sample in space.samples(80, &generator) {
        let found = space.evaluate(sample.index)
        #expect(found == sample.values, "\(sample.history) became \(sample.index)")
        if found != sample.values { return }
        let bounds = sample.index.bounds
        let inside = found.allSatisfy(bounds.contains)
        #expect(inside, "\(sample.index) has values beyond its bounds \(bounds)")
        checkVariables(sample, space)
        checkNormalForm(sample.index)
      }
    }
  }

  private func checkVariables(_ sample: IndexSample, _ space: IndexTestSpace) {
    let present = sample.index.variables
    for variable in space.variables {
      let contains = sample.index.contains(variable.id)
      #expect(contains == present.contains(variable))
      let varies = space.points.indices.contains { place in
        var first = space.points[place]
        first[variable.id] = variable.bounds.lowerBound
        return sample.values[place] != sample.index.evaluate { first[$0.id] }
      }
      #expect(contains || !varies, "\(sample.index) lost \(variable)")
      guard let stride = sample.index.coefficient(of: variable.id) else { continue }
      for (point, value) in zip(space.points, sample.values) {
        var next = point
        next[variable.id] += 1
        let grown = sample.index.evaluate { next[$0.id] }
        if grown != value + stride { Issue.record("\(sample.index) does not grow by \(stride) in \(variable)") }
      }
    }
  }

  /// The promises of the enum's documentation.
  private func checkNormalForm(_ index: Index) {
    switch index {
    case .constant, .variable:
      return
    case .sum(let constant, let terms):
      #expect(!terms.isEmpty && terms.allSatisfy { $0.coefficient != 0 }, "\(index)")
      #expect(terms.count > 1 || constant != 0 || terms[0].coefficient != 1, "\(index)")
      for (a, b) in zip(terms, terms.dropFirst()) { #expect(a.atom.compared(to: b.atom) < 0, "\(index)") }
      for term in terms {
        switch term.atom {
        case .constant, .sum: Issue.record("\(index) has \(term.atom) as an atom")
        case .variable, .floorDivide, .modulo, .minimum, .maximum: checkNormalForm(term.atom)
        }
      }
    case .floorDivide(let dividend, let divisor), .modulo(let dividend, let divisor):
      let range = dividend.bounds
      let lower = (Double(range.lowerBound) / Double(divisor)).rounded(.down)
      #expect(lower != (Double(range.upperBound) / Double(divisor)).rounded(.down), "\(index) is decided by bounds")
      checkNormalForm(dividend)
    case .minimum(let a, let b), .maximum(let a, let b):
      #expect(a != b)
      checkNormalForm(a)
      checkNormalForm(b)
    }
  }

  @Test(arguments: 0..<4) func substitutionCommutesWithEvaluation(seed: Int) {
    var generator = IndexTestGenerator(state: UInt64(1000 + seed))
    for _ in 0..<40 {
      let space = IndexTestSpace.random(&generator)
      let samples = space.samples(40, &generator)
      for _ in 0..<40 {
        let sample = samples.randomElement(using: &generator)!
        // Bring random expressions into the bounds of the variables they replace; one variable stays.
        let replacements = space.variables.dropLast().map { variable in
          samples.randomElement(using: &generator)!.index.modulo(variable.bounds.count) + variable.bounds.lowerBound
        }
        let replaced = sample.index.substituting { $0.id < replacements.count ? replacements[$0.id] : nil }
        for point in space.points {
          let values = replacements.map { $0.evaluate { point[$0.id] } } + [point[space.variables.count - 1]]
          let (found, wanted) = (replaced.evaluate { point[$0.id] }, sample.index.evaluate { values[$0.id] })
          if found != wanted { Issue.record("\(sample.index) with \(replacements) became \(replaced)") }
        }
      }
    }
  }

  @Test(arguments: 0..<4) func masksAgreeWithPlainEvaluation(seed: Int) {
    var generator = IndexTestGenerator(state: UInt64(2000 + seed))
    for _ in 0..<60 {
      let space = IndexTestSpace.random(&generator)
      let samples = space.samples(20, &generator)
      for _ in 0..<30 {
        let parts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
          let sample = samples.randomElement(using: &generator)!
          let middle = sample.values.randomElement(using: &generator)!
          let lower =
            Int.random(in: 0..<9, using: &generator) == 0 ? Int.min : middle - Int.random(in: -1...4, using: &generator)
          let upper =
            Int.random(in: 0..<9, using: &generator) == 0 ? Int.max : middle + Int.random(in: 1...6, using: &generator)
          return (sample, lower..<upper)
        }
        checkMask(parts, space, &generator)
      }
    }
  }

  private func checkMask(
    _ parts: [(sample: IndexSample, range: Range<Int>)], _ space: IndexTestSpace, _ generator: inout IndexTestGenerator
  ) {
    let mask = Mask(parts.map { Condition($0.sample.index, in: $0.range) })
    let wanted = space.points.indices.map { place in parts.allSatisfy { $0.range.contains($0.sample.values[place]) } }
    let found = space.points.map { point in mask.evaluate { point[$0.id] } }
    #expect(found == wanted, "\(parts.map { "\($0.sample.index) in \($0.range)" }) became \(mask)")
    if mask.isAlways { #expect(wanted.allSatisfy { $0 }) }
    if mask.isNever { #expect(!wanted.contains(true)) }
    for condition in mask.conditions where !mask.isNever { #expect(condition.decided == nil) }
    for (a, b) in zip(mask.conditions, mask.conditions.dropFirst()) { #expect(a.index.compared(to: b.index) < 0) }
    for variable in space.variables { #expect(mask.variables.contains(variable) == mask.contains(variable.id)) }

    // The order of conditions does not matter to the meaning, nor does building a mask in two halves.
    let halves = Mask(parts.dropFirst().map { Condition($0.sample.index, in: $0.range) })
      .and(Condition(parts[0].sample.index, in: parts[0].range))
    let foundHalves = space.points.map { point in halves.evaluate { point[$0.id] } }
    #expect(foundHalves == wanted)

    // Fix the first variable.
    let first = space.variables[0]
    let value = first.bounds.randomElement(using: &generator)!
    let fixed = mask.substituting { $0.id == first.id ? .constant(value) : nil }
    #expect(!fixed.contains(first.id))
    for point in space.points where point[0] == value {
      let holds = fixed.evaluate { point[$0.id] }
      if holds != mask.evaluate({ point[$0.id] }) { Issue.record("\(mask) with \(first) = \(value) became \(fixed)") }
    }
  }
}
