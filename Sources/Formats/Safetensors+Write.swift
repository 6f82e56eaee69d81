public import LazyOps
import LazyRuntime

extension Safetensors {
  /// Writes tensors to a file, computing them first if need be.
  ///
  /// The file appears whole or not at all: it is written under another name beside its place and then renamed. Its
  /// contents depend on the tensors only.
  ///
  /// - Throws: `FileError`, and what `tryRealize()` does.
  public static func write(
    _ tensors: [String: Tensor], metadata: [String: String] = [:], to path: String
  ) throws {
    for name in tensors.keys {
      Tensor.require(name != "__metadata__", "Safetensors", "no tensor is called \(name)")
    }
    try Tensor.tryRealize(Array(tensors.values))
    // Wide types first: so each begins at a multiple of its size.
    let ordered = tensors.mapValues { $0.compacted() }.sorted { a, b in
      let (x, y) = (a.value.dtype, b.value.dtype)
      return x.byteCount != y.byteCount ? x.byteCount > y.byteCount : a.key < b.key
    }
    var header = "{"
    if !metadata.isEmpty {
      let entries = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      header += "\"__metadata__\":{\(entries.joined(separator: ","))}"
    }
    var offset = 0
    for (name, tensor) in ordered {
      if header.utf8.count > 1 { header += "," }
      let end = offset + tensor.elementCount * tensor.dtype.byteCount
      let shape = tensor.shape.dimensions.map { "\($0)" }.joined(separator: ",")
      header += "\(quoted(name)):{\"dtype\":\"\(SafetensorsType.name(of: tensor.dtype))\","
      header += "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      offset = end
    }
    header += "}"
    header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
    let beginning = length + Array(header.utf8)
    try NewFile.write(path) { file in
      try beginning.withUnsafeBytes { try file.append($0) }
      for (_, tensor) in ordered { try tensor.withUnsafeBytes { try file.append($0) } }
    }
  }

  /// Returns a text as JSON.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      case _: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
