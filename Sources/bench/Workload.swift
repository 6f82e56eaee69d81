import Swiftlet

/// Something to time: set up once, then run again and again.
struct Workload: Sendable {
  let name: String
  let summary: String
  /// The floating-point operations of one run, or 0 where no rate makes sense.
  var flops = 0
  /// The bytes that have to be read and written in one run.
  var bytes = 0
  /// How many runs, from the first on, are compared with those of other libraries: several where each changes what the
  /// next one finds.
  var checkedRuns = 1
  /// Prepares inputs and returns one run, which returns what it has computed.
  let prepare: @Sendable () -> () -> [Tensor]
}

extension Workload {
  /// All workloads, in the order in which they are listed and run.
  static let all: [Workload] =
    contractions + convolutions + elementwise + normalizations + losses + reductions + ordered + attention + lookUps
    + steps
    + transformers + overheads

  /// Makes a workload that realizes what `make` builds from inputs that are made once.
  static func computing<Inputs>(
    _ name: String, _ summary: String, flops: Int = 0, bytes: Int = 0, inputs: @escaping @Sendable () -> Inputs,
    _ make: @escaping @Sendable (Inputs) -> [Tensor]
  ) -> Workload {
    Workload(name: name, summary: summary, flops: flops, bytes: bytes) {
      let inputs = inputs()
      return {
        let outputs = make(inputs)
        Tensor.realize(outputs)
        return outputs
      }
    }
  }
}
