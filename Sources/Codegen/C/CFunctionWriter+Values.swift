import LazyOps
import LazyScheduler

extension CFunctionWriter {
  /// The length up to which the only user of a value holds its expression.
  private static let longestOperand = 60
  /// That length where the user is a store.
  private static let longestRightSide = 80

  /// Gives a value a name and a line, or remembers its expression for where it is used.
  mutating func define(_ value: Value, _ instruction: Instruction, followedBy rest: ArraySlice<Statement>) {
    if uses[value] == 0 { return }
    let dtype = program.values[value]
    let expression = expression(instruction, dtype)
    switch instruction {
    case .constant, .argument:
      expressions[value] = expression
      return
    case .index, .load, .unary, .binary, .select, .cast, .bitcast, .test: break
    }
    if uses[value] == 1, isFoldable(value, expression, into: rest) {
      expressions[value] = expression
      return
    }
    let name = names.take("v\(valueCount)")
    valueCount += 1
    let count = flat.laneCounts[value]
    write("const \(count > 0 ? dtype.vectorType(lanes: count) : dtype.cType) \(name) = \(expression.text);")
    expressions[value] = .primary(name)
  }

  /// Whether an expression may stand in its user: a statement of the same list, with nothing in between that could
  /// change the memory it reads.
  private func isFoldable(_ value: Value, _ expression: CExpression, into rest: ArraySlice<Statement>) -> Bool {
    for statement in rest {
      if case .define(let user, _) = statement, uses[user] == 0 { continue }
      if statement.operands.contains(value) {
        if case .store = statement, expression.text.count <= CFunctionWriter.longestRightSide { return true }
        if expression.text.count > CFunctionWriter.longestOperand || expression.precedence == .conditional {
          return false
        }
        // What is costly, or reads memory, is not made conditional.
        if case .define(_, .select(let condition, _, _)) = statement, value != condition {
          return !expression.isCostly && !expression.readsMemory
        }
        return true
      }
      switch statement {
      case .define, .bind, .prefetch: continue
      case .store, .accumulate, .multiplyAdd: if expression.readsMemory { return false }
      case .loop, .branch: return false
      }
    }
    return false
  }

  private func expression(_ instruction: Instruction, _ dtype: DType) -> CExpression {
    func value(_ number: Value) -> CExpression { expressions[number]! }
    func type(_ number: Value) -> DType { program.values[number] }
    switch instruction {
    case .constant(let scalar): return scalar.cLiteral(dtype)
    case .argument(let number): return .primary(argumentNames[number]!)
    case .index(let index):
      return dtype == .int64 ? indexText.number(index) : .cast(dtype.cType, indexText.expression(index))
    case .load(let place, let mask): return load(place, mask, dtype)
    case .unary(.exp, let a) where type(a) == .float32 && isNonpositive(a):
      return .call("exp_nonpositive_float32", [value(a)])
    case .unary(let op, let a): return op.cExpression(value(a), type(a))
    case .binary(let op, let a, let b): return op.cExpression(value(a), value(b), type(a))
    case .select(let a, let b, let c):
      if dtype == .float32, case .test = flat.definitions[a], isInfinite(b) || isInfinite(c) {
        return .call("chosen_float32", [value(a), value(b), value(c)])
      }
      return .conditional(value(a), value(b), value(c))
    case .cast(let a):
      if type(a) == .bool, dtype == .float32 || dtype == .float64, !isLoaded(a) {
        // Compilers make lanes of a choice, but not of a truth value that becomes a number.
        return .conditional(
          value(a), Scalar.integer(1).cLiteral(dtype), Scalar.integer(0).cLiteral(dtype))
      }
      return dtype.cConversion(of: value(a), from: type(a))
    case .bitcast(let a): return dtype.cBits(of: value(a), from: type(a))
    case .test(let mask):
      let condition = indexText.expression(mask)
      return condition.precedence == .primary ? condition : .primary("(\(condition.text))")
    }
  }

  /// Whether a value is seen not to be positive.
  private func isNonpositive(_ value: Value) -> Bool {
    if case .constant(let scalar) = flat.definitions[value] { return scalar.double <= 0 }
    if case .binary(.minimum, let a, let b) = flat.definitions[value] { return isNonpositive(a) || isNonpositive(b) }
    guard case .unary(.negate, let a) = flat.definitions[value], case .unary(.absolute, _) = flat.definitions[a] else {
      return false
    }
    return true
  }

  /// Whether a value is an infinity by itself: with it compilers simplify what is done to one choice, and branch.
  private func isInfinite(_ value: Value) -> Bool {
    if case .constant(let scalar) = flat.definitions[value] { return scalar.double.isInfinite }
    return false
  }

