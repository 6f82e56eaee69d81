// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Swiftlet",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Swiftlet", targets: ["Swiftlet"]),
    .executable(name: "viz-graph", targets: ["viz-graph"]),
    .executable(name: "zoo", targets: ["zoo"]),
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "fuzz", targets: ["fuzz"]),
  ],
  targets: [
    // The library, lowest level first. Each target imports only those above it in this list.
    .target(name: "LazyOps", path: "Sources/LazyOps"),
    .target(name: "LazyScheduler", dependencies: ["LazyOps"], path: "Sources/Scheduler"),
    .target(name: "LazyCodegen", dependencies: ["LazyOps", "LazyScheduler"], path: "Sources/Codegen"),
    .target(name: "LazyRuntime", dependencies: ["LazyOps", "LazyScheduler", "LazyCodegen"], path: "Sources/Runtime"),
    .target(name: "LazyNN", dependencies: ["LazyOps", "LazyRuntime"], path: "Sources/NN"),
    .target(name: "LazyFormats", dependencies: ["LazyOps", "LazyRuntime"], path: "Sources/Formats"),
    .target(
      name: "Swiftlet", dependencies: ["LazyOps", "LazyRuntime", "LazyNN", "LazyFormats"], path: "Sources/Swiftlet"),

    // The tools.
    .executableTarget(
      name: "viz-graph", dependencies: ["Swiftlet"], path: "Sources/viz-graph"),
    .executableTarget(
      name: "zoo", dependencies: ["LazyRuntime", "Swiftlet"], path: "Sources/zoo", resources: [.copy("Data")]),

    .executableTarget(
      name: "bench", dependencies: ["LazyOps", "LazyScheduler", "LazyCodegen", "LazyRuntime", "Swiftlet"],
      path: "Sources/bench"),
    .executableTarget(name: "fuzz", dependencies: ["LazyOps", "LazyRuntime", "TestSupport"], path: "Sources/fuzz"),

    // The tests: one target a module, and one for the whole.
    .target(name: "TestSupport", dependencies: ["LazyOps"], path: "Tests/Support"),
    .testTarget(name: "LazyOpsTests", dependencies: ["LazyOps"]),
    .testTarget(name: "SchedulerTests", dependencies: ["LazyOps", "LazyScheduler"]),
    .testTarget(
      name: "CodegenTests", dependencies: ["LazyOps", "LazyScheduler", "LazyCodegen", "TestSupport"],
      exclude: ["Goldens"]),
    .testTarget(
      name: "RuntimeTests",
      dependencies: ["LazyOps", "LazyScheduler", "LazyCodegen", "LazyRuntime", "TestSupport"]),
    .testTarget(name: "FuzzTests", dependencies: ["LazyOps", "TestSupport"]),
    .testTarget(name: "NNTests", dependencies: ["Swiftlet", "LazyOps", "LazyRuntime"]),
    .testTarget(name: "FormatsTests", dependencies: ["LazyOps", "LazyRuntime", "LazyFormats"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
