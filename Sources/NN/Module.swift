public import LazyOps
import LazyRuntime

/// A part of a network: a type that holds parameters and other modules in stored properties.
///
/// A module declares nothing but its properties and what it computes; its parameters are found by the properties' names,
/// through modules, optionals, arrays, dictionaries and tuples of them.
///
///     struct Perceptron: Module {
///       let hidden = Linear(784, 128)
///       let output = Linear(128, 10)
///       func callAsFunction(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
///     }
///
///     Perceptron().namedParameters().map(\.name)  // hidden.weight, hidden.bias, output.weight, output.bias
public protocol Module {}

/// A module that makes one tensor from one: what `Sequential` is a row of.
public protocol Layer: Module {
  /// Returns the layer's output for `x`.
  func callAsFunction(_ x: Tensor) -> Tensor
}

/// A module that computes one thing in training and another one afterwards, as dropout does.
public protocol TrainingDependent: Module, AnyObject {
  /// Whether the module is being trained; true to begin with.
  var isTraining: Bool { get set }
}

extension Module {
  /// The parameters with the names of the properties they are held in, joined by dots: `layers.0.weight`.
  ///
  /// A parameter that is held twice, as tied weights are, is listed under both names.
  public func namedParameters() -> [(name: String, parameter: Parameter)] {
    var found: [(name: String, parameter: Parameter)] = []
    ModuleWalk.visit(self) { name, part in
      if case .parameter(let parameter) = part { found.append((name, parameter)) }
    }
    return found
  }

  /// The parameters, each once, in the order of the properties.
  public var parameters: [Parameter] {
    var seen: Set<ObjectIdentifier> = []
    return namedParameters().map(\.parameter).filter { seen.insert(ObjectIdentifier($0)).inserted }
  }

  /// The number of elements of all parameters.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.shape.elementCount } }

  /// Puts this module and those in it into training, or with `false` out of it.
  public func train(_ isTraining: Bool = true) {
    ModuleWalk.visit(self) { _, part in
      guard case .module(let module as any TrainingDependent) = part, module.isTraining != isTraining else { return }
      module.isTraining = isTraining
      Recording.modeHasChanged()
    }
  }

  /// Puts this module and those in it out of training: dropout lets everything pass.
  public func evaluate() { train(false) }
}