  private func isLoaded(_ value: Value) -> Bool {
    if case .load = flat.definitions[value] { return true }
    return false
  }

  private func load(_ place: Place, _ mask: Mask, _ dtype: DType) -> CExpression {
    let zero = Scalar.integer(0).cLiteral(dtype)
    if mask.isNever { return zero }
    let (element, isVector) = number(at: place, forWriting: false)
    if mask.isAlways { return element }
    let other = isVector ? lanes.map { broadcast(zero, dtype, $0.count) } ?? zero : zero
    return .conditional(indexText.expression(mask), element, other)
  }

  /// A value as an operand: one that is equal in all lanes is put into each where a vector is wanted.
  func operand(_ value: Value, asVector: Bool, _ dtype: DType) -> CExpression {
    guard asVector, flat.laneCounts[value] == 0, let lanes else { return expressions[value]! }
    return broadcast(expressions[value]!, dtype, lanes.count)
  }

  private func broadcast(_ a: CExpression, _ dtype: DType, _ count: Int) -> CExpression {
    // The helper only copies: it is not worth a name of its own.
    var call = CExpression.call("broadcast_\(dtype.vectorType(lanes: count))", [a])
    call.isCostly = a.isCostly
    return call
  }

  // MARK: - Places

  func dtype(of place: Place) -> DType {
    switch place {
    case .buffer(let buffer, _): program.buffers[buffer].dtype
    case .local(let local, _): program.locals[local].dtype
    }
  }

  /// The element at a place, or in a loop over lanes all of them where they differ.
  func element(_ place: Place, forWriting: Bool) -> (CExpression, isVector: Bool) {
    guard let lanes, lanes.stride(of: place) != 0 else {
      return (CExpression(subscripted(place, span: 1), .primary, readsMemory: true), false)
    }
    let first = place.substituting { $0.id == lanes.variable.id ? .constant(0) : nil }
    if case .local(let local, let indices) = first, case .vectors = storage[local].storage {
      let name = localNames[local][indices.map { $0.constantValue! }]!
      return (CExpression(name, .primary, readsMemory: true), true)
    }
    let type = dtype(of: place).vectorType(lanes: lanes.count)
    let pointer = "*(\(forWriting ? "" : "const ")\(type) *)&\(subscripted(first, span: lanes.count))"
    return (CExpression(pointer, .prefix, readsMemory: true), true)
  }

  /// The value of the element at a place, which of a 16-bit floating-point number is not what lies there.
  func number(at place: Place, forWriting: Bool) -> (CExpression, isVector: Bool) {
    guard isNarrow(place) else { return element(place, forWriting: forWriting) }
    if let name = strips[place] { return (CExpression(name, .primary, readsMemory: true), false) }
    let bits = element(place, forWriting: false).0
    var number = CExpression.call("\(dtype(of: place))_of_bits", [bits])
    number.bits = bits.text
    return (number, false)
  }

  /// The statement that makes a value the element at a place.
  func assignment(of value: CExpression, to place: Place) -> String {
    let target = element(place, forWriting: true).0.text
    guard isNarrow(place) else { return "\(target) = \(value.text);" }
    // What collects numbers to be narrowed rounds them.
    if let name = strips[place] { return "\(name) = \(value.unrounded ?? value.text);" }
    return "\(target) = \(value.bits ?? "bits_of_\(dtype(of: place))(\(value.text))");"
  }

  /// Whether the bits of a 16-bit floating-point number lie at a place: locals hold numbers.
  func isNarrow(_ place: Place) -> Bool {
    guard case .buffer(let buffer, _) = place else { return false }
    return program.buffers[buffer].dtype.isHalf
  }

  /// The first of `span` neighbours.
  func subscripted(_ place: Place, span: Int) -> String {
    switch place {
    case .buffer(let buffer, let index):
      let name = bufferNames[buffer]
      return "\(name)[\(position(index, span: span, of: program.buffers[buffer].count, name))]"
    case .local(let local, let indices):
      if storage[local].storage == .scalars { return localNames[local][indices.map { $0.constantValue! }]! }
      let name = localNames[local][[]]!
      let extents = program.locals[local].extents
      let subscripts = zip(indices, extents).enumerated().map { number, pair in
        "[\(position(pair.0, span: number + 1 == extents.count ? span : 1, of: pair.1, name))]"
      }
      return name + subscripts.joined()
    }
  }

  private func position(_ index: Index, span: Int, of count: Int, _ name: String) -> String {
    let text = indexText.address(index).text
    return checked ? "checked(\(text), \(span), \(count), \"\(program.name)\", \"\(name)\")" : text
  }
}
