import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Random programs under random legal transformations: after each of them the program is well formed and gives the same
/// bits as before it, or almost the same numbers where accumulators were split.
struct TransformRandomTests {
  @Test(arguments: 0..<20) func randomTransformationsKeepTheMeaning(batch: Int) {
    for seed in (batch * 50)..<(batch * 50 + 50) {
      var numbers = SeededNumbers(seed)
      let original = randomProgram(&numbers)
      #expect(original.verify() == nil, "seed \(seed)\n\(original)")
      var program = original
      var steps: [String] = []
      var before = results(original)
      for _ in 0..<(3 + numbers.below(6)) {
        var isExact = true
        guard let step = applyRandomStep(&program, &numbers, &isExact) else { continue }
        steps.append(step)
        if let fault = program.verify() {
          Issue.record("seed \(seed): \(fault) after \(steps)\n\(original)\n\(program)")
          return
        }
        let after = results(program)
        let agree =
          isExact
          ? after == before
          : after.failure == before.failure && zip(after.buffers.joined(), before.buffers.joined()).allSatisfy(isClose)
        #expect(agree, "seed \(seed) after \(steps)\n\(original)\n\(program)")
        before = after
      }
    }
  }

  @Test func transformationsOfEveryKindHappen() {
    var counts: [String: Int] = [:]
    for seed in 0..<200 {
      var numbers = SeededNumbers(seed)
      var program = randomProgram(&numbers)
      var isExact = true
      for _ in 0..<(3 + numbers.below(6)) {
        guard let step = applyRandomStep(&program, &numbers, &isExact) else { continue }
        counts[String(step.prefix { $0 != " " }), default: 0] += 1
      }
    }
    let names = [
      "split", "clamp", "interchange", "distribute", "collapse", "vectorize", "unroll", "parallelize", "accumulators",
      "specialize", "hoist", "merge", "dead", "renumber",
    ]
    for name in names { #expect(counts[name, default: 0] >= 3, "\(name): \(counts)") }
  }

  private func isClose(_ a: Scalar, _ b: Scalar) -> Bool {
    a == b || abs(a.double - b.double) <= 1e-4 * max(1, abs(b.double))
  }
}

/// Applies one transformation at random where it is legal, and returns what it did.
private func applyRandomStep(
  _ program: inout LoopProgram, _ numbers: inout SeededNumbers, _ isExact: inout Bool
) -> String? {
  let ids = program.loops.map(\.variable.id)
  guard !ids.isEmpty else { return nil }
  let id = numbers.pick(ids)
  let factor = 1 + numbers.below(5)
  switch numbers.below(16) {
  case 0, 1:
    guard program.canSplit(id, by: factor, tail: .peeled) else { return nil }
    _ = program.split(id, by: factor, tail: .peeled)
    return "split i\(id) by \(factor)"
  case 2, 3:
    guard program.canSplit(id, by: factor, tail: .clamped) else { return nil }
    _ = program.split(id, by: factor, tail: .clamped)
    return "clamp i\(id) by \(factor)"
  case 4, 5:
    guard let id = ids.first(where: program.canInterchange) else { return nil }
    program.interchange(id)
    return "interchange i\(id)"
  case 6, 7:
    guard program.canDistribute(id) else { return nil }
    _ = program.distribute(id)
    return "distribute i\(id)"
  case 8:
    guard program.canCollapse(id) else { return nil }
    _ = program.collapse(id)
    return "collapse i\(id)"
  case 9:
    guard program.canVectorize(id) else { return nil }
    program.vectorize(id)
    return "vectorize i\(id)"
  case 10:
    guard program.canUnroll(id) else { return nil }
    program.unroll(id)
    return "unroll i\(id)"
  case 11:
    guard program.canParallelize(id) else { return nil }
    program.parallelize(id)
    return "parallelize i\(id)"
  case 12:
    guard let id = ids.first(where: { program.canSplitAccumulator($0, lanes: 2) }) else { return nil }
    program.splitAccumulator(id, lanes: 2)
    isExact = false
    return "accumulators i\(id)"
  case 13:
    for inner in ids.reversed() {
      for outer in program.path(to: inner)!.map(\.variable.id) where program.canSpecialize(inner, inBodyOf: outer) {
        program.specialize(inner, inBodyOf: outer)
        return "specialize i\(inner) in i\(outer)"
      }
    }
    return nil
  case 14:
    program.hoistInvariants()
    return "hoist"
  default:
    switch numbers.below(3) {
    case 0:
      program.mergeCommonValues()
      return "merge"
    case 1:
      program.removeDeadCode()
      return "dead"
    default:
      program.renumber()
      return "renumber"
    }
  }
}

// MARK: - Programs

private func randomProgram(_ numbers: inout SeededNumbers) -> LoopProgram {
  switch numbers.below(6) {
  case 0: elementwise(&numbers)
  case 1: reduction(&numbers)
  case 2: softmaxProgram(1 + numbers.below(4), 1 + numbers.below(6))
  case 3: staged(&numbers)
  case 4: gather(&numbers)
  default: carried(&numbers)
  }
}

/// A value computed from others by a few operations at random.
private func mix(_ b: inout LoopBuilder, _ values: [Value], _ numbers: inout SeededNumbers) -> Value {
  var pool = values
  for _ in 0..<(1 + numbers.below(3)) {
    switch numbers.below(4) {
    case 0: pool.append(b.unary(numbers.pick([.negate, .absolute, .tanh]), numbers.pick(pool)))
    case 1: pool.append(b.binary(.multiply, numbers.pick(pool), b.real(Double(numbers.below(7)) / 2)))
    default: pool.append(b.binary(numbers.pick([.add, .subtract, .maximum]), numbers.pick(pool), numbers.pick(pool)))
    }
  }
  return pool[pool.count - 1]
}

/// Loops around loads of several layouts, some masked, and stores; sometimes in place.
private func elementwise(_ numbers: inout SeededNumbers) -> LoopProgram {
  var b = LoopBuilder("elementwise")
  let (m, n) = (1 + numbers.below(6), 1 + numbers.below(7))
  let x = b.buffer("x", m * n)
  let row = b.buffer("row", n)
  let (y, z) = (b.buffer("y", m * n, isWritten: true), b.buffer("z", m * n, isWritten: true))
  let isInPlace = numbers.below(2) == 0
  let shift = numbers.below(3) - 1
  var own = numbers
  b.loop("i", m) { b, i in
    b.loop("j", n) { b, j in
      let layout = own.pick([i * n + j, j * m + i])
      var values = [b.load(.buffer(x, layout)), b.load(.buffer(row, j))]
      let neighbour = Mask(j + shift, in: 0..<n)
      values.append(b.load(.buffer(x, i * n + j + shift), if: neighbour))
      if isInPlace { values.append(b.load(.buffer(y, i * n + j))) }
      let result = mix(&b, values, &own)
      b.emit(.store(.buffer(y, i * n + j), result))
      let again = b.load(.buffer(y, i * n + j))
      b.emit(.store(.buffer(z, j * m + i), mix(&b, [again, result], &own)))
    }
  }
  numbers = own
  return b.finished
}

/// Accumulators over one or two loops, with a prologue and an epilogue.
private func reduction(_ numbers: inout SeededNumbers) -> LoopProgram {
  var b = LoopBuilder("reduction")
  let (m, k, p) = (1 + numbers.below(5), 1 + numbers.below(6), 1 + numbers.below(3))
  let (x, w) = (b.buffer("x", m * k * p), b.buffer("w", k * p))
  let y = b.buffer("y", m, isWritten: true)
  let (acc, top) = (b.local("acc"), b.local("top"))
  var own = numbers
  b.loop("i", m) { b, i in
    b.emit(.store(.local(acc, []), b.real(0)))
    b.emit(.store(.local(top, []), b.real(-100)))
    b.loop("k", k) { b, q in
      b.loop("p", p) { b, r in
        let v = b.load(.buffer(x, (i * k + q) * p + r))
        let weight = b.load(.buffer(w, q * p + r), if: Mask(q + r, in: 0..<(k + p - 2)))
        b.emit(.multiplyAdd(.local(acc, []), v, weight))
        b.emit(.accumulate(.local(top, []), .maximum, mix(&b, [v, weight], &own)))
      }
    }
    let sums = [b.load(.local(acc, [])), b.load(.local(top, []))]
    b.emit(.store(.buffer(y, i), mix(&b, sums, &own)))
  }
  numbers = own
  return b.finished
}

/// A row in scratch, a sum over it, and what comes of both.
private func staged(_ numbers: inout SeededNumbers) -> LoopProgram {
  var b = LoopBuilder("staged")
  let (m, n) = (1 + numbers.below(4), 1 + numbers.below(6))
  let x = b.buffer("x", m * n)
  let y = b.buffer("y", m * n, isWritten: true)
  let (scratch, acc) = (b.local("scratch", [n]), b.local("acc"))
  var own = numbers
  b.loop("r", m) { b, r in
    b.loop("c", n) { b, c in
      let v = b.load(.buffer(x, r * n + c))
      b.emit(.store(.local(scratch, [c]), mix(&b, [v], &own)))
    }
    b.emit(.store(.local(acc, []), b.real(0)))
    b.loop("c", n) { b, c in b.emit(.accumulate(.local(acc, []), .sum, b.load(.local(scratch, [c])))) }
    let sum = b.load(.local(acc, []))
    b.loop("c", n) { b, c in
      b.emit(.store(.buffer(y, r * n + c), mix(&b, [b.load(.local(scratch, [c])), sum], &own)))
    }
  }
  numbers = own
  return b.finished
}

/// Rows of a table by an index that is sometimes out of range, and their sums.
private func gather(_ numbers: inout SeededNumbers) -> LoopProgram {
  var b = LoopBuilder("gather")
  let (m, n) = (1 + numbers.below(5), 1 + numbers.below(4))
  let rows = 3 + numbers.below(3)
  let index = b.buffer("index", m, .int32)
  let table = b.buffer("table", rows * n)
  let (y, s) = (b.buffer("y", m * n, isWritten: true), b.buffer("s", m, isWritten: true))
  b.loop("i", m) { b, i in
    let row = b.bind(b.load(.buffer(index, i), if: .always, .int32), 0...(rows - 1))
    b.loop("j", n) { b, j in b.emit(.store(.buffer(y, i * n + j), b.load(.buffer(table, row * n + j)))) }
    b.loop("j", n) { b, j in b.emit(.accumulate(.buffer(s, i), .sum, b.load(.buffer(table, row * n + j)))) }
  }
  return b.finished
}

/// Turns that depend on others: much is illegal here.
private func carried(_ numbers: inout SeededNumbers) -> LoopProgram {
  var b = LoopBuilder("carried")
  let (m, n) = (2 + numbers.below(4), 2 + numbers.below(4))
  let x = b.buffer("x", m * n)
  let y = b.buffer("y", (m + 1) * (n + 1), isWritten: true)
  let bins = b.buffer("bins", 3, isWritten: true)
  let acc = b.local("acc")
  let stride = n + 1
  let (down, right) = (numbers.below(2), numbers.below(2))
  b.emit(.store(.local(acc, []), b.real(0)))
  b.loop("i", m) { b, i in
    b.loop("j", n) { b, j in
      let v = b.load(.buffer(x, i * n + j))
      let near = b.load(.buffer(y, i * stride + j))
      b.emit(.store(.buffer(y, (i + down) * stride + j + right), b.binary(.add, v, near)))
      b.emit(.accumulate(.local(acc, []), .sum, v))
      b.emit(.accumulate(.buffer(bins, (i + j).modulo(3)), .sum, v))
    }
    b.emit(.accumulate(.buffer(y, i * stride), .sum, b.load(.local(acc, []))))
  }
  return b.finished
}
