public import LazyOps
public import LazyRuntime

/// Changes parameters step by step so that a loss becomes smaller.
///
///     let optimizer = Adam(model.parameters, learningRate: 1e-3)
///     for (x, y) in batches { optimizer.step(model(x).crossEntropy(y)) }
///
/// A step is one schedule: loss, gradients, new parameters and the optimizer's state are computed together. What changes
/// from step to step (learning rate, corrections) is handed to the kernels as arguments, so all steps have the same
/// structure and only the first one is compiled.
///
/// A rule of your own is a subclass that overrides `update`, and `scalars` where it needs other numbers.
open class Optimizer: ScalarSource {
  /// The parameters that are changed, each once.
  public let parameters: [Parameter]
  /// How far a step goes. It may be changed between steps.
  public var learningRate: Double
  /// The largest norm that all gradients together may have: longer ones are shortened to it. Nil for any.
  public let gradientNormLimit: Double?
  /// The steps taken so far.
  public private(set) var stepCount = 0
  /// What is remembered of each parameter from step to step.
  private let state: [[TensorCell]]

  /// Creates an optimizer that remembers, for each parameter, `stateCount` tensors of its shape, zeros to begin with.
  ///
  /// A parameter that stands in `parameters` twice is changed once.
  public init(
    _ parameters: [Parameter], learningRate: Double, stateCount: Int, gradientNormLimit: Double? = nil
  ) {
    Tensor.require(
      (gradientNormLimit ?? 1) > 0, "Optimizer", "gradients' norm is limited to \(gradientNormLimit ?? 1)")
    self.gradientNormLimit = gradientNormLimit
    var seen: Set<ObjectIdentifier> = []
    self.parameters = parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
    self.learningRate = learningRate
    // In memory from the start, parameters too: else the first step would have a structure of its own.
    Tensor.realize(self.parameters.map(\.value))
    state = self.parameters.map { parameter in
      (0..<stateCount).map { _ in TensorCell(.zerosInMemory(parameter.shape, dtype: parameter.dtype)) }
    }
  }

  /// Computes the loss, which is one number, and changes the parameters it was computed from.
  ///
  /// - Parameter others: tensors to compute in the same schedule, such as the predictions.
  /// - Returns: the loss, computed, and without the history that `loss` holds.
  @discardableResult
  public func step(_ loss: Tensor, computing others: [Tensor] = []) -> Tensor {
    step(gradients: loss.gradients(with: parameters.map(\.value)), computing: [loss] + others)
    return loss.asLeaf()
  }

  /// Changes the parameters by gradients, one for each of `parameters`.
  ///
  /// - Parameter others: tensors to compute in the same schedule, such as the loss.
  public func step(gradients: [Tensor], computing others: [Tensor] = []) {
    Tensor.require(
      gradients.count == parameters.count, "step", "\(gradients.count) gradients for \(parameters.count) parameters")
    let gradients = gradientNormLimit.map { Optimizer.shortened(gradients, to: $0) } ?? gradients
    let scalars = nextScalars()
    var arguments: [DType: [Tensor]] = [:]
    var values: [(parameter: Parameter, value: Tensor)] = []
    var states: [(cell: TensorCell, value: Tensor)] = []
    for (number, parameter) in parameters.enumerated() {
      let dtype = parameter.dtype
      let own = arguments[dtype] ?? scalars.map { Tensor.argument($0, dtype: dtype) }
      arguments[dtype] = own
      var remembered = state[number].map(\.value)
      let value = update(parameter.value, gradients[number], state: &remembered, scalars: own)
      // Cut off from their history, the results hold nothing of this step, and the new state is written over the old.
      values.append((parameter, value.detached()))
      for (cell, new) in zip(state[number], remembered) {
        states.append((cell, new.detached()))
        cell.prepare(states[states.count - 1].value)
      }
    }
    Recording.current?.add(self, arguments: Array(arguments.values))
    Tensor.realize(others + values.map(\.value) + states.map(\.value))
    Parameter.assign(values)
    TensorCell.assign(states)
  }

  /// Returns gradients that all together are no longer than `limit`: if they are, all are made smaller by one factor, as
  /// PyTorch's `clip_grad_norm_` does. (Pascanu et al. 2013)
  public static func shortened(_ gradients: [Tensor], to limit: Double) -> [Tensor] {
    guard let first = gradients.first else { return [] }
    func wide(_ x: Tensor) -> Tensor { x.dtype == .float64 ? x : x.cast(to: .float32) }
    let squares = gradients.dropFirst().reduce(wide(first).square().sum()) { $0 + wide($1).square().sum() }
    let factor = Tensor.minimum(limit / (squares.sqrt() + 1e-6), 1)
    return gradients.map { ($0 * factor).cast(to: $0.dtype) }
  }

  /// The numbers of a step that change from step to step; steps are counted from 1. The learning rate unless overridden.
  open func scalars(step: Int) -> [Double] { [learningRate] }

  /// Goes to the next step and returns its numbers.
  package func nextScalars() -> [Double] {
    stepCount += 1
    return scalars(step: stepCount)
  }

  /// Goes back to the step before.
  package func undoScalars() { stepCount -= 1 }

  /// Returns the new value of a parameter.
  ///
  /// - Parameters:
  ///   - state: what is remembered of the parameter; to be replaced by what the next step is to find.
  ///   - scalars: the numbers of `scalars(step:)`, in the parameter's dtype.
  open func update(_ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]) -> Tensor {
    value - gradient * scalars[0]
  }
}
