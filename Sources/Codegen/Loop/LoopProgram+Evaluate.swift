package import LazyOps
import LazyScheduler

extension LoopProgram {
  /// Runs the program on the host, one statement after the other, and returns the failure code of the first bind that
  /// failed, or 0. This is what the C must compute, bit for bit where functions are exact.
  ///
  /// Loops whose turns are independent run backwards, and locals start with arbitrary contents for each turn of a
  /// parallel loop, so that what relies on neither shows.
  package func evaluate(buffers: inout [[Scalar]], arguments: [Scalar] = []) -> Int {
    precondition(buffers.count == self.buffers.count, "bug: \(name) takes \(self.buffers.count) buffers")
    precondition(arguments.count == self.arguments.count, "bug: \(name) takes \(self.arguments.count) arguments")
    for (buffer, parameter) in zip(buffers, self.buffers) {
      precondition(buffer.count == parameter.count, "bug: \(parameter.name) has \(buffer.count) elements")
    }
    var interpreter = LoopInterpreter(self, buffers: buffers, arguments: arguments)
    buffers = []
    interpreter.run(body)
    buffers = interpreter.buffers
    return interpreter.failure
  }
}

private struct LoopInterpreter {
  let program: LoopProgram
  var buffers: [[Scalar]]
  var failure = 0
  private let arguments: [Scalar]
  private var locals: [[Scalar]] = []
  private var values: [Scalar]
  private var variables: [Int]

  init(_ program: LoopProgram, buffers: [[Scalar]], arguments: [Scalar]) {
    self.program = program
    self.buffers = buffers
    self.arguments = arguments
    values = [Scalar](repeating: .integer(0), count: program.values.count)
    variables = [Int](repeating: 0, count: program.nextVariable)
    for length in program.lengths {
      let number = Int(arguments[length.argument].int64)
      precondition(
        length.variable.bounds.contains(number), "bug: \(program.name): a length of \(number), not \(length.variable)")
      variables[length.variable.id] = number
    }
    clearLocals()
  }

  mutating func run(_ statements: [Statement]) {
    for statement in statements {
      switch statement {
      case .define(let value, let instruction):
        values[value] = result(instruction, program.values[value])
      case .bind(let variable, let value, let code):
        let number = Int(values[value].int64)
        let isValid = variable.bounds.contains(number)
        variables[variable.id] = isValid ? number : variable.bounds.lowerBound
        if !isValid, failure == 0 { failure = code }
      case .store(let place, let value):
        write(values[value], place)
      case .accumulate(let place, let op, let value):
        write(op.combine(read(place), values[value], type(place)), place)
      case .multiplyAdd(let place, let a, let b):
        write(multiplyAdd(read(place), values[a], values[b], type(place)), place)
      case .prefetch:
        continue
      case .loop(let loop):
        run(loop)
      case .branch(let condition, let then, let otherwise):
        run(holds(condition) ? then : otherwise)
      }
    }
  }

  private mutating func run(_ loop: Loop) {
    let count = max(number(loop.count), 0)
    let isBackwards: Bool
    switch loop.kind {
    case .serial, .unrolled: isBackwards = false
    case .parallel, .vector, .lanes, .transposed: isBackwards = true
    }
    for turn in 0..<count {
      if loop.kind == .parallel { clearLocals() }
      variables[loop.variable.id] = isBackwards ? count - 1 - turn : turn
      run(loop.body)
    }
  }

  private func result(_ instruction: Instruction, _ dtype: DType) -> Scalar {
    switch instruction {
    case .constant(let scalar): scalar.cast(to: dtype)
    case .argument(let number): arguments[number].cast(to: dtype)
    case .index(let index): Scalar.integer(Int64(number(index))).cast(to: dtype)
    case .load(let place, let mask):
      mask.conditions.allSatisfy { holds($0) } ? read(place) : Scalar.integer(0).cast(to: dtype)
    case .unary(let op, let a): op.apply(values[a], program.values[a])
    case .binary(let op, let a, let b): op.apply(values[a], values[b], program.values[a])
    case .select(let a, let b, let c): values[a].isTrue ? values[b] : values[c]
    case .cast(let a): values[a].cast(to: dtype)
    case .bitcast(let a): values[a].bitcast(from: program.values[a], to: dtype)
    case .test(let mask): .integer(mask.conditions.allSatisfy { holds($0) } ? 1 : 0)
    }
  }

  private func multiplyAdd(_ sum: Scalar, _ a: Scalar, _ b: Scalar, _ dtype: DType) -> Scalar {
    switch dtype {
    case .float16, .bfloat16, .float32:
      Scalar.real(Double(sum.float.addingProduct(a.float, b.float))).cast(to: dtype)
    case .float64: .real(sum.double.addingProduct(a.double, b.double))
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
      BinaryOp.add.apply(sum, BinaryOp.multiply.apply(a, b, dtype), dtype)
    }
  }

  private func holds(_ condition: Condition) -> Bool { condition.range.contains(number(condition.index)) }

  private func number(_ index: Index) -> Int {
    switch index {
    case .constant(let value): value
    case .variable(let variable): variables[variable.id]
    case .sum, .floorDivide, .modulo, .minimum, .maximum: index.evaluate { variables[$0.id] }
    }
  }

  private func read(_ place: Place) -> Scalar {
    switch place {
    case .buffer(let buffer, let index): buffers[buffer][position(index, buffer)]
    case .local(let local, let indices): locals[local][position(indices, local)]
    }
  }

  private mutating func write(_ scalar: Scalar, _ place: Place) {
    switch place {
    case .buffer(let buffer, let index): buffers[buffer][position(index, buffer)] = scalar
    case .local(let local, let indices): locals[local][position(indices, local)] = scalar
    }
  }

  private func position(_ index: Index, _ buffer: Int) -> Int {
    let position = number(index)
    precondition(
      buffers[buffer].indices.contains(position),
      "bug: \(program.name): \(program.buffers[buffer].name)[\(position)] of \(buffers[buffer].count)")
    return position
  }

  private func position(_ indices: [Index], _ local: Int) -> Int {
    var position = 0
    for (index, extent) in zip(indices, program.locals[local].extents) {
      let own = number(index)
      precondition(
        own >= 0 && own < extent, "bug: \(program.name): \(program.locals[local].name)[\(own)] of \(extent)")
      position = position * extent + own
    }
    return position
  }

  private mutating func clearLocals() {
    locals = program.locals.map { local in
      let filler: Scalar = local.dtype.isFloatingPoint ? .real(.nan) : .integer(85)
      return [Scalar](repeating: filler.cast(to: local.dtype), count: local.extents.reduce(1, *))
    }
  }

  private func type(_ place: Place) -> DType {
    switch place {
    case .buffer(let number, _): program.buffers[number].dtype
    case .local(let number, _): program.locals[number].dtype
    }
  }
}
