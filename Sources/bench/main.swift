import Foundation
import Swiftlet

let usage = """
  usage: bench [--filter TEXT] [--json] [--list]
    --filter TEXT  only workloads whose names contain it
    --only NAME    only the workload of that name
    --seconds S    how long each workload is run, 1 unless given
    --json         one JSON object a workload and line, with samples of the results
    --list         names the workloads
    --first        times the first result of a fresh process instead
    --scale        times scheduling and rendering of 1,000 to 30,000 nodes instead
    --deep         times chains and sums of 10,000 to 100,000 terms, from building to freeing, instead
    --soak         watches memory and handles over 10,000 training steps and 3,000 shapes instead
    --steps N      training steps of --soak
    --shapes N     shapes of --soak
  """

var arguments = CommandLine.arguments.dropFirst()
var filter = ""
var only: String?
var seconds = 1.0
var isJSON = false
var mode = ""
var (steps, shapes) = (10_000, 3_000)

/// Ends the program with a message.
@MainActor func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("bench: \(message)\n".utf8))
  exit(2)
}

/// Takes the number that follows an option.
@MainActor func number<Number: LosslessStringConvertible & Comparable & ExpressibleByIntegerLiteral>(
  after option: String
) -> Number {
  if let number = arguments.popFirst().flatMap({ Number($0) }), number > 0 { return number }
  fail("\(option) needs a number")
}

while let argument = arguments.popFirst() {
  switch argument {
  case "--filter": filter = arguments.popFirst() ?? ""
  case "--only": only = arguments.popFirst()
  case "--seconds": seconds = number(after: argument)
  case "--json": isJSON = true
  case "--list", "--first", "--scale", "--deep", "--soak": mode = argument
  case "--steps": steps = number(after: argument)
  case "--shapes": shapes = number(after: argument)
  case "--help":
    print(usage)
    exit(0)
  default: fail("unknown argument \(argument)\n\(usage)")
  }
}

let chosen = Workload.all.filter { workload in
  if let only { return workload.name == only }
  return filter.isEmpty || workload.name.contains(filter)
}

switch mode {
case "--list":
  for workload in chosen { print("\(workload.name): \(workload.summary)") }
case "--first":
  let x = Tensor([1.0, 2, 3])
  let elapsed = ContinuousClock().measure { precondition((x * 2 + 1).floats == [3, 5, 7]) }
  print("first result after \(elapsed)")
case "--scale": Scale.run(sizes: [1000, 3000, 10_000, 30_000], filter: filter)
case "--deep": Scale.runDeepAndWide(sizes: [10_000, 30_000, 100_000])
case "--soak": exit(Soak.run(steps: steps, shapes: shapes) ? 0 : 1)
default:
  if chosen.isEmpty { fail("no workload is named so; --list names them") }
  for workload in chosen {
    let measurement = Measurement(workload, seconds: seconds)
    Output.line(isJSON ? measurement.json : measurement.line)
  }
}
