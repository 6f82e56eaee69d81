package import LazyOps
package import LazyScheduler

/// One kernel as loops, loads and stores: what transformations work on and C is printed from.
///
/// A program knows nothing of tensors or graphs. Values are numbered and defined once in a scope, buffers are flat
/// arrays, locals are small arrays (scratch) or single elements (accumulators). It runs as `body` says, from top to
/// bottom; a `parallel` loop's turns may run in any order and at the same time.
package struct LoopProgram: Hashable, Sendable {
  /// The name of the C function.
  package var name: String
  /// What the kernel computes, a line each: ops and shapes.
  package var comment: [String]
  /// The memory the kernel reads and writes, in the order in which it is handed over.
  package var buffers: [BufferParameter]
  /// The types of the scalars handed over when the kernel runs.
  package var arguments: [DType]
  /// The index variables that stand for lengths handed over, and which of the scalars those are.
  package var lengths: [LengthParameter]
  /// The kernel's own small arrays.
  package var locals: [Local]
  /// The type of each value, by its number.
  package var values: [DType]
  package var body: [Statement]
  /// The next free number for an index variable.
  package var nextVariable: Int

  package init(
    name: String, comment: [String] = [], buffers: [BufferParameter], arguments: [DType] = [],
    lengths: [LengthParameter] = [], locals: [Local] = [],
    values: [DType] = [], body: [Statement], nextVariable: Int
  ) {
    self.name = name
    self.comment = comment
    self.buffers = buffers
    self.arguments = arguments
    self.lengths = lengths
    self.locals = locals
    self.values = values
    self.body = body
    self.nextVariable = nextVariable
  }
}

/// An index variable that has the value of an integer argument everywhere: the run-time length of some axis.
package struct LengthParameter: Hashable, Sendable {
  package var variable: IndexVariable
  package var argument: Int

  package init(variable: IndexVariable, argument: Int) {
    self.variable = variable
    self.argument = argument
  }
}

/// A flat array of `count` elements in memory, given to the kernel.
package struct BufferParameter: Hashable, Sendable {
  package var name: String
  package var dtype: DType
  package var count: Int
  package var isWritten: Bool

  package init(name: String, dtype: DType, count: Int, isWritten: Bool) {
    self.name = name
    self.dtype = dtype
    self.count = count
    self.isWritten = isWritten
  }
}

/// An array of the kernel's own, one for each turn of the parallel loop; with no extents, a single element.
package struct Local: Hashable, Sendable {
  package var name: String
  package var dtype: DType
  package var extents: [Int]

  package init(name: String, dtype: DType, extents: [Int] = []) {
    self.name = name
    self.dtype = dtype
    self.extents = extents
  }
}

/// One step of a loop program.
package indirect enum Statement: Hashable, Sendable {
  case define(Value, Instruction)
  /// Gives an index variable the number an integer value holds. Outside the variable's bounds it gets the lower bound
  /// instead, and the kernel reports `failure`, a code from 1 on.
  case bind(IndexVariable, Value, failure: Int)
  case store(Place, Value)
  /// place = place op value.
  case accumulate(Place, ReduceOp, Value)
  /// place = place + a * b with one rounding: a fused multiply-add.
  case multiplyAdd(Place, Value, Value)
  /// Asks for the memory around a place, which is read soon. Nothing else changes, and the place need not exist.
  case prefetch(Place)
  case loop(Loop)
  /// Runs the first list where the condition holds, else the second.
  case branch(Condition, [Statement], [Statement])
}

/// A loop: `variable` counts from 0 to `count` - 1.
package struct Loop: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// One turn after the other.
    case serial
    /// Turns are independent; the runtime shares them among threads. Outermost only.
    case parallel
    /// Turns are independent or combine lane by lane: the C compiler may run them side by side.
    case vector
    /// Written out turn by turn; `count` is constant.
    case unrolled
    /// One vector register: `count` is a constant power of two, and the body only loads with unit stride or
    /// invariantly, multiplies, adds and accumulates into locals whose last index is this loop's variable.
    case lanes
    /// A square of elements that is transposed in registers: `count` is a constant power of two, and the body is one loop
    /// of as many turns that copies elements, read side by side along the inner loop and written side by side along
    /// this one.
    case transposed
  }

  package var variable: IndexVariable
  /// What C calls the variable: `row`, `k`, with a number to tell it apart.
  package var name: String
  package var count: Index
  package var kind: Kind
  package var body: [Statement]

  package init(variable: IndexVariable, name: String, count: Index, kind: Kind = .serial, body: [Statement]) {
    self.variable = variable
    self.name = name
    self.count = count
    self.kind = kind
    self.body = body
  }
}
