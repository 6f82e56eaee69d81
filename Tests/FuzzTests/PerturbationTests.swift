import LazyOps
import TestSupport
import Testing

/// What rounding explains is no fault; all else is one.
@Suite struct PerturbationTests {
  private func perturbation(of tensor: Tensor) throws -> (Perturbation, HostArray) {
    let trial = FuzzCase([tensor])
    let expected = try trial.evaluate()
    return (Perturbation(of: trial.graph, leaves: trial.leaves, expected: expected), expected[0])
  }

  private func moved(_ x: HostArray, by distance: Double) -> HostArray {
    HostArray(x.doubles.map { $0 + distance }, x.shape, x.dtype)
  }

  @Test func whatCancelsMayDiffer() throws {
    let x = Tensor([1e6, 0.1, -1e6, 0.3])
    let (sum, expected) = try perturbation(of: (x * 1.1).sum())
    #expect(sum.disagreement(moved(expected, by: 0.25), output: 0, tolerance: 1e-4) == nil)
    #expect(sum.disagreement(moved(expected, by: 100), output: 0, tolerance: 1e-4) != nil)

    let (plain, small) = try perturbation(of: (Tensor([0.1, 0.3]) * 1.1).sum())
    #expect(plain.disagreement(moved(small, by: 0.25), output: 0, tolerance: 1e-4) != nil)
  }

  @Test func whatIsComparedMayTurn() throws {
    let x = Tensor([0.1, 0.2, 5.0])
    let (answers, expected) = try perturbation(of: x / 3 * 3 .> x)
    var numbers = expected.doubles
    numbers[0] = 1 - numbers[0]
    let turned = HostArray(numbers, [3], .bool)
    #expect(answers.disagreement(turned, output: 0, tolerance: 1e-4) == nil)

    let (clear, _) = try perturbation(of: x / 3 * 3 .> x + 1)
    #expect(clear.disagreement(HostArray([0, 1, 0], [3], .bool), output: 0, tolerance: 1e-4) != nil)
  }

  @Test func integersAreExact() throws {
    let (doubled, _) = try perturbation(of: Tensor([1_000_000, 3]) * 2)
    #expect(doubled.disagreement(HostArray([2_000_001, 6], [2], .int64), output: 0, tolerance: 1e-4) != nil)
    #expect(doubled.disagreement(HostArray([2_000_000, 6], [2], .int64), output: 0, tolerance: 1e-4) == nil)
  }

  /// 0 times infinity is no number, but where a mask made the 0 the term may be left out.
  @Test func whatMasksEraseMayBeMissing() throws {
    let x = Tensor([2, .infinity, 3])
    let mask = Primitive.iota(axis: 0, [3], .int32) .!= 1
    let (masked, _) = try perturbation(of: (Tensor.where(mask, Tensor([1.0, 1, 1]), 0) * x).sum())
    #expect(masked.disagreement(HostArray([5], [], .float32), output: 0, tolerance: 1e-4) == nil)
    let (plain, _) = try perturbation(of: (Tensor([1.0, 0, 1]) * x).sum())
    #expect(plain.disagreement(HostArray([5], [], .float32), output: 0, tolerance: 1e-4) != nil)
  }

  @Test func numbersThatAreNoneStayNone() throws {
    let (roots, _) = try perturbation(of: Tensor([-1.0, 4]).sqrt())
    #expect(roots.disagreement(HostArray([.nan, 2], [2], .float32), output: 0, tolerance: 1e-4) == nil)
    #expect(roots.disagreement(HostArray([1, 2], [2], .float32), output: 0, tolerance: 1e-4) != nil)
    #expect(!roots.isUnstable)
  }

  @Test func anIndexThatDependsOnRoundingIsUnstable() throws {
    let one = Tensor.argument(1.0) / 3 * 3
    let (last, _) = try perturbation(of: Tensor([1.0, 2]).take(one.ceil().cast(to: .int64).reshape([1])))
    #expect(last.isUnstable)
  }
}
