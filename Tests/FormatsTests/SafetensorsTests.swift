import Foundation
import LazyFormats
import LazyOps
import LazyRuntime
import Testing

/// What is written is what is read, and files of others are read.
@Suite struct SafetensorsTests {
  @Test func roundTripOfAllTypes() throws {
    let folder = try TemporaryFolder()
    var tensors: [String: Tensor] = [
      "empty": .zeros([0, 3]), "scalar": Tensor.full([], 1.5), "named \"ü\\\n": [1, 2],
    ]
    for dtype in DType.allCases {
      tensors["a.\(dtype)"] = Tensor(shape: [2, 3], [0, 1, 1, 0, 1, 0], dtype: dtype)
      tensors["odd.\(dtype)"] = Tensor(shape: [3], [1, 0, 1], dtype: dtype)
    }
    let path = folder.path("all.safetensors")
    try Safetensors.write(tensors, metadata: ["format": "pt", "é\u{1}": "\"\\"], to: path)
    let file = try Safetensors(path: path)
    #expect(file.metadata == ["format": "pt", "é\u{1}": "\"\\"])
    #expect(Set(file.tensors.keys) == Set(tensors.keys))
    for (name, tensor) in tensors {
      let read = try #require(file.tensors[name])
      #expect(read.shape == tensor.shape && read.dtype == tensor.dtype, "\(name)")
      #expect(read.doubles == tensor.doubles, "\(name)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.root) == ["all.safetensors"])
  }

  @Test func tensorsStayWhenTheFileIsReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x.safetensors")
    try Safetensors.write(["x": [1.0, 2, 3]], to: path)
    let old = try Safetensors(path: path).tensors["x"]!
    try Safetensors.write(["x": old * 2], to: path)
    #expect(old.floats == [1, 2, 3])
    #expect(try Safetensors(path: path).tensors["x"]!.floats == [2, 4, 6])
  }

