import LazyOps
package import LazyScheduler

extension LoopProgram: CustomStringConvertible {
  /// The program as pseudo-code. Equal programs give equal text.
  package var description: String {
    var lines = ["kernel \(name)"]
    lines += comment.map { "// \($0)" }
    for (number, buffer) in buffers.enumerated() {
      lines.append(
        "buffer\(number) \(buffer.name): \(buffer.dtype)[\(buffer.count)]\(buffer.isWritten ? " written" : "")")
    }
    for (number, dtype) in arguments.enumerated() { lines.append("argument\(number): \(dtype)") }
    for local in locals {
      lines.append("local \(local.name): \(local.dtype)\(local.extents.isEmpty ? "" : "\(local.extents)")")
    }
    let text = StatementText(self)
    return (lines + body.flatMap { text.lines($0) }).joined(separator: "\n") + "\n"
  }

  /// Writes one statement, with the statements inside it, as in `description`.
  package func text(_ statement: Statement) -> String { StatementText(self).lines(statement).joined(separator: "\n") }

  /// Writes a place as in `description`: `x[row0*64 + k1]`.
  package func text(_ place: Place) -> String { StatementText(self).text(place) }
}

/// Writes statements of one program, whose names it knows.
private struct StatementText {
  private let program: LoopProgram
  private var names: [Int: String] = [:]

  init(_ program: LoopProgram) {
    self.program = program
    var names: [Int: String] = [:]
    program.body.forEachStatement {
      guard case .loop(let loop) = $0 else { return }
      // A number that is part of the name already would run into the one that tells loops apart.
      let stem = loop.name.prefix { !$0.isNumber }
      names[loop.variable.id] = "\(stem)\(loop.variable.id)"
    }
    for length in program.lengths { names[length.variable.id] = "length\(length.argument)" }
    self.names = names
  }

  func name(_ variable: IndexVariable) -> String { names[variable.id] ?? "n\(variable.id)" }

  func text(_ place: Place) -> String {
    let indices = place.indices.map { $0.text(name) }.joined(separator: ", ")
    switch place {
    case .buffer(let buffer, _):
      let name = program.buffers.indices.contains(buffer) ? program.buffers[buffer].name : "buffer\(buffer)"
      return "\(name)[\(indices)]"
    case .local(let local, _):
      let name = program.locals.indices.contains(local) ? program.locals[local].name : "local\(local)"
      return indices.isEmpty ? name : "\(name)[\(indices)]"
    }
  }

  func text(_ instruction: Instruction) -> String {
    switch instruction {
    case .constant(let scalar): "\(scalar)"
    case .argument(let number): "argument\(number)"
    case .index(let index): "index \(index.text(name))"
    case .load(let place, let mask):
      "load \(text(place))" + (mask.isAlways ? "" : " if (\(mask.text(name)))")
    case .unary(let op, let a): "\(op.rawValue) v\(a)"
    case .binary(let op, let a, let b): "\(op.rawValue) v\(a) v\(b)"
    case .select(let a, let b, let c): "select v\(a) v\(b) v\(c)"
    case .cast(let a): "cast v\(a)"
    case .bitcast(let a): "bitcast v\(a)"
    case .test(let mask): "test (\(mask.text(name)))"
    }
  }

  func lines(_ statement: Statement) -> [String] {
    switch statement {
    case .define(let value, let instruction):
      let dtype = program.values.indices.contains(value) ? "\(program.values[value])" : "?"
      return ["v\(value): \(dtype) = \(text(instruction))"]
    case .bind(let variable, let value, let failure):
      let bounds = "\(variable.bounds.lowerBound)...\(variable.bounds.upperBound)"
      return ["\(name(variable)) = v\(value) in \(bounds) else fail \(failure)"]
    case .store(let place, let value): return ["\(text(place)) = v\(value)"]
    case .accumulate(let place, let op, let value): return ["\(text(place)) \(sign(op)) v\(value)"]
    case .multiplyAdd(let place, let a, let b): return ["fma \(text(place)) += v\(a) * v\(b)"]
    case .prefetch(let place): return ["prefetch \(text(place))"]
    case .loop(let loop):
      let kind = loop.kind == .serial ? "" : " (\(loop.kind.rawValue))"
      let count: String
      switch loop.count {
      case .sum: count = "(\(loop.count.text(name)))"
      case .constant, .variable, .floorDivide, .modulo, .minimum, .maximum: count = loop.count.text(name)
      }
      return ["for \(name(loop.variable)) in 0..<\(count)\(kind) {"] + indented(loop.body) + ["}"]
    case .branch(let condition, let then, let otherwise):
      let head = ["if \(condition.text(name)) {"] + indented(then)
      return head + (otherwise.isEmpty ? [] : ["} else {"] + indented(otherwise)) + ["}"]
    }
  }

  private func indented(_ statements: [Statement]) -> [String] { statements.flatMap { lines($0) }.map { "  \($0)" } }

  private func sign(_ op: ReduceOp) -> String {
    switch op {
    case .sum: "+="
    case .product: "*="
    case .maximum: "max="
    case .minimum: "min="
    }
  }
}
