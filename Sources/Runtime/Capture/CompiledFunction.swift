import LazyOps
import Synchronization

/// Captures a function of tensors: from its third call on it is run without building a graph.
///
///     let step = compiled { (x: Tensor, y: Tensor) -> Tensor in optimizer.step(model(x).crossEntropy(y)) }
///     for (x, y) in batches { print(step(x, y).item) }
///
/// The first two calls run the body, which tells what is to be computed; later ones do not. All of them bind the inputs,
/// launch the same kernels and hand out the results, which are the same bits as without capture. What changes from call
/// to call:
///
/// - the inputs, of one shape and dtype; a Swift number may be handed over for a tensor;
/// - parameters, the state of optimizers and whatever is in a `TensorCell`: read anew, and assigned when all is computed,
///   in the same memory where nobody else holds it;
/// - learning rates, step counts and random numbers.
///
/// Everything else is frozen: the body does not run any more. What would be frozen unseen stops with a message: inputs
/// of another shape, reading a tensor's numbers in the body, Swift numbers and tensors from outside that were others in
/// the second call than in the first. After a module goes from training to evaluation or back, the next call runs the
/// body again and compares. Results have no history: no gradient flows through a captured function.
public func compiled<each Input: TensorStructure, Output: TensorStructure>(
  _ body: @escaping (repeat each Input) throws -> Output
) -> CompiledFunction<repeat each Input, Output> {
  CompiledFunction<repeat each Input, Output>(body: body) { $1.visited($0) }
}

/// Captures a function of tensors that returns several results, or none.
public func compiled<each Input: TensorStructure, each Output: TensorStructure>(
  _ body: @escaping (repeat each Input) throws -> (repeat each Output)
) -> CompiledFunction<repeat each Input, (repeat each Output)> {
  CompiledFunction<repeat each Input, (repeat each Output)>(body: body) { output, visitor in
    (repeat visitor.visited(each output))
  }
}

/// A function that is captured: see `compiled`.
///
/// Calls come one after the other, and not from the body of another captured function.
public final class CompiledFunction<each Input: TensorStructure, Output> {
  private let body: (repeat each Input) throws -> Output
  /// Returns an output after visiting its parts.
  private let visit: (Output, inout PartVisitor) -> Output
  private let isRunning = Atomic<Bool>(false)
  private var program: CapturedProgram?
  /// Whether a second call has done the same.
  private var isConfirmed = false
  /// How often modes had changed when the program was last known to do what the body does.
  private var modeChanges = 0
  /// An output of the captured structure, whose tensors stand for those to come.
  private var template: Output?

  init(
    body: @escaping (repeat each Input) throws -> Output, visit: @escaping (Output, inout PartVisitor) -> Output
  ) {
    (self.body, self.visit) = (body, visit)
  }

  /// Calls the function. What stops `tryCall` with an error stops the program with a message.
  @discardableResult
  public func callAsFunction(_ input: repeat each Input) -> Output {
    do { return try tryCall(repeat each input) } catch { fatalError("[compiled] \(error)") }
  }

  /// Calls the function with Swift numbers for some of its tensors: `step(x, 0.1)`. They are handed to the kernels when
  /// these run, so each call may have other ones.
  @discardableResult
  public func callAsFunction<each Given: CapturedInput>(_ given: repeat each Given) -> Output
  where repeat (each Given).Parameter == each Input {
    self(repeat (each given).captured)
  }

  /// Calls the function with Swift numbers for some of its tensors; throws what the plain form does.
  public func tryCall<each Given: CapturedInput>(_ given: repeat each Given) throws -> Output
  where repeat (each Given).Parameter == each Input {
    try tryCall(repeat (each given).captured)
  }

  /// Calls the function; throws what `tryRealize()` does, and in the calls that run the body what that throws.
  ///
  /// If a call throws, parameters, cells and step counts are as they were; random numbers have been drawn.
  public func tryCall(_ input: repeat each Input) throws -> Output {
    Tensor.require(
      !Recording.isInBody, "compiled",
      "a captured function is called in the body of a captured function: call the plain function there")
    Tensor.require(
      !isRunning.exchange(true, ordering: .acquiring), "compiled",
      "a captured function is called while it runs on another thread: calls come one after the other")
    defer { isRunning.store(false, ordering: .releasing) }

    let known = program?.step
    var inputs = InputList(expected: known?.inputParts)
    for part in repeat each input { inputs.append(part) }
    inputs.end()
    try inputs.realize(keepingScalars: known?.scalarInputs)
    let modeChanges = Recording.modeChanges.load(ordering: .relaxed)
    if let program, isConfirmed, modeChanges == self.modeChanges {
      return output(of: try program(inputs.tensors))
    }
    let recording = Recording()
    let (step, scalars) = try record(inputs, on: recording, repeat each input)
    if let difference = known?.difference(from: step) {
      Tensor.misuse("compiled", "a call did not do what the one before did: \(difference)")
    }
    let program: CapturedProgram
    do { program = try self.program ?? CapturedProgram(step) } catch {
      for source in step.sources.reversed() { source.undoScalars() }
      throw error
    }
    let (storages, results) = try program(inputs.tensors, with: scalars)
    recording.settle(results)
    // From here on the call counts as one that has been captured.
    self.program = program
    if known != nil { isConfirmed = true }
    self.modeChanges = modeChanges + recording.ownModeChanges.load(ordering: .relaxed)
    return output(of: storages)
  }

  /// Runs the body on inputs, and returns what is to be computed, and which numbers were drawn and taken from sources.
  private func record(
    _ inputs: InputList, on recording: Recording, _ input: repeat each Input
  ) throws -> (step: CapturedStep, scalars: [Origin: Scalar]) {
    let scalarInputs = program?.step.scalarInputs ?? inputs.tensors.map(\.isScalarArgument)
    var replacer = PartVisitor.replacer(
      zip(inputs.tensors, scalarInputs).map { recording.input($0, isScalar: $1) })
    let own = (repeat replacer.visited(each input))
    var lister = PartVisitor.lister
    try recording.run {
      let output = try body(repeat each own)
      _ = visit(output, &lister)
      for case .length in lister.parts {
        Tensor.misuse("compiled", "a length is returned: return its tensor")
      }
      let count = tensorCount(in: output)
      Tensor.require(
        count <= lister.tensors.count, "compiled",
        "the output \(Output.self) has \(count) tensors, and its visitParts visits \(lister.tensors.count)")
      try Tensor.tryRealize(lister.tensors)
      // The template must not hold what this call computed.
      var blanks = PartVisitor.replacer(lister.tensors.map { _ in Tensor.placeholder })
      template = visit(output, &blanks)
    }
    return recording.finish(
      outputs: lister.tensors, scalarInputs: scalarInputs, inputParts: inputs.parts, outputParts: lister.parts)
  }

  /// Returns an output of the captured structure with these elements.
  private func output(of storages: [Storage]) -> Output {
    guard let template, let step = program?.step else { preconditionFailure("bug: nothing is captured") }
    let tensors = zip(step.outputs, storages).map { output, storage in
      Tensor(node: Node(.buffer, shape: output.shape, dtype: output.dtype, storage: storage))
    }
    var replacer = PartVisitor.replacer(tensors)
    return visit(template, &replacer)
  }
}

extension Tensor {
  /// A tensor that stands where another one is to come.
  fileprivate static let placeholder = Tensor(node: Node(.constant(.integer(0)), shape: [], dtype: .bool))
}
