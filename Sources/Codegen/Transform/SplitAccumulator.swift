import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Whether `splitAccumulator` may be called.
  package func canSplitAccumulator(_ id: Int, lanes: Int) -> Bool {
    (try? accumulatorsSplit(id, lanes: lanes)) != nil
  }

  /// Accumulates `lanes` partial results side by side in a serial loop that combines into locals, and combines those
  /// at its end. This is the only transformation that changes the order in which numbers are combined: sums of floats
  /// come out rounded otherwise, always in the same order for the same count and number of lanes.
  ///
  ///     for k in 0..<n { s += f(k) }
  ///     ->    part[l] = 0 for each lane l
  ///           for o in 0..<n/lanes { for l in 0..<lanes (vector) { part[l] += f(o*lanes + l) } }
  ///           for l in 0..<n%lanes (vector) { part[l] += f(n - n%lanes + l) }
  ///           part[l] += part[l + half] for each l < half, for half = lanes/2, ..., 2, 1
  ///           s += part[0]
  ///
  /// The loop may have at least `lanes` turns, a power of two, and has no loop inside. A local that is only
  /// accumulated into in it, with one operation and at places that stay the same, is split; what else the body does
  /// must be independent from turn to turn.
  package mutating func splitAccumulator(_ id: Int, lanes: Int) {
    insist(on: "split the accumulators of", of: id) { program throws(Refusal) in
      (try program.accumulatorsSplit(id, lanes: lanes), ())
    }
  }

  private func accumulatorsSplit(_ id: Int, lanes: Int) throws(Refusal) -> LoopProgram {
    let loop = try require(id)
    guard loop.kind == .serial else { throw Refusal("it is no serial loop") }
    let count = loop.count
    guard lanes > 1, lanes & (lanes - 1) == 0, count.bounds.upperBound >= lanes else {
      throw Refusal("\(lanes) lanes of \(count)")
    }
    if loop.body.contains(where: \.hasLoop) { throw Refusal("there is a loop in it") }
    try requireOwnLocals(in: id)
    let accumulators = try accumulators(of: loop)
    if accumulators.isEmpty { throw Refusal("it accumulates into no local that stays the same") }

    var program = self
    var parts: [Place: Int] = [:]
    for (place, _) in accumulators {
      guard case .local(let local, _) = place else { continue }
      parts[place] = program.makeLocal("\(locals[local].name)_part", locals[local].dtype, [lanes])
    }
    let statements =
      program.initialLanes(accumulators, parts, lanes) + (try program.laneLoops(loop, parts, lanes, count))
      + program.combination(accumulators, parts, lanes)
    program.replace(id, by: statements)
    return program
  }

  private typealias Accumulators = [(place: Place, op: ReduceOp)]

  /// The places a loop's body accumulates into that are the same in every turn, in order.
  private func accumulators(of loop: Loop) throws(Refusal) -> Accumulators {
    let varying = Set(loop.body.boundVariables.map(\.id) + [loop.variable.id])
    var found: Accumulators = []
    var other: Set<Memory> = []
    loop.body.forEachStatement { statement in
      guard let access = statement.access else { return }
      var operation: ReduceOp?
      switch statement {
      case .accumulate(_, let op, _): operation = op
      case .multiplyAdd: operation = .sum
      case .define, .bind, .store, .prefetch, .loop, .branch: break
      }
      guard let operation, case .local = access.place,
        !access.place.indices.contains(where: { varying.contains(where: $0.contains) })
      else {
        other.insert(access.place.memory)
        return
      }
      if !found.contains(where: { $0.place == access.place && $0.op == operation }) {
        found.append((access.place, operation))
      }
    }
    found.removeAll { other.contains($0.place.memory) }
    for (place, op) in found where found.contains(where: { $0.place.memory == place.memory && $0.op != op }) {
      throw Refusal("\(text(place)) is combined in two ways")
    }
    return found
  }

  private mutating func initialLanes(_ accumulators: Accumulators, _ parts: [Place: Int], _ lanes: Int) -> [Statement] {
    let lane = makeVariable(extent: lanes)
    let body = accumulators.flatMap { place, op -> [Statement] in
      let dtype = locals[parts[place]!].dtype
      let identity = makeValue(dtype)
      return [
        .define(identity, .constant(op.identity(dtype))), .store(.local(parts[place]!, [.variable(lane)]), identity),
      ]
    }
    return [.loop(Loop(variable: lane, name: "lane", count: .constant(lanes), kind: .vector, body: body))]
  }

  /// The turns, `lanes` at a time, and those left over.
  private mutating func laneLoops(
    _ loop: Loop, _ parts: [Place: Int], _ lanes: Int, _ count: Index
  ) throws(Refusal) -> [Statement] {
    let (turns, rest) = (count.floorDivide(by: lanes), count.modulo(lanes))
    let most = (loop.variable.bounds.upperBound + 1) / lanes
    let outer = makeVariable(extent: most)
    func body(_ statements: [Statement], _ lane: IndexVariable) -> [Statement] {
      statements.substituting(
        Substitution(place: { place in
          parts[place].map { .local($0, [.variable(lane)]) } ?? place
        }))
    }
    func vector(_ count: Index, _ lane: IndexVariable, _ body: [Statement]) throws(Refusal) -> Statement {
      let vector = Loop(variable: lane, name: loop.name, count: count, kind: .vector, body: body)
      if let fault = fault(ofKind: vector, isOutermost: false) { throw Refusal(fault) }
      return .loop(vector)
    }

    let lane = makeVariable(extent: lanes)
    let replacing = Substitution(indices: [loop.variable.id: Index(outer) * lanes + Index(lane)])
    let inner = try vector(.constant(lanes), lane, body(loop.body, lane).substituting(replacing))
    let main = Loop(variable: outer, name: loop.name, count: turns, body: [inner])
    var statements: [Statement] = turns == .constant(1) ? [inner] : [.loop(main)]
    if rest != .constant(0) {
      let lane = makeVariable(extent: rest.bounds.upperBound + 1 - (rest.constantValue == nil ? 0 : 1))
      let tail = copy(body(loop.body, lane), replacing: [loop.variable.id: Index(lane) + turns * lanes])
      statements.append(try vector(rest, lane, tail))
    }
    return statements
  }

  /// Combines the lanes pairwise, then with what was there before the loop.
  private mutating func combination(_ accumulators: Accumulators, _ parts: [Place: Int], _ lanes: Int) -> [Statement] {
    var statements: [Statement] = []
    var half = lanes / 2
    while half > 0 {
      let lane = makeVariable(extent: half)
      let body = accumulators.flatMap { place, op -> [Statement] in
        let local = parts[place]!
        let upper = makeValue(locals[local].dtype)
        return [
          .define(upper, .load(.local(local, [Index(lane) + half]), .always)),
          .accumulate(.local(local, [Index(lane)]), op, upper),
        ]
      }
      let loop = Loop(variable: lane, name: "lane", count: .constant(half), kind: .vector, body: body)
      statements += half == 1 ? body : [.loop(loop)]
      half /= 2
    }
    for (place, op) in accumulators {
      let local = parts[place]!
      let whole = makeValue(locals[local].dtype)
      statements.append(.define(whole, .load(.local(local, [.constant(0)]), .always)))
      statements.append(.accumulate(place, op, whole))
    }
    return statements
  }
}
