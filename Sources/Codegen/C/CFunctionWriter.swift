import LazyOps
import LazyScheduler

/// Writes one function, from top to bottom.
struct CFunctionWriter {
  let flat: FlatProgram
  let checked: Bool
  let alignment: Int
  let storage: [(storage: LocalStorage, elements: [[Int]])]
  /// How often each value is used.
  let uses: [Int]

  var names = CNames()
  var bufferNames: [String] = []
  var argumentNames: [Int: String] = [:]
  /// The name of a local that is an array, or of each of its variables.
  var localNames: [[[Int]: String]] = []
  var variableNames: [Int: String] = [:]
  /// The variables that are `int`.
  var intVariables: Set<Int> = []
  /// What stands for each value where it is used.
  var expressions: [Value: CExpression] = [:]
  /// Whether what is being written is in a loop that the compiler is to vectorize.
  var isInVectorLoop = false
  /// The loop over lanes that is being written.
  var lanes: Lanes?
  /// The places of 16-bit floating-point numbers that the loop being written has at hand as `float`, and their names.
  var strips: [Place: String] = [:]
  var valueCount = 0
  /// Whether a check on an index has been written.
  var reportsFailures = false
  var lines: [String] = []
  var depth = 0

  var program: LoopProgram { flat.program }

  init(_ flat: FlatProgram, checked: Bool, alignment: Int) {
    self.flat = flat
    self.checked = checked
    self.alignment = alignment
    storage = LocalStorage.choose(for: flat)
    uses = CFunctionWriter.countUses(flat)
  }

  /// Counts uses, but not those by values that nobody uses.
  private static func countUses(_ flat: FlatProgram) -> [Int] {
    var uses = [Int](repeating: 0, count: flat.definitions.count)
    flat.program.body.forEachStatement { statement in
      if case .define = statement { return }
      for value in statement.operands { uses[value] += 1 }
    }
    // Values are numbered in the order of the text: all users of one come after it.
    for value in flat.definitions.indices.reversed() where uses[value] > 0 {
      for operand in flat.definitions[value].operands { uses[operand] += 1 }
    }
    return uses
  }

  /// Writes the function.
  mutating func function() -> CFunction {
    bufferNames = program.buffers.map { names.take($0.name) }
    nameLocals()
    depth = 1
    writeArguments()
    writeBody()
    if reportsFailures {
      // In a register, so that loops which report one can still be vectorized.
      lines.insert("  int failed = 0;", at: 0)
      write("if (failed) __atomic_store_n(failure, failed, __ATOMIC_RELAXED);")
    }
    return CFunction(
      comment: program.comment.flatMap { $0.split(separator: "\n").map(String.init) },
      parameters: program.buffers.indices.map(parameter), body: lines)
  }

  private func parameter(_ number: Int) -> String {
    let buffer = program.buffers[number]
    let constant = buffer.isWritten ? "" : "const "
    return "\(constant)\(buffer.dtype.bufferType) *restrict \(bufferNames[number]),  // \(buffer.count) elements"
  }

  private mutating func writeArguments() {
    let used = flat.definitions.indices.filter { uses[$0] > 0 }.compactMap { value -> Int? in
      if case .argument(let number) = flat.definitions[value] { number } else { nil }
    }
    for number in Set(used).sorted() {
      let dtype = program.arguments[number]
      let name = names.take("argument\(number)")
      let field = "arguments[\(number)].\(dtype.isFloatingPoint ? "real" : "integer")"
      let value = dtype == .bool ? "\(field) != 0" : "(\(dtype.cType))\(field)"
      write("const \(dtype.cType) \(name) = \(value);")
      argumentNames[number] = name
    }
    for length in program.lengths {
      let name = names.take("length\(length.argument)")
      write("const long \(name) = (long)arguments[\(length.argument)].integer;")
      variableNames[length.variable.id] = name
    }
  }

  /// Writes the statements; locals that the parallel loop uses are its turns' own.
  private mutating func writeBody() {
    var own: Set<Memory> = []
    for case .loop(let loop) in program.body where loop.kind == .parallel {
      own.formUnion(loop.body.touchedMemory)
    }
    declareLocals { !own.contains(.local($0)) }
    writeList(program.body)
  }

  // MARK: - Locals

  private mutating func nameLocals() {
    for (local, (storage, elements)) in zip(program.locals, storage) {
      if elements.isEmpty {
        localNames.append([[]: names.take(local.name)])
        continue
      }
      var own: [[Int]: String] = [:]
      for element in elements {
        let parts = CFunctionWriter.visible(element, of: local, storage).map(String.init)
        own[element] = names.take(([local.name] + parts).joined(separator: "_"))
      }
      localNames.append(own)
    }
  }

  /// The indices in the name of an element: a register is counted as one, and left out where there is no other.
  private static func visible(_ element: [Int], of local: Local, _ storage: LocalStorage) -> [Int] {
    guard case .vectors(let lanes) = storage, let last = element.last else { return element }
    return element.dropLast() + (local.extents.last == lanes ? [] : [last / lanes])
  }

  /// Declares some of the locals, those that are accessed at all.
  mutating func declareLocals(where isWanted: (Int) -> Bool) {
    let used = program.body.touchedMemory
    for (number, local) in program.locals.enumerated() where isWanted(number) && used.contains(.local(number)) {
      switch storage[number].storage {
      case .array:
        let extents = local.extents.map { "[\($0)]" }.joined()
        let aligned = extents.isEmpty ? "" : " __attribute__((aligned(\(alignment))))"
        write("\(local.dtype.cType) \(localNames[number][[]]!)\(extents)\(aligned);")
      case .scalars: declare(number, local.dtype.cType)
      case .vectors(let lanes): declare(number, local.dtype.vectorType(lanes: lanes))
      }
    }
  }

  /// Declares a variable for each element, a line for those that share all indices but the last.
  private mutating func declare(_ number: Int, _ type: String) {
    var (line, row): ([String], ArraySlice<Int>?) = ([], nil)
    for element in storage[number].elements {
      let current = CFunctionWriter.visible(element, of: program.locals[number], storage[number].storage).dropLast()
      if current != row, !line.isEmpty {
        write("\(type) \(line.joined(separator: ", "));")
        line = []
      }
      row = current
      line.append(localNames[number][element]!)
    }
    write("\(type) \(line.joined(separator: ", "));")
  }

  // MARK: - Text

  mutating func write(_ line: String) {
    lines.append(line.isEmpty ? "" : String(repeating: "  ", count: depth) + line)
  }

  /// Writes what `body` does one level further in.
  mutating func indented(_ body: (inout CFunctionWriter) -> Void) {
    depth += 1
    body(&self)
    depth -= 1
  }

  var indexText: CIndexText {
    CIndexText(
      name: { variable in
        guard let name = variableNames[variable.id] else {
          preconditionFailure("bug: \(program.name) uses \(variable) outside its loop")
        }
        return name
      }, isInt: { intVariables.contains($0.id) })
  }
}
