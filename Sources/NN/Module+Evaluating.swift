extension Module {
  /// Calls `body` with this module and those in it out of training, and then puts each back to what it was.
  ///
  ///     let accuracy = withoutGradient { model.evaluating { measure(model) } }
  public func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = trainingDependentModules.map { ($0, $0.isTraining) }
    defer { for (module, isTraining) in before { module.isTraining = isTraining } }
    evaluate()
    return try body()
  }

  /// Calls `body`, which may suspend, with this module and those in it out of training, and then puts each back to what it
  /// was. Other tasks that use the module in the meantime find it out of training too.
  public func evaluating<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    let before = trainingDependentModules.map { ($0, $0.isTraining) }
    defer { for (module, isTraining) in before { module.isTraining = isTraining } }
    evaluate()
    return try await body()
  }

  /// The modules that are to know about training, each once.
  private var trainingDependentModules: [any TrainingDependent] {
    var seen: Set<ObjectIdentifier> = []
    var found: [any TrainingDependent] = []
    ModuleWalk.visit(self) { _, part in
      if case .module(let module as any TrainingDependent) = part, seen.insert(ObjectIdentifier(module)).inserted {
        found.append(module)
      }
    }
    return found
  }
}