  @Test func whatLiesUnalignedIsCopied() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""b":{"dtype":"I32","shape":[2],"data_offsets":[1,9]}}"#
    let path = try folder.write(header, [7, 1, 0, 0, 0, 2, 0, 0, 0])
    #expect(try Safetensors(path: path).tensors["b"]!.ints == [1, 2])
  }

  @Test func aFileThatCannotBeOpenedIsNamed() throws {
    #expect(throws: FileError.self) { try Safetensors(path: "/nonexistent/x.safetensors") }
    #expect(throws: FileError.self) { try Safetensors.write(["x": [1]], to: "/nonexistent/x.safetensors") }
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path("d"), withIntermediateDirectories: false)
    #expect(throws: FileError.self) { try Safetensors.write(["x": [1]], to: folder.path("d")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.root) == ["d"])
  }

  /// Headers that are wrong, with the bytes behind them and a part of the message.
  static let malformed: [(header: String, data: Int, message: String)] = [
    ("", 0, "malformed"), ("[]", 0, "malformed"), ("{", 0, "malformed"), ("{}x", 0, "behind the header"),
    ("{\"a\"}", 0, "malformed"), ("{\"a\":1}", 0, "malformed"), ("{\"a\":{}}", 0, "lacks"), ("{\"a\":{},}", 0, "lacks"),
    ("{\"a", 0, "does not end"), ("{\"\\u12\"", 0, "hexadecimal"), ("{\"\\ud800\":", 0, "half a character"),
    ("{\"\\ud800\\u0041\":", 0, "half a character"), ("{\"\\q\"", 0, "no such escape"), ("{\"\n\":", 0, "control"),
    (entry("[1]", "[0,4]") + "}", 4, "behind the header"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "lacks"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "no dtype"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "no x"),
    (#"{"__metadata__":{"a":1}}"#, 0, "malformed"), (#"{"__metadata__":[]}"#, 0, "malformed"),
    (
      #"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}"#, 8,
      "twice"
    ),
    (entry("[1]", "[0,4]", type: "F33"), 4, "F33"), (entry("[1]", "[0,4]", type: "f32"), 4, "f32"),
    (entry("[1]", "[0,4]"), 3, "not from 0"), (entry("[1]", "[0,4]"), 5, "1 bytes at its end"),
    (entry("[1]", "[4,8]"), 8, "not from 0"), (entry("[1]", "[4,0]"), 4, "not from 0"),
    (entry("[2]", "[0,4]"), 4, "take 8"), (entry("[0]", "[0,4]"), 4, "take 0"), (entry("[]", "[0,8]"), 8, "take 4"),
    (entry("[-1]", "[0,4]"), 4, "malformed"), (entry("[1.0]", "[0,4]"), 4, "malformed"),
    (entry("[01]", "[0,4]"), 4, "malformed"), (entry("[1e0]", "[0,4]"), 4, "malformed"),
    (entry("[9223372036854775808]", "[0,4]"), 4, "too large"), (entry("[1", "[0,4]"), 4, "malformed"),
    (entry("[4294967296,4294967296]", "[0,4]"), 4, "more elements"),
    (entry("[4611686018427387904,4]", "[0,0]"), 0, "more elements"),
    (entry("[0,4611686018427387904,4]", "[0,0]"), 0, "more elements"),
    (entry("[1]", "[0,9223372036854775807]"), 4, "not from 0"),
    (entry("[\(Array(repeating: "1", count: 65).joined(separator: ","))]", "[0,4]"), 4, "65 axes"),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#, 6,
      "not from 4"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}}"#, 9,
      "not from 4"
    ),
    (entry("[2]", "[0,2]", type: "BOOL"), 2, "truth value"),
  ]

  private static func entry(_ shape: String, _ offsets: String, type: String = "F32") -> String {
    "{\"a\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
  }

  @Test(arguments: malformed) func malformedFilesAreRefused(
    _ header: String, _ data: Int, _ message: String
  ) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(header, [UInt8](repeating: 9, count: data))
    let error = #expect(throws: SafetensorsError.self) { try Safetensors(path: path) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("hint: ") == true)
  }

  @Test func lengthsThatCannotBe() throws {
    let folder = try TemporaryFolder()
    for (bytes, message): ([UInt8], String) in [
      ([], "after 0 bytes"), ([1, 0, 0], "after 3 bytes"), ([2, 0, 0, 0, 0, 0, 0, 0, 0x7B], "after 9 bytes"),
      ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "18446744073709551615 bytes"),
      ([0, 0, 0, 0, 0, 0, 0, 0x80], "9223372036854775808 bytes"), ([1, 0xE1, 0xF5, 5, 0, 0, 0, 0], "100000001 bytes"),
    ] {
      let path = folder.path("x")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: SafetensorsError.self) { try Safetensors(path: path) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
  }

  /// Every file that differs from a good one in one byte is read or refused.
  @Test func noByteStopsTheProgram() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("x.safetensors")
    try Safetensors.write(
      ["a": Tensor([1.0, 2]), "bé": Tensor([true, false])], metadata: ["k": "v\u{1}"], to: path)
    let good = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    var refused = 0
    for place in good.indices {
      for change: UInt8 in [1, 0x10, 0x80, 0xFF] {
        var bytes = good
        bytes[place] ^= change
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        do { for tensor in try Safetensors(path: path).tensors.values { _ = tensor.doubles } } catch { refused += 1 }
      }
    }
    #expect(refused > good.count)
  }
}

/// A folder for a test, removed with the object.
final class TemporaryFolder {
  let root: String

  init() throws {
    root = FileManager.default.temporaryDirectory.path + "/formats-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func path(_ name: String) -> String { root + "/" + name }

  /// Writes a safetensors file from its parts.
  func write(_ header: String, _ data: [UInt8]) throws -> String {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    let path = path("x.safetensors")
    try (length + Data(header.utf8) + Data(data)).write(to: URL(fileURLWithPath: path))
    return path
  }
}
