import LazyOps
import LazyRuntime
import LazyScheduler
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Pictures in files: what `VIZ` and `saveDot` write.
@Suite struct VisualizationTests {
  /// A directory of its own for one test.
  private final class Directory {
    let path: String

    init() throws {
      var name = Array("/tmp/swiftlet-visual-XXXXXX".utf8CString)
      try #require(mkdtemp(&name) != nil)
      path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names of the files in it.
    var names: [String] {
      guard let stream = opendir(path) else { return [] }
      defer { closedir(stream) }
      var names: [String] = []
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name != "." && name != ".." { names.append(name) }
      }
      return names.sorted()
    }

    func text(_ name: String) throws -> String {
      try MappedFile(path: "\(path)/\(name)").withBytes { String(decoding: $0, as: UTF8.self) }
    }

    deinit {
      for name in names { unlink("\(path)/\(name)") }
      rmdir(path)
    }
  }

  private func leaf(_ count: Int) -> Tensor { Tensor(shape: [count], [Float](repeating: 1, count: count)) }

  /// A schedule of so many kernels.
  private func schedule(kernels: Int, extent: Int = 8) -> Schedule {
    let tensors = (0..<kernels).map { leaf(extent + $0).sum() }
    let schedule = Schedule(Graph.snapshot(of: tensors.map(\.node)).graph)
    precondition(schedule.kernels.count == kernels)
    return schedule
  }

  private func titles(_ text: String) -> [String] {
    text.split(separator: "\"").map(String.init).filter { $0.hasPrefix("schedule ") }
  }

  @Test func galleryGrowsWithEachNewSchedule() throws {
    let directory = try Directory()
    let gallery = ScheduleGallery(path: directory.path + "/all.dot")
    gallery.add(schedule(kernels: 1))
    #expect(titles(try directory.text("all.dot")) == ["schedule 1: 1 kernel, 1 op, 2 buffers"])
    gallery.add(schedule(kernels: 2))
    gallery.add(schedule(kernels: 1))
    #expect(
      titles(try directory.text("all.dot")) == [
        "schedule 1: 1 kernel, 1 op, 2 buffers", "schedule 2: 2 kernels, 2 ops, 4 buffers",
      ])
    #expect(directory.names == ["all.dot"])
  }

  @Test func galleryKeepsTheLargest() throws {
    let directory = try Directory()
    let gallery = ScheduleGallery(path: directory.path + "/all.dot", limit: 2)
    for kernels in [2, 1, 3] { gallery.add(schedule(kernels: kernels)) }
    gallery.add(schedule(kernels: 2, extent: 32))
    let text = try directory.text("all.dot")
    #expect(titles(text).map { $0.prefix(10) } == ["schedule 1", "schedule 3"])
    #expect(text.contains("the 2 largest of 3 schedules"))
  }

  @Test func aFileThatCannotBeWrittenStopsNothing() {
    let gallery = ScheduleGallery(path: "/nonexistent/directory/all.dot")
    for kernels in 1...3 { gallery.add(schedule(kernels: kernels)) }
  }

  @Test func savedPictureIsTheOneReturned() throws {
    let directory = try Directory()
    let y = leaf(8).tanh()
    try Tensor.saveDot(of: [y], to: directory.path + "/one.dot")
    try Tensor.saveDot(of: [y], to: directory.path + "/one.dot")
    #expect(try directory.text("one.dot") == Tensor.dot(of: y))
    #expect(directory.names == ["one.dot"])
    #expect(!y.isRealized)
  }

  @Test func savingWhereNothingCanBeThrows() throws {
    #expect { try Tensor.saveDot(of: [leaf(2).exp()], to: "/nonexistent/one.dot") } throws: { error in
      "\(error)" == "cannot write /nonexistent/one.dot: No such file or directory"
    }
    let directory = try Directory()
    #expect(throws: FileError.self) { try Tensor.saveDot(of: [], to: directory.path) }
    #expect(directory.names.isEmpty)
  }

  @Test func aLinkStaysALink() throws {
    let directory = try Directory()
    try #require(symlink("target.dot", directory.path + "/link.dot") == 0)
    try Tensor.saveDot(of: [leaf(2).exp()], to: directory.path + "/link.dot")
    #expect(directory.names == ["link.dot", "target.dot"])
    #expect(try directory.text("target.dot").hasPrefix("digraph"))
  }

  @Test func whatIsRealizedNeedsNoKernel() {
    let dot = Tensor.dot(of: [leaf(4)])
    #expect(dot.contains("0 kernels, 0 ops, 0 buffers") && !dot.contains("subgraph"))
  }
}
