import Synchronization

/// Whether nodes made at this moment let gradients flow to their sources.
enum GradientMode {
  /// The mode of the task or thread that asks.
  @TaskLocal private static var flows = true
  /// How many scopes are open in the whole process: while there is none, nobody has to ask for the task's mode.
  private static let openScopes = Atomic(0)

  /// Whether gradients flow.
  static var isEnabled: Bool { openScopes.load(ordering: .relaxed) == 0 || flows }

  /// Runs `body` in a mode.
  static func with<Result>(_ isEnabled: Bool, _ body: () throws -> Result) rethrows -> Result {
    openScopes.wrappingAdd(1, ordering: .relaxed)
    defer { openScopes.wrappingSubtract(1, ordering: .relaxed) }
    return try $flows.withValue(isEnabled, operation: body)
  }

  /// Runs `body`, which may suspend, in a mode.
  static func with<Result>(
    _ isEnabled: Bool, isolation: isolated (any Actor)?, _ body: () async throws -> Result
  ) async rethrows -> Result {
    openScopes.wrappingAdd(1, ordering: .relaxed)
    defer { openScopes.wrappingSubtract(1, ordering: .relaxed) }
    return try await $flows.withValue(isEnabled, operation: body, isolation: isolation)
  }
}

/// Calls `body`; no gradient flows through what is computed in it.
///
/// The results are constants to `gradients(with:)`, track nothing and hold no history. Scopes nest; the mode goes with
/// the task into child tasks and those made by `Task { }`, but not into detached ones. Leaves made inside are marked as
/// everywhere: a `Parameter` is a target of gradients wherever it was made.
public func withoutGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  try GradientMode.with(false, body)
}

/// Calls `body`, which may suspend; no gradient flows through what is computed in it.
public func withoutGradient<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async rethrows -> Result {
  try await GradientMode.with(false, isolation: isolation, body)
}

/// Calls `body` with gradients flowing, inside a `withoutGradient` too.
public func withGradient<Result>(_ body: () throws -> Result) rethrows -> Result {
  try GradientMode.with(true, body)
}

/// Calls `body`, which may suspend, with gradients flowing, inside a `withoutGradient` too.
public func withGradient<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async rethrows -> Result {
  try await GradientMode.with(true, isolation: isolation, body)
}
