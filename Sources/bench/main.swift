import Foundation
import Swiftlet

let usage = """
  usage: bench [--filter TEXT] [--json] [--list]
    --filter TEXT  only workloads whose names contain it
    --json         one JSON object a workload and line
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
var isJSON = false
var mode = ""
var (steps, shapes) = (10_000, 3_000)

@MainActor func number(after option: String) -> Int {
  if let number = arguments.popFirst().flatMap({ Int($0) }), number > 0 { return number }
  FileHandle.standardError.write(Data("bench: \(option) needs a number\n".utf8))
  exit(2)
}

while let argument = arguments.popFirst() {
  switch argument {
  case "--filter": filter = arguments.popFirst() ?? ""
  case "--json": isJSON = true
  case "--scale", "--deep", "--soak": mode = argument
  case "--steps": steps = number(after: argument)
  case "--shapes": shapes = number(after: argument)
  case "--list":
    for workload in Workload.all { print("\(workload.name): \(workload.summary)") }
    exit(0)
  case "--first":
    let x = Tensor([1.0, 2, 3])
    let elapsed = ContinuousClock().measure { precondition((x * 2 + 1).floats == [3, 5, 7]) }
    print("first result after \(elapsed)")
    exit(0)
  case "--help":
    print(usage)
    exit(0)
  default:
    FileHandle.standardError.write(Data("bench: unknown argument \(argument)\n\(usage)\n".utf8))
    exit(2)
  }
}

/// Runs until a second has passed or a thousand times, after a warm-up, and returns the seconds each run took.
func time(_ run: () -> Void) -> [Double] {
  for _ in 0..<3 { run() }
  let clock = ContinuousClock()
  var seconds: [Double] = []
  let start = clock.now
  while seconds.count < 5 || (seconds.count < 1000 && clock.now - start < .seconds(1)) {
    let elapsed = clock.measure(run)
    seconds.append(Double(elapsed.components.attoseconds) * 1e-18 + Double(elapsed.components.seconds))
  }
  return seconds.sorted()
}

switch mode {
case "--scale":
  Scale.run(sizes: [1000, 3000, 10_000, 30_000], filter: filter)
  exit(0)
case "--deep":
  Scale.runDeepAndWide(sizes: [10_000, 30_000, 100_000])
  exit(0)
case "--soak": exit(Soak.run(steps: steps, shapes: shapes) ? 0 : 1)
default: break
}

for workload in Workload.all where workload.name.contains(filter) || filter.isEmpty {
  let seconds = time(workload.prepare())
  let (least, median) = (seconds[0], seconds[seconds.count / 2])
  if isJSON {
    print("{\"name\": \"\(workload.name)\", \"min_ms\": \(least * 1e3), \"median_ms\": \(median * 1e3)}")
  } else {
    var line = workload.name.padding(toLength: 20, withPad: " ", startingAt: 0)
    line += String(format: "min %9.4f ms  median %9.4f ms", least * 1e3, median * 1e3)
    if workload.flops > 0 { line += String(format: "  %7.1f GFLOP/s", Double(workload.flops) / least * 1e-9) }
    if workload.bytes > 0 { line += String(format: "  %7.1f GB/s", Double(workload.bytes) / least * 1e-9) }
    print(line)
  }
}
