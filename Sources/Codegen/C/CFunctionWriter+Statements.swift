import LazyOps
import LazyScheduler

extension CFunctionWriter {
  mutating func writeList(_ list: [Statement]) {
    var bound: [IndexVariable] = []
    for (position, statement) in list.enumerated() {
      switch statement {
      case .define(let value, let instruction):
        define(value, instruction, followedBy: list[(position + 1)...])
      case .bind(let variable, let value, let failure):
        write(bind(variable, value, failure))
        bound.append(variable)
      case .store(let place, let value):
        let isVector = element(place, forWriting: true).isVector
        write(assignment(of: operand(value, asVector: isVector, dtype(of: place)), to: place))
      case .accumulate(let place, let op, let value):
        accumulate(place, op, value)
      case .multiplyAdd(let place, let a, let b):
        multiplyAdd(place, a, b)
      case .prefetch(let place):
        // To the second-level cache: the first one has no room for what comes.
        if !checked { write("__builtin_prefetch(&\(subscripted(place, span: 1)), 0, 2);") }
      case .loop(let loop):
        writeLoop(loop)
      case .branch(let condition, let then, let otherwise):
        write("if (\(indexText.expression(condition).text)) {")
        indented { $0.writeList(then) }
        if !otherwise.isEmpty {
          write("} else {")
          indented { $0.writeList(otherwise) }
        }
        write("}")
      }
    }
    for variable in bound { forget(variable) }
  }

  mutating func name(_ variable: IndexVariable, _ wish: String) -> String {
    let name = names.take(wish)
    variableNames[variable.id] = name
    return name
  }

  mutating func forget(_ variable: IndexVariable) {
    if let name = variableNames.removeValue(forKey: variable.id) { names.release(name) }
  }

  private mutating func writeLoop(_ loop: Loop) {
    if loop.kind == .lanes {
      let outer = lanes
      lanes = Lanes(loop)
      writeList(loop.body)
      lanes = outer
      return
    }
    if loop.kind == .transposed, writeTransposition(loop) { return }
    if writeInStrips(loop) { return }
    let count = indexText.expression(loop.count)
    let name = name(loop.variable, loop.name)
    let isParallel = loop.kind == .parallel
    // Of nested vector loops the innermost is the one that compilers vectorize.
    let isVector = loop.kind == .vector && !loop.body.contains(where: \.hasVectorLoop)
    if isVector { write("#pragma omp simd") }
    let isInt = isVector && loop.variable.bounds.upperBound < Int(Int32.max)
    if isInt { intVariables.insert(loop.variable.id) }
    let last = isInt && loop.count.constantValue == nil ? CExpression.cast("int", count) : count
    let (first, end) = isParallel ? ("begin", "end") : ("0", last.operand(.shift))
    // Tasks are counted for the bounds of lengths.
    let rest = isParallel && loop.count.constantValue == nil ? " && \(name) < \(count.operand(.shift))" : ""
    write("for (\(isInt ? "int" : "long") \(name) = \(first); \(name) < \(end)\(rest); \(name)++) {")
    indented { writer in
      if isParallel {
        let own = loop.body.touchedMemory
        writer.declareLocals { own.contains(.local($0)) }
      }
      if !isVector, !writer.isInVectorLoop, writer.sumsInOrder(loop) { writer.write("in_order();") }
      let outer = writer.isInVectorLoop
      writer.isInVectorLoop = outer || isVector
      writer.writeList(loop.body)
      writer.isInVectorLoop = outer
    }
    write("}")
    forget(loop.variable)
  }

  /// Whether a loop adds floating-point numbers to the same place at every turn. gcc 12 vectorizes such loops on its own
  /// and sums wrongly where neighbours are exchanged on the way.
  private func sumsInOrder(_ loop: Loop) -> Bool {
    loop.body.contains { statement in
      guard case .accumulate(let place, .sum, _) = statement, dtype(of: place).isFloatingPoint else { return false }
      return !place.indices.contains { $0.contains(loop.variable.id) }
    }
  }

  /// Writes the call that transposes a square; false where every access is to be checked.
  private mutating func writeTransposition(_ loop: Loop) -> Bool {
    guard !checked, let square = Transposition(loop, in: program) else { return false }
    let (to, from) = (subscripted(square.target, span: 1), subscripted(square.source, span: 1))
    write(
      "transpose_\(DType.float32.vectorType(lanes: square.count))(&\(to), \(square.targetStride), "
        + "&\(from), \(square.sourceStride));")
    return true
  }

  private mutating func bind(_ variable: IndexVariable, _ value: Value, _ failure: Int) -> String {
    let bounds = [variable.bounds.lowerBound, variable.bounds.upperBound]
      .map { indexText.expression(.constant($0)).text }.joined(separator: ", ")
    let call = "bounded(\(expressions[value]!.text), \(bounds), &failed, \(failure))"
    reportsFailures = true
    return "const long \(name(variable, "index\(variable.id)")) = \(call);"
  }

  private mutating func accumulate(_ place: Place, _ op: ReduceOp, _ value: Value) {
    let (target, isVector) = number(at: place, forWriting: true)
    let dtype = dtype(of: place)
    let addend = operand(value, asVector: false, dtype)
    if isVector || dtype.isFloatingPoint && !dtype.isHalf || dtype == .uint32 || dtype == .uint64 {
      switch op {
      case .sum: return write("\(target.text) += \(addend.text);")
      case .product: return write("\(target.text) *= \(addend.text);")
      case .maximum, .minimum: break
      }
    }
    write(assignment(of: op.binary.cExpression(target, addend, dtype), to: place))
  }

  private mutating func multiplyAdd(_ place: Place, _ a: Value, _ b: Value) {
    let (target, isVector) = number(at: place, forWriting: true)
    let dtype = dtype(of: place)
    let (a, b) = (operand(a, asVector: isVector, dtype), operand(b, asVector: isVector, dtype))
    let result: CExpression
    switch dtype {
    case .float32, .float64:
      let scalar = dtype == .float32 ? "__builtin_fmaf" : "__builtin_fma"
      let function = lanes.flatMap { isVector ? "fma_\(dtype.vectorType(lanes: $0.count))" : nil } ?? scalar
      result = .call(function, [a, b, target])
    case .float16, .bfloat16:
      result = dtype.rounding(.call("__builtin_fmaf", [a, b, target]))
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
      result = BinaryOp.add.cExpression(target, BinaryOp.multiply.cExpression(a, b, dtype), dtype)
    }
    write(assignment(of: result, to: place))
  }
}

extension Statement {
  /// Whether there is a vector loop in the statement, or it is one.
  fileprivate var hasVectorLoop: Bool {
    if case .loop(let loop) = self, loop.kind == .vector { return true }
    return lists.contains { $0.contains(where: \.hasVectorLoop) }
  }
}
