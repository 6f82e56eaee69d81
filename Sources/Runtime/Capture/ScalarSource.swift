/// What computes numbers anew in each step: an optimizer's learning rate and corrections.
package protocol ScalarSource: AnyObject {
  /// Goes to the next step and returns its numbers, always as many.
  func nextScalars() -> [Double]

  /// Goes back to the step before: what was computed with the last numbers has failed.
  func undoScalars()
}
