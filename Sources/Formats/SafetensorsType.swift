import LazyOps

/// The names of element types in safetensors files.
enum SafetensorsType {
  private static let names: [(name: String, dtype: DType)] = [
    ("BOOL", .bool), ("U8", .uint8), ("I8", .int8), ("U16", .uint16), ("I16", .int16), ("F16", .float16),
    ("BF16", .bfloat16), ("U32", .uint32), ("I32", .int32), ("F32", .float32), ("U64", .uint64), ("I64", .int64),
    ("F64", .float64),
  ]

  /// The names.
  static var known: [String] { names.map(\.name) }

  /// Returns the type of a name; nil where there is none.
  static func dtype(named name: String) -> DType? { names.first { $0.name == name }?.dtype }

  /// Returns the name of a type.
  static func name(of dtype: DType) -> String { names.first { $0.dtype == dtype }!.name }
}
