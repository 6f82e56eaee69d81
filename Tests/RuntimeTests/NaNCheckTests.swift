import Foundation
import LazyOps
import LazyRuntime
import Testing

/// `NAN_CHECK=1`, which is read once: each test runs in a process of its own.
@Suite struct NaNCheckTests {
  private static func prepare(_ variables: [String: String] = [:]) {
    setenv("NAN_CHECK", "1", 1)
    for (name, value) in variables { setenv(name, value, 1) }
  }

  private func text(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
  }

  @Test(arguments: ["CPU", "INTERPRETER"]) func theFirstOpIsNamed(device: String) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [device = device as String] in
      NaNCheckTests.prepare(["DEVICE": device])
      let x = Tensor([[1.0, 2, 3], [4, -5, 6]])
      // One kernel, in whose middle the NaN arises.
      ((x * 2).log().softmax(axis: 0) + 1).realize()
    }
    let text = text(result)
    #expect(text.contains("[NAN_CHECK] log gives NaN that it has not read: 1 of 6 elements, the first at [1, 1]"))
    #expect(text.contains("= log %"))
    #expect(text.contains("float32[2, 3]: -10.0 to 12.0"), "\(text)")
  }

  @Test func infinitiesThatMakeNaNAreCounted() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      NaNCheckTests.prepare()
      let x = Tensor([0.0, 1, 2]).log()
      (x.exp() + (x - x)).sum().realize()
    }
    let text = text(result)
    #expect(text.contains("[NAN_CHECK] subtract gives NaN"))
    #expect(text.contains("1 infinities"))
  }

  @Test func contractionsAreNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      NaNCheckTests.prepare()
      let a = Tensor.full([64, 32], Float.infinity).realize()
      (a.matmul(.zeros([32, 48]) + Tensor.argument(0.0)) + 1).realize()
    }
    let text = text(result)
    #expect(text.contains("[NAN_CHECK] multiply gives NaN") || text.contains("[NAN_CHECK] reduce_sum"), "\(text)")
  }

  @Test func inputsAreNamedAsSuch() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      NaNCheckTests.prepare()
      (Tensor([1.0, .nan]).reshape([2, 1]) * Tensor([2.0])).tanh().realize()
    }
    let text = text(result)
    #expect(
      text.contains(
        "[NAN_CHECK] a tensor that was in memory before, float32[2], holds NaN: 1 of 2 elements, the first at [1]"),
      "\(text)")
  }

  /// What an op does not choose is no result of it; infinities are as good as any number.
  @Test func whatIsNotChosenDoesNotCount() async {
    await #expect(processExitsWith: .success) {
      NaNCheckTests.prepare()
      let x = Tensor([-1.0, 0, 4])
      #expect(Tensor.where(x .> 0, x.log(), 0).floats == [0, 0, Float(4).logarithm])
      #expect((x / 0)[2].item == .infinity)
      #expect(Tensor([1.0, .nan]).floats[0] == 1)
      let row = Tensor.ones([4, 3]).take(Tensor([0, 7]))
      #expect(throws: IndexOutOfRange.self) { try row.tryRealize() }
    }
  }

  @Test func withoutTheVariableNaNIsANumberLikeOthers() {
    #expect(Tensor([-1.0]).log().floats[0].isNaN)
  }
}

extension Float {
  fileprivate var logarithm: Float { Foundation.log(self) }
}
